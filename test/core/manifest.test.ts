import { describe, expect, test } from 'vitest';
import type { ManifestIssue } from '../../src/core/manifest-issue.ts';
import { parseManifest } from '../../src/core/manifest.ts';
import { document, manifest } from './support/pipeline.ts';

const TOPIC = 'arn:aws:sns:us-west-2:123456789012:mail';
const BOUNCE = { smtpReplyCode: '550', message: 'No', sender: 'postmaster@example.com' };

const inline = { inline: { 'index.mjs': 'x' } };
const fn = (over: object) => ({ function: { code: inline, ...over } });
const rule = (over: object) => ({ receiptRules: [{ name: 'Default', recipients: [], ...over }] });
const storage = (over: object) => ({ messageBodyStorage: { logicalName: 'Special', ...over } });
const numbered = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

function issuesOf(candidate: unknown): readonly ManifestIssue[] {
  const parsed = parseManifest(candidate);
  return parsed.ok ? [] : parsed.issues;
}

/** `spec.region: is required (string)`, one a line. */
const complaints = (candidate: unknown): string[] =>
  issuesOf(candidate).map(
    ({ path, message, unknownField }) =>
      `${path.join('.')}: ${message}${unknownField === undefined ? '' : ` (${unknownField})`}`,
  );

test('a short manifest gets every default', () => {
  expect(manifest().spec).toEqual({
    region: 'us-west-2',
    messageBodyStorage: {
      logicalName: 'Special',
      placement: 'HeadRule',
      objectKeyPrefix: '',
      deletionPolicy: 'Retain',
      versioned: false,
    },
    role: { privileges: [], managedPolicyArns: [] },
    function: {
      description: '',
      runtime: 'nodejs24.x',
      handler: 'index.handler',
      memorySize: 128,
      timeout: 10,
      architecture: 'x86_64',
      environment: {},
      environmentFrom: {},
      layers: [],
      ephemeralStorage: 512,
      tracing: 'PassThrough',
      tags: {},
      logLevel: 'info',
      logFormat: 'Text',
      publish: false,
      code: { inline: { 'index.mjs': 'export const handler = () => {};' } },
    },
    invocationType: 'Event',
    ruleSet: {
      name: 'ses-lambda-pipeline',
      create: true,
      activate: 'IfNone',
      position: 'Head',
      priority: 0,
      onDelete: 'Retain',
      rollout: 'InPlace',
    },
    receiptRules: [
      {
        name: 'Default',
        recipients: ['a@example.com'],
        tlsPolicy: 'Optional',
        scanEnabled: true,
        enabled: true,
        stop: false,
        actions: [],
      },
    ],
    suspend: false,
    managementPolicy: 'Full',
  });
});

test('metadata that Kubernetes adds is let through', () => {
  expect(
    complaints({
      ...document({}, { uid: '1', generation: 3, managedFields: [], annotations: { a: 'b' } }),
      status: { x: 1 },
    }),
  ).toEqual([]);
});

describe('valid', () => {
  test.each<[string, object]>([
    ['an existing bucket', { messageBodyStorage: { bucketName: 'theirs' } }],
    ['an existing role', { role: { existingArn: 'arn:aws:iam::123456789012:role/theirs' } }],
    ['a key', storage({ encryption: { kmsKeyArn: 'arn:aws-cn:kms:cn-north-1:123456789012:key/1' } })],
    ['a nested prefix', storage({ objectKeyPrefix: "in/2026/o'ne" })],
    ['a prefix with its slash', storage({ objectKeyPrefix: 'in/' })],
    ['no rules', { receiptRules: [] }],
    ['null, which is as good as nothing', { role: null, invocationType: null }],
    ['199 rules', { receiptRules: numbered(199, (index) => ({ name: `r${index}`, recipients: [] })) }],
    ['500 recipients', rule({ recipients: numbered(500, (index) => `a${index}@example.com`) })],
    ['code in a bucket', fn({ code: { s3: { bucket: 'abc', key: 'a.zip', version: '1' } } })],
    ['code in a file', fn({ code: { path: './handler' } })],
    ['the largest function', fn({ memorySize: 10_240, timeout: 900 })],
    ['a government region', { region: 'us-gov-west-1' }],
    ['a label', rule({ recipients: ['user+label@example.com'] })],
    ['a domain', rule({ recipients: ['example.com', '.example.com', 'xn--bcher-kva.example'] })],
    [
      'every part of a rule',
      rule({ tlsPolicy: 'Require', stop: true, invocationType: 'RequestResponse', storage: { disabled: true } }),
    ],
  ])('%s', (_, spec) => {
    expect(complaints(document(spec))).toEqual([]);
  });
});

const IMAGE_RULE =
  'must be an image in ECR with a tag or a digest, such as 123456789012.dkr.ecr.us-west-2.amazonaws.com/handler@sha256:…';

describe('refused, with path and message', () => {
  test('a field that does not exist, even without a value', () => {
    expect(complaints(document({ role: { privilegs: null } }))).toEqual([
      'spec.role.privilegs: unknown field (privilegs)',
    ]);
  });

  test.each<[string, unknown, string[]]>([
    ['nothing', null, [': must be of type object, not null']],
    ['a list', [], [': must be of type object, not array']],
    [
      'another version',
      { ...document(), apiVersion: 'ses-lambda-pipeline.dev/v2' },
      ['apiVersion: must be "ses-lambda-pipeline.dev/v1alpha1"'],
    ],
    ['another kind', { ...document(), kind: 'Pipeline' }, ['kind: must be "SesLambdaPipeline"']],
    [
      'a name with a dot',
      document({}, { name: 'a.b' }),
      ['metadata.name: must be a DNS label: at most 63 of a-z, 0-9 and -, no dots'],
    ],
    [
      'a name of 64 characters',
      document({}, { name: 'a'.repeat(64) }),
      ['metadata.name: must be a DNS label: at most 63 of a-z, 0-9 and -, no dots'],
    ],
    [
      'a namespace in capitals',
      document({}, { namespace: 'Mail' }),
      ['metadata.namespace: must be a DNS label: at most 63 of a-z, 0-9 and -, no dots'],
    ],
    ['no spec', { ...document(), spec: undefined }, ['spec: is required (object)']],
    ['a field at the top', { ...document(), data: {} }, ['data: unknown field (data)']],
  ])('%s', (_, candidate, expected) => {
    expect(complaints(candidate)).toEqual(expected);
  });

  test.each<[string, object, string[]]>([
    ['unknown fields', { regoin: 1, extra: 2 }, ['regoin: unknown field (regoin)', 'extra: unknown field (extra)']],
    ['an unknown field deep inside', fn({ memory: 128 }), ['function.memory: unknown field (memory)']],
    ['no region', { region: undefined }, ['region: is required (string)']],
    ['a region with a typo', { region: 'us_west_2' }, ['region: must be the name of an AWS region such as us-west-2']],
    ['a number for text', { region: 5 }, ['region: must be of type string, not number']],
    [
      'neither bucket',
      { messageBodyStorage: {} },
      ['messageBodyStorage: exactly one of logicalName and bucketName must be set'],
    ],
    [
      'both buckets',
      storage({ bucketName: 'theirs' }),
      ['messageBodyStorage: exactly one of logicalName and bucketName must be set'],
    ],
    [
      'an empty logical name',
      { messageBodyStorage: { logicalName: '' } },
      [
        'messageBodyStorage.logicalName: its length must be at least 1',
        'messageBodyStorage.logicalName: may hold letters, digits, spaces and _ . : / = + - @ (it becomes a tag)',
      ],
    ],
    [
      'a bucket name in capitals',
      { messageBodyStorage: { bucketName: 'Theirs' } },
      ['messageBodyStorage.bucketName: must be the name of an S3 bucket: 3 to 63 of a-z, 0-9, dot and dash'],
    ],
    [
      'settings of a bucket that is not ours',
      { messageBodyStorage: { bucketName: 'theirs', versioned: true } },
      [
        'messageBodyStorage: encryption, expireAfterDays and versioned are for our own bucket, not for an existing bucketName',
      ],
    ],
    [
      'deletion of a bucket that is not ours',
      { messageBodyStorage: { bucketName: 'theirs', deletionPolicy: 'Delete' } },
      ['messageBodyStorage: an existing bucket is never deleted: deletionPolicy must be Retain with bucketName'],
    ],
    [
      'another placement',
      storage({ placement: 'Head' }),
      ['messageBodyStorage.placement: must be "HeadRule" or "PerRule"'],
    ],
    [
      'a leading slash',
      storage({ objectKeyPrefix: '/in' }),
      [
        'messageBodyStorage.objectKeyPrefix: must be made of names separated by single slashes, without a leading slash',
      ],
    ],
    [
      'two slashes',
      storage({ objectKeyPrefix: 'in//x' }),
      [
        'messageBodyStorage.objectKeyPrefix: must be made of names separated by single slashes, without a leading slash',
      ],
    ],
    ['expiry in no days', storage({ expireAfterDays: 0 }), ['messageBodyStorage.expireAfterDays: must be at least 1']],
    [
      'expiry in half a day',
      storage({ expireAfterDays: 1.5 }),
      ['messageBodyStorage.expireAfterDays: must be a whole number'],
    ],
    [
      'a role and an existing one',
      {
        role: {
          existingArn: 'arn:aws:iam::123456789012:role/a',
          privileges: [{ actions: ['s3:GetObject'], resource: '*' }],
        },
      },
      ['role: existingArn stands alone: an existing role is never changed'],
    ],
    [
      'an action without service',
      { role: { privileges: [{ actions: ['GetObject'], resource: '*' }] } },
      ['role.privileges.0.actions.0: must be an IAM action such as s3:GetObject'],
    ],
    [
      'an action twice',
      { role: { privileges: [{ actions: ['s3:GetObject', 's3:GetObject'], resource: '*' }] } },
      ['role.privileges.0.actions.1: "s3:GetObject" is in the list twice; keep one'],
    ],
    [
      'no actions',
      { role: { privileges: [{ actions: [], resource: '*' }] } },
      ['role.privileges.0.actions: the number of items must be at least 1'],
    ],
    [
      'no ARN',
      { role: { managedPolicyArns: ['ReadOnlyAccess'] } },
      ['role.managedPolicyArns.0: must be the ARN of a managed policy, such as arn:aws:iam:…'],
    ],
    [
      'no source of code',
      fn({ code: {} }),
      ['function.code: exactly one of inline, configMapRef, s3, imageUri, ociRef, path, existing must be set'],
    ],
    [
      'two sources of code',
      fn({ code: { ...inline, path: 'x' } }),
      ['function.code: exactly one of inline, configMapRef, s3, imageUri, ociRef, path, existing must be set'],
    ],
    [
      'an image that is not in ECR',
      fn({ code: { imageUri: 'docker.io/library/node:24' } }),
      [`function.code.imageUri: ${IMAGE_RULE}`],
    ],
    [
      'an image without tag or digest',
      fn({ code: { imageUri: '123456789012.dkr.ecr.us-west-2.amazonaws.com/handler' } }),
      [`function.code.imageUri: ${IMAGE_RULE}`],
    ],
    [
      'a runtime for an image',
      fn({ code: { imageUri: '123456789012.dkr.ecr.us-west-2.amazonaws.com/handler:1' }, runtime: 'nodejs22.x' }),
      ['function: an image says itself what runs: leave runtime, handler and layers out with code.imageUri'],
    ],
    [
      'an artifact by its tag',
      fn({ code: { ociRef: { repository: 'ghcr.io/acme/handler', digest: 'latest' } } }),
      ['function.code.ociRef.digest: must be the digest of a manifest: sha256: and 64 hexadecimal digits'],
    ],
    [
      'an artifact without registry',
      fn({ code: { ociRef: { repository: 'handler', digest: `sha256:${'a'.repeat(64)}` } } }),
      ['function.code.ociRef.repository: must be a registry and a repository in it, such as ghcr.io/acme/handler'],
    ],
    [
      'a version of what is not published',
      fn({ code: inline, version: '3' }),
      ['function: version names a version to go back to, and only publish: true makes versions'],
    ],
    [
      '51 inline files',
      fn({ code: { inline: Object.fromEntries(numbered(51, (index) => [`f${index}`, ''])) } }),
      ['function.code.inline: the number of entries must be at most 50'],
    ],
    [
      'a long file name',
      fn({ code: { inline: { ['x'.repeat(254)]: '' } } }),
      [`function.code.inline.${'x'.repeat(254)}: its length must be at most 253`],
    ],
    ['too little memory', fn({ memorySize: 64 }), ['function.memorySize: must be at least 128']],
    ['memory as text', fn({ memorySize: '128' }), ['function.memorySize: must be of type number, not string']],
    ['a long wait', fn({ timeout: 901 }), ['function.timeout: must be at most 900']],
    ['white space in the handler', fn({ handler: 'index handler' }), ['function.handler: may not hold white space']],
    [
      'a variable of Lambda',
      fn({ environment: { AWS_REGION: 'x' } }),
      [
        'function.environment.AWS_REGION: a variable with this name is set by Lambda or by ses-lambda-pipeline itself; choose another name',
      ],
    ],
    [
      'a variable of ours',
      fn({ environment: { SES_LAMBDA_PIPELINE_DISCOVERY: 'x' } }),
      [
        'function.environment.SES_LAMBDA_PIPELINE_DISCOVERY: a variable with this name is set by Lambda or by ses-lambda-pipeline itself; choose another name',
      ],
    ],
    [
      'a variable name of one letter',
      fn({ environment: { A: 'x' } }),
      ['function.environment.A: a variable name has at least two of A-Z a-z 0-9 _'],
    ],
    [
      'a number as a variable',
      fn({ environment: { PORT: 80 } }),
      ['function.environment.PORT: must be of type string, not number'],
    ],
    [
      '101 variables',
      fn({ environment: Object.fromEntries(numbered(101, (index) => [`V${index}`, ''])) }),
      ['function.environment: the number of entries must be at most 100'],
    ],
    [
      '200 rules',
      { receiptRules: numbered(200, (index) => ({ name: `r${index}`, recipients: [] })) },
      ['receiptRules: the number of items must be at most 199'],
    ],
    [
      'a rule name twice',
      { receiptRules: ['A', 'B', 'A'].map((name) => ({ name, recipients: [] })) },
      ['receiptRules.2.name: rule 1 of the list is called "A" too; the name of each rule must be unique'],
    ],
    [
      'the name of our storage rule',
      rule({ name: 'MessageBodyStorage' }),
      ['receiptRules.0.name: MessageBodyStorage is the name of our own storage rule'],
    ],
    [
      'a rule name with an underscore',
      rule({ name: 'a_b' }),
      [
        'receiptRules.0.name: must be made of letters, digits, dots and dashes, and begin and end with a letter or digit',
      ],
    ],
    [
      'a rule name of 32 characters',
      rule({ name: 'a'.repeat(32) }),
      ['receiptRules.0.name: its length must be at most 31'],
    ],
    [
      'recipients that are not written',
      rule({ recipients: undefined }),
      ['receiptRules.0.recipients: is required (array)'],
    ],
    ['recipients that are null', rule({ recipients: null }), ['receiptRules.0.recipients: is required (array)']],
    [
      '501 recipients',
      rule({ recipients: numbered(501, (index) => `a${index}@example.com`) }),
      ['receiptRules.0.recipients: the number of items must be at most 500'],
    ],
    [
      'a recipient twice',
      rule({ recipients: ['a@example.com', 'b@example.com', 'a@example.com'] }),
      ['receiptRules.0.recipients.2: "a@example.com" is in the list twice; keep one'],
    ],
    [
      'a name of a rule on AWS twice',
      { receiptRules: ['A', 'B'].map((name) => ({ name, ruleName: 'theirs', recipients: [] })) },
      ['receiptRules.1.ruleName: rule 1 of the list is called "theirs" too; the ruleName of each rule must be unique'],
    ],
    [
      'eight actions beside ours',
      rule({ actions: numbered(8, () => ({ addHeader: { name: 'X-A', value: 'b' } })) }),
      ['receiptRules.0.actions: the number of items must be at most 7'],
    ],
    [
      'an action that does nothing',
      rule({ actions: [{}] }),
      ['receiptRules.0.actions.0: exactly one of addHeader, bounce, sns, workmail must be set'],
    ],
    [
      'an action that does two things',
      rule({ actions: [{ addHeader: { name: 'X-A', value: 'b' }, sns: { topicArn: TOPIC } }] }),
      ['receiptRules.0.actions.0: exactly one of addHeader, bounce, sns, workmail must be set'],
    ],
    [
      'a header name with a colon',
      rule({ actions: [{ addHeader: { name: 'X:A', value: 'b' } }] }),
      ['receiptRules.0.actions.0.addHeader.name: must be made of letters, digits and dashes'],
    ],
    [
      'a header of two lines',
      rule({ actions: [{ addHeader: { name: 'X-A', value: 'b\r\nBcc: c@example.com' } }] }),
      ['receiptRules.0.actions.0.addHeader.value: must be one line'],
    ],
    [
      'a bounce that accepts',
      rule({ actions: [{ bounce: { ...BOUNCE, smtpReplyCode: '250' } }] }),
      ['receiptRules.0.actions.0.bounce.smtpReplyCode: must be an SMTP reply code of a refusal: 4xx or 5xx'],
    ],
    [
      'a bounce from a domain',
      rule({ actions: [{ bounce: { ...BOUNCE, sender: 'example.com' } }] }),
      ['receiptRules.0.actions.0.bounce.sender: must be an address (postmaster@example.com)'],
    ],
    [
      'a FIFO topic',
      rule({ actions: [{ sns: { topicArn: `${TOPIC}.fifo` } }] }),
      [
        'receiptRules.0.actions.0.sns.topicArn: must be the ARN of a standard SNS topic, such as arn:aws:sns:us-west-2:123456789012:mail',
      ],
    ],
    [
      'code to keep of a function without a name',
      fn({ code: { existing: true } }),
      ['function: code.existing keeps the code of a function that is there: say which one as function.name'],
    ],
    [
      'a rule set with a dot',
      { ruleSet: { name: 'a.b' } },
      ['ruleSet.name: must be made of letters, digits, _ and -, and begin and end with a letter or digit'],
    ],
    [
      'a rule set under the name of a clone',
      { ruleSet: { name: 'mail-green' } },
      ['ruleSet.name: must not end in -green: ruleSet.rollout: BlueGreen makes such a name of that of the set'],
    ],
    [
      'a rule set whose clone could not be named',
      { ruleSet: { name: 'a'.repeat(58), rollout: 'BlueGreen' } },
      ['ruleSet.name: must be at most 57 characters long, so that -green can be added for ruleSet.rollout: BlueGreen'],
    ],
  ])('%s', (_, spec, expected) => {
    expect(complaints(document(spec))).toEqual(expected.map((line) => `spec.${line}`));
  });

  test.each([
    'user@.example.com',
    'user@',
    '@example.com',
    'user',
    'a b@example.com',
    'user@exa mple.com',
    '*@example.com.',
    '..example.com',
    'user@example',
    'bücher.example',
    `${'a'.repeat(65)}@example.com`,
    '',
  ])('the recipient %j', (recipient) => {
    expect(issuesOf(document(rule({ recipients: [recipient] }))).map(({ path }) => path.join('.'))).toEqual([
      'spec.receiptRules.0.recipients.0',
    ]);
  });

  test('several problems at once', () => {
    expect(issuesOf(document({ region: 1, receiptRules: [{ name: 'a_b' }], ...fn({ timeout: 0 }) }))).toHaveLength(4);
  });
});

describe('a key called __proto__', () => {
  test.each<[string, string, string]>([
    ['at the top', '{"a"', '__proto__'],
    ['in the spec', '"region"', 'spec.__proto__'],
    ['among the files', '"index.mjs"', 'spec.function.code.inline.__proto__'],
    ['in a rule', '"recipients"', 'spec.receiptRules.0.__proto__'],
  ])('is refused %s, not dropped', (_, key, path) => {
    const candidate: unknown = JSON.parse(
      JSON.stringify({ a: 1, ...document() }).replace(key, key.replace(/"[^"]+"/, '"__proto__"')),
    );

    expect(complaints(candidate)).toEqual([`${path}: this name cannot be used`]);
    expect(Object.prototype).not.toHaveProperty('a');
  });
});

test('a long prefix that does not fit is refused at once', () => {
  const started = performance.now();

  expect(complaints(document(storage({ objectKeyPrefix: `${'a'.repeat(511)}{` })))).toHaveLength(1);

  expect(performance.now() - started).toBeLessThan(1000);
});
