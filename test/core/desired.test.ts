import { describe, expect, test } from 'vitest';
import { CODE_SOURCE_TAG } from '../../src/core/desired-function.ts';
import { normalisePrefix } from '../../src/core/object-key-prefix.ts';
import { decodeDiscovery } from '../../src/core/discovery.ts';
import type { RuleAction } from '../../src/core/receipt-rule.ts';
import { BUCKET_NAME, CODE, desired, faultThrownBy, IDENTITY } from './support/pipeline.ts';

const ELSEWHERE = 'arn:aws:sns:eu-west-1:123456789012:t';
const KEY_ELSEWHERE = 'arn:aws:kms:eu-west-1:123456789012:key/1';

const rules = (...list: object[]) => ({
  receiptRules: list.map((rule, index) => ({ name: `R${index}`, recipients: [`r${index}@example.com`], ...rule })),
});
const storage = (over: object) => ({ messageBodyStorage: { logicalName: 'Special', ...over } });
const fn = (over: object) => ({ function: { code: { inline: { 'index.mjs': 'x' } }, ...over } });
const kinds = (actions: readonly RuleAction[]) => actions.map(({ kind }) => kind);

describe('tokens', () => {
  const resourceOf = (resource: string) => {
    const { role } = desired({ role: { privileges: [{ actions: ['s3:GetObject'], resource }] } });
    return role.kind === 'own' ? role.policy.Statement[1]?.['Resource'] : undefined;
  };

  test.each([
    ['${bucket.arn}', `arn:aws:s3:::${BUCKET_NAME}`],
    ['${bucket.arnAllKeys}', `arn:aws:s3:::${BUCKET_NAME}/*`],
    ['${bucket.name}', BUCKET_NAME],
    ['arn:${partition}:sqs:${region}:${account}:q', 'arn:aws:sqs:us-west-2:123456789012:q'],
    ['arn:aws:s3:::plain/$x', 'arn:aws:s3:::plain/$x'],
  ])('%s stands for %s', (resource, value) => {
    expect(resourceOf(resource)).toBe(value);
  });

  test.each(['${bucket.arm}', '${}', '${constructor}', '${__proto__}', '${aws:username}'])(
    '%s is unknown',
    (resource) => {
      const fault = faultThrownBy(() => resourceOf(resource));

      expect(fault).toMatchObject({ class: 'invalid', reason: 'InvalidSpec' });
      expect(fault.message).toBe(
        `spec.role.privileges[0].resource: unknown token ${resource}; known are \${bucket.arn}, \${bucket.arnAllKeys}, \${bucket.name}, \${account}, \${region}, \${partition}`,
      );
    },
  );
});

describe('the function', () => {
  test('gets what it discovers, its log level and the variables of the manifest', () => {
    const { environment } = desired(fn({ environment: { MODE: 'a' }, logLevel: 'debug' })).function.configuration;

    expect(environment).toMatchObject({ MODE: 'a', SES_LAMBDA_PIPELINE_LOG_LEVEL: 'debug' });
    expect(decodeDiscovery(environment)).toMatchObject({ handlerFunc: 'index.handler' });
  });

  test('may not have more variables than Lambda takes, counted in bytes with ours', () => {
    expect(() => desired(fn({ environment: { AA: 'x'.repeat(3000) } }))).not.toThrow();

    expect(faultThrownBy(() => desired(fn({ environment: { AA: 'ä'.repeat(2000) } })))).toMatchObject({
      class: 'invalid',
      message: expect.stringMatching(/^spec\.function\.environment: all variables together take 4\d{3} bytes/),
    });
  });

  test('is described by its pipeline and handler unless the manifest says more', () => {
    expect(desired().function.configuration.description).toBe('mail/app: index.handler');
    expect(desired(fn({ description: 'Echo' })).function.configuration.description).toBe('Echo');
  });

  test('remembers where a zip came from, since Lambda does not', () => {
    const from = (version?: string) =>
      desired({}, { code: { kind: 's3', bucket: 'b', key: 'k', ...(version === undefined ? {} : { version }) } })
        .function.tags[CODE_SOURCE_TAG];

    expect(from()).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set([from(), from('1'), from('2')]).size).toBe(3);
    expect(desired({}, { code: CODE }).function.tags).not.toHaveProperty(CODE_SOURCE_TAG);
  });
});

describe('bucket and role', () => {
  test('bear our mark, and the bucket the tag of the seed', () => {
    const { bucket, role } = desired();
    const mark = {
      'ses-lambda-pipeline.dev/installation': 'slp',
      'ses-lambda-pipeline.dev/namespace': 'mail',
      'ses-lambda-pipeline.dev/name': 'app',
    };

    expect(bucket).toMatchObject({ kind: 'own', tags: { ...mark, 'sparta:logicalBucketName': 'Special' } });
    expect(role).toMatchObject({ kind: 'own', role: { tags: mark } });
  });

  test('that exist already are only named', () => {
    const existing = desired({
      messageBodyStorage: { bucketName: 'theirs' },
      role: { existingArn: 'arn:aws:iam::123456789012:role/theirs' },
    });

    expect(existing.bucket.kind).toBe('existing');
    expect(existing.role).toEqual({ kind: 'existing', arn: 'arn:aws:iam::123456789012:role/theirs' });
    expect(existing.function.configuration.roleArn).toBe('arn:aws:iam::123456789012:role/theirs');
  });

  test.each<[string, object, object]>([
    ['plain', {}, { encryption: { algorithm: 'AES256' }, versioned: false, expiry: undefined }],
    [
      'with a key',
      { encryption: { kmsKeyArn: 'arn:aws:kms:us-west-2:123456789012:key/1' } },
      { encryption: { algorithm: 'aws:kms', kmsKeyArn: 'arn:aws:kms:us-west-2:123456789012:key/1' } },
    ],
    [
      'expiring',
      { expireAfterDays: 7 },
      {
        expiry: {
          id: 'ses-lambda-pipeline-expire',
          Status: 'Enabled',
          Filter: { Prefix: '' },
          Expiration: { Days: 7 },
        },
      },
    ],
    [
      'expiring with versions',
      { expireAfterDays: 7, versioned: true },
      { versioned: true, expiry: { NoncurrentVersionExpiration: { NoncurrentDays: 7 } } },
    ],
  ])('%s', (_, over, expected) => {
    expect(desired(storage(over)).bucket).toMatchObject(expected);
  });
});

test.each([
  ['', ''],
  ['in', 'in/'],
  ['in/', 'in/'],
  ['a/b', 'a/b/'],
  ['a//', 'a/'],
])('the prefix %j is written %j', (prefix, normal) => {
  expect(normalisePrefix(prefix)).toBe(normal);
});

describe('the storage rule at the head', () => {
  const head = (spec: object) => desired(spec).block.storageRule;

  test('stores for the recipients of all rules', () => {
    expect(head(rules({}, { recipients: ['r0@example.com', 'b@Example.COM'] }))).toEqual({
      name: 'slp_mail_app_MessageBodyStorage',
      enabled: true,
      tlsPolicy: 'Optional',
      scanEnabled: true,
      recipients: ['r0@example.com', 'b@example.com'],
      actions: [{ kind: 's3', bucketName: BUCKET_NAME }],
    });
  });

  test('stores for everybody when one of the rules is for everybody', () => {
    expect(head(rules({}, { recipients: [] }))?.recipients).toEqual([]);
  });

  test('leaves rules out that are not enabled', () => {
    expect(head(rules({}, { enabled: false, recipients: [] }))?.recipients).toEqual(['r0@example.com']);
  });

  test('is not there when no rule needs it', () => {
    expect(head(rules({ enabled: false }))).toBeUndefined();
    expect(head({ ...rules({}), ...storage({ placement: 'PerRule' }) })).toBeUndefined();
    expect(head(rules())).toBeUndefined();
  });

  test.each<[string, object[], object, string[][]]>([
    [
      'requires TLS when all rules do',
      [{ tlsPolicy: 'Require' }, { tlsPolicy: 'Require' }],
      { tlsPolicy: 'Require' },
      [['lambda'], ['lambda']],
    ],
    [
      'does not require TLS when one rule does not, and that which does stores by itself',
      [{ tlsPolicy: 'Require' }, {}],
      { tlsPolicy: 'Optional', recipients: ['r1@example.com'] },
      [['s3', 'lambda'], ['lambda']],
    ],
    [
      'scans when one rule wants it, and that which does not stores by itself',
      [{ scanEnabled: false }, {}],
      { scanEnabled: true, recipients: ['r1@example.com'] },
      [['s3', 'lambda'], ['lambda']],
    ],
    [
      'does not scan when no rule wants it',
      [{ scanEnabled: false }, { scanEnabled: false }],
      { scanEnabled: false },
      [['lambda'], ['lambda']],
    ],
    [
      'leaves out what stores by itself',
      [{ storage: { objectKeyPrefix: 'own' } }, {}],
      { recipients: ['r1@example.com'] },
      [['s3', 'lambda'], ['lambda']],
    ],
    [
      'leaves out what is not stored',
      [{ storage: { disabled: true } }, {}],
      { recipients: ['r1@example.com'] },
      [['lambda'], ['lambda']],
    ],
  ])('%s', (_, list, expectedHead, actions) => {
    const { block } = desired(rules(...list));

    expect(block.storageRule).toMatchObject(expectedHead);
    expect(block.rules.map((rule) => kinds(rule.actions))).toEqual(actions);
  });
});

describe('the rules', () => {
  test('store, invoke and stop, in this order', () => {
    const { block } = desired({
      ...rules({ stop: true, invocationType: 'RequestResponse' }),
      ...storage({ placement: 'PerRule', objectKeyPrefix: 'in' }),
    });

    expect(block.rules[0]?.actions).toEqual([
      { kind: 's3', bucketName: BUCKET_NAME, objectKeyPrefix: 'in/' },
      { kind: 'lambda', functionArn: desired().function.arn, invocationType: 'RequestResponse' },
      { kind: 'stop' },
    ]);
  });

  test('store with their own prefix, key and topic', () => {
    const own = {
      objectKeyPrefix: 'own/',
      kmsKeyArn: 'arn:aws:kms:us-west-2:1:key/1',
      topicArn: 'arn:aws:sns:us-west-2:123456789012:t',
    };

    expect(desired(rules({ storage: own })).block.rules[0]?.actions[0]).toEqual({
      kind: 's3',
      bucketName: BUCKET_NAME,
      ...own,
    });
  });

  test('store, do what is listed, invoke and stop, in this order', () => {
    const workmail = { organizationArn: 'arn:aws:workmail:us-west-2:123456789012:organization/m-1' };
    const bounce = { smtpReplyCode: '550', statusCode: '5.1.1', message: 'Nobody', sender: 'postmaster@example.com' };
    const sns = { topicArn: 'arn:aws:sns:us-west-2:123456789012:t' };
    const actions = [{ addHeader: { name: 'X-Seen', value: 'yes' } }, { bounce }, { sns }, { workmail }];

    expect(desired(rules({ actions, stop: true, storage: {} })).block.rules[0]?.actions).toEqual([
      { kind: 's3', bucketName: BUCKET_NAME },
      { kind: 'addHeader', name: 'X-Seen', value: 'yes' },
      { kind: 'bounce', ...bounce },
      { kind: 'sns', ...sns, encoding: 'UTF-8' },
      { kind: 'workmail', ...workmail },
      { kind: 'lambda', functionArn: desired().function.arn, invocationType: 'Event' },
      { kind: 'stop' },
    ]);
  });

  test.each<[string, object, string]>([
    ['actions[0].sns.topicArn', { actions: [{ sns: { topicArn: ELSEWHERE } }] }, ELSEWHERE],
    ['storage.topicArn', { storage: { topicArn: ELSEWHERE } }, ELSEWHERE],
    ['storage.kmsKeyArn', { storage: { kmsKeyArn: KEY_ELSEWHERE } }, KEY_ELSEWHERE],
  ])('are refused when %s is in another region', (path, rule, arn) => {
    expect(faultThrownBy(() => desired(rules(rule)))).toMatchObject({
      class: 'invalid',
      reason: 'InvalidSpec',
      message: `spec.receiptRules[0].${path}: ${arn} is in region eu-west-1; SES takes only what is in the region of the rules, us-west-2`,
    });
  });

  test('are refused when they take over a name that only we make', () => {
    expect(faultThrownBy(() => desired(rules({ ruleName: 'slp_mail_other_A' })))).toMatchObject({
      class: 'invalid',
      message: expect.stringContaining('spec.receiptRules[0].ruleName: slp_mail_other_A is a name that'),
    });
  });

  test('are called by the prefix of their pipeline, and write domains in lower case', () => {
    expect(desired(rules({ recipients: ['User@Example.COM', '.Sub.Example.com'] })).block.rules[0]).toMatchObject({
      name: 'slp_mail_app_R0',
      recipients: ['User@example.com', '.sub.example.com'],
    });
  });
});

describe('warnings', () => {
  test.each<[string, object, string[]]>([
    ['for nothing unusual', rules({}), []],
    [
      'for a rule without recipients',
      rules({ recipients: [] }),
      [
        'spec.receiptRules[0].recipients: rule "R0" has no recipients, so it applies to every recipient of every verified domain of the account',
      ],
    ],
    ['not for one that is not enabled', rules({ recipients: [], enabled: false }), []],
    [
      'for an action that IAM does not know',
      { role: { privileges: [{ actions: ['s3:HeadObject'], resource: '*' }] } },
      ['spec.role.privileges[0].actions: IAM knows no action s3:HeadObject; the call is allowed by s3:GetObject'],
    ],
    [
      'for a rule whose mail the head stores as well',
      rules({ recipients: ['example.com'] }, { recipients: ['a@example.com'], storage: { disabled: true } }),
      [
        'spec.receiptRules[1].storage: the storage rule at the head also stores mail for "R1"; use messageBodyStorage.placement: PerRule to keep rules apart',
      ],
    ],
    ['not for a rule with others recipients', rules({}, { storage: { disabled: true } }), []],
  ])('%s', (_, spec, expected) => {
    expect(desired(spec).warnings).toEqual(expected);
  });
});

test('names are made of the identity, not of the metadata', () => {
  expect(desired({}, { identity: { ...IDENTITY, namespace: 'other' } }).block.prefix).toBe('slp_other_app_');
});
