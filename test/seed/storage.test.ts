import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { pipeline, rule } from '../support/manifests.ts';
import { startWorld, type World } from '../support/world.ts';

const SPECIAL_ID = 'SESMessageStoreBucketa622fdfda5789d596c08c79124f12b978b3da772';

/** A call that fails as long as it is asked. */
const refuse = ({ faults }: World, operation: string, code: string, status = 403) =>
  faults.failNext({ operation, times: 1000, error: { status, code, message: 'Injected' } });

async function bodyOf({ foreign }: World, bucket: string, key: string): Promise<string | undefined> {
  const { Body } = await foreign.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Body?.transformToString();
}

const SETUP = 'AMAZON_SES_SETUP_NOTIFICATION';
const bodies = (keys: readonly string[]) => keys.filter((key) => !key.endsWith(SETUP));

/** Another tool's statement and lifecycle rule. */
const FOREIGN_STATEMENT = (bucket: string) => ({
  Sid: 'Auditors',
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::123456789012:root' },
  Action: 's3:GetObject',
  Resource: `arn:aws:s3:::${bucket}/*`,
});
const policyOf = (...statements: readonly unknown[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

describe("the bucket of the pipeline's own", () => {
  it('S3 is made by the pipeline, and another pipeline gets another one', async () => {
    const world = await startWorld();
    await world.mustApply(
      pipeline({ name: 'a', rules: [rule('A', 'a@example.com')] }),
      pipeline({ name: 'b', rules: [rule('B', 'b@example.com')] }),
    );

    const { buckets } = await world.holdings();
    expect(buckets.map(({ tags }) => tags['ses-lambda-pipeline.dev/name'])).toEqual(['a', 'b']);
    expect(new Set(buckets.map(({ name }) => name)).size).toBe(2);
  });

  it('S4 has a name in the shape of the seed, the same in every rebuilt world', async () => {
    const [one, other] = await Promise.all([startWorld(), startWorld()]);
    const document = pipeline({ name: 'spartaapplication' });
    await one.mustApply(document);
    await other.mustApply(document);

    const { name } = await one.bucket();
    expect(name).toMatch(/^spartaapplication-sesmessagestorebucketa622fdfda5-[0-9a-z]{13}$/);
    expect(name).toHaveLength(63);
    expect((await other.bucket()).name).toBe(name);
  });

  it('S4 takes the next name when somebody else has the first', async () => {
    const first = await startWorld();
    await first.mustApply(pipeline());
    const { name: taken } = await first.bucket();

    const world = await startWorld();
    await world.foreign.s3.send(new CreateBucketCommand({ Bucket: taken }));
    await world.mustApply(pipeline());

    const { buckets } = await world.holdings();
    expect(buckets).toHaveLength(2);
    expect(buckets.find(({ name }) => name === taken)).toMatchObject({ tags: {}, policy: [], keys: [] });
    expect(buckets.find(({ name }) => name !== taken)?.tags).toMatchObject({ 'ses-lambda-pipeline.dev/name': 'app' });
    expect((await world.plan([pipeline()])).code).toBe(0);
  });

  it('S5 stays the same however the pipeline changes', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const before = await world.bucket();
    await world.mustApply(
      pipeline({
        function: { timeout: 60 },
        rules: [rule('Other', 'other@example.com')],
        storage: { objectKeyPrefix: 'in' },
      }),
    );

    expect((await world.bucket()).name).toBe(before.name);
    const { out } = await world.run(['get', '-o', 'json'], [pipeline()]);
    expect(JSON.parse(out)).toMatchObject({
      status: { bucket: { logicalId: SPECIAL_ID, logicalName: 'Special', name: before.name } },
    });
  });

  it('S5 is not exchanged by another logical name: that is refused, and nothing is written', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    world.faults.clearCalls();
    const { code, err } = await world.apply([pipeline({ storage: { logicalName: 'Other' } })]);

    expect(code).toBe(1);
    expect(err).toContain('Immutable');
    expect(world.writes()).toEqual([]);
  });

  it('S6 refuses an empty logical name before AWS is asked', async () => {
    const world = await startWorld();
    const { code, err } = await world.apply([pipeline({ storage: { logicalName: '' } })]);

    expect(code).toBe(1);
    expect(err).toContain('spec.messageBodyStorage.logicalName');
    expect(world.faults.calls()).toEqual([]);
  });

  it('S7 bears its logical name and its owner as tags', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());

    expect((await world.bucket()).tags).toEqual({
      'sparta:logicalBucketName': 'Special',
      'ses-lambda-pipeline.dev/installation': 'slp',
      'ses-lambda-pipeline.dev/namespace': 'mail',
      'ses-lambda-pipeline.dev/name': 'app',
    });
  });

  it('S8 must be there before there is a function, a permission or a rule', async () => {
    const world = await startWorld();
    refuse(world, 's3:CreateBucket', 'TooManyBuckets', 400);
    const { code, err } = await world.apply([pipeline()]);

    expect(code).toBe(1);
    expect(err).toContain('quota');
    const { buckets, functions, ruleSets } = await world.holdings();
    expect(buckets).toEqual([]);
    expect(functions).toEqual([]);
    expect(Object.values(ruleSets).flat()).toEqual([]);
  });

  it('S8 must have its policy before there is a function, a permission or a rule', async () => {
    const world = await startWorld();
    refuse(world, 's3:PutBucketPolicy', 'AccessDenied');
    expect((await world.apply([pipeline()])).code).toBe(1);

    const { functions, ruleSets } = await world.holdings();
    expect(functions).toEqual([]);
    expect(Object.values(ruleSets).flat()).toEqual([]);
  });

  it('S9 lets SES put objects for rules of this pipeline, and nobody and nothing else', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());

    const { name, policy, publicAccessBlock } = await world.bucket();
    expect(policy).toEqual([
      {
        Sid: expect.stringMatching(/^PermitSESServiceToSaveEmailBody/),
        Effect: 'Allow',
        Principal: { Service: 'ses.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${name}/*`,
        Condition: {
          StringEquals: { 'aws:SourceAccount': '123456789012' },
          ArnLike: {
            'aws:SourceArn':
              'arn:aws:ses:us-west-2:123456789012:receipt-rule-set/ses-lambda-pipeline:receipt-rule/slp_mail_app_*',
          },
        },
      },
    ]);
    expect(Object.values(publicAccessBlock ?? {})).toEqual([true, true, true, true]);
  });

  it('S9 has its grant before any rule is made', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const writes = world.writes();

    expect(writes.indexOf('s3:PutBucketPolicy')).toBeGreaterThan(writes.indexOf('s3:PutPublicAccessBlock'));
    expect(writes.indexOf('ses:CreateReceiptRule')).toBeGreaterThan(writes.indexOf('s3:PutBucketPolicy'));
    expect(writes.indexOf('ses:CreateReceiptRule')).toBeGreaterThan(writes.indexOf('lambda:AddPermission'));
  });

  it('S35 keeps the message as it came, headers included', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const raw =
      'From: a@elsewhere.test\r\nTo: first@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Own: yes\r\n\r\nLine one\r\n.\r\nLine two  \r\n';
    await world.send({ to: 'first@example.com', raw });

    const { name, keys } = await world.bucket();
    const [key = ''] = bodies(keys);
    expect((await bodyOf(world, name, key))?.endsWith(raw)).toBe(true);
  });
});

describe('storage settings', () => {
  const KEY = 'arn:aws:kms:us-west-2:123456789012:key/mail';

  it('encryption, expiry and versions are set, changed and taken back', async () => {
    const world = await startWorld();
    await world.mustApply(
      pipeline({ storage: { encryption: { kmsKeyArn: KEY }, expireAfterDays: 30, versioned: true } }),
    );
    expect(await world.bucket()).toMatchObject({
      encryption: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: KEY },
      versioning: 'Enabled',
      lifecycle: [{ Status: 'Enabled', Expiration: { Days: 30 }, NoncurrentVersionExpiration: { NoncurrentDays: 30 } }],
    });

    await world.mustApply(pipeline({ storage: { encryption: { kmsKeyArn: `${KEY}2` }, expireAfterDays: 7 } }));
    const changed = await world.bucket();
    expect(changed).toMatchObject({
      encryption: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: `${KEY}2` },
      versioning: 'Suspended',
      lifecycle: [{ Expiration: { Days: 7 } }],
    });
    expect(changed.lifecycle[0]).not.toHaveProperty('NoncurrentVersionExpiration');

    await world.mustApply(pipeline());
    expect(await world.bucket()).toMatchObject({
      encryption: { SSEAlgorithm: 'AES256' },
      versioning: 'Suspended',
      lifecycle: [],
    });
    expect((await world.plan([pipeline()])).steps).toEqual([]);
  });

  it('an expiry leaves the lifecycle rules of others alone', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const { name } = await world.bucket();
    const theirs = { ID: 'theirs', Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 1 } } as const;
    await world.foreign.s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: name, LifecycleConfiguration: { Rules: [theirs] } }),
    );

    await world.mustApply(pipeline({ storage: { expireAfterDays: 30 } }));
    expect((await world.bucket()).lifecycle.map(({ ID }) => ID)).toEqual(['theirs', 'ses-lambda-pipeline-expire']);
    await world.mustApply(pipeline());
    expect((await world.bucket()).lifecycle).toMatchObject([theirs]);
  });
});

describe('an existing bucket', () => {
  const BUCKET = 'company-mail';
  const document = pipeline({ storage: { bucketName: BUCKET }, role: {} });

  async function worldWithBucket() {
    const world = await startWorld();
    await world.foreign.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await world.foreign.s3.send(
      new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: policyOf(FOREIGN_STATEMENT(BUCKET)) }),
    );
    return world;
  }

  it('S3 B13 is used with its policy merged, and bears no mark of ours', async () => {
    const world = await worldWithBucket();
    world.faults.clearCalls();
    await world.mustApply(document);
    expect(world.writes().filter((operation) => operation.startsWith('s3:'))).toEqual(['s3:PutBucketPolicy']);
    await world.send({ to: 'first@example.com' });

    const { name, tags, policy, keys } = await world.bucket();
    expect(name).toBe(BUCKET);
    expect(tags).toEqual({});
    expect(policy).toHaveLength(2);
    expect(policy[0]).toMatchObject(FOREIGN_STATEMENT(BUCKET));
    expect(policy[1]?.Sid).toMatch(/^PermitSESServiceToSaveEmailBody/);
    expect(bodies(keys)).toHaveLength(1);
  });

  it('B13 is never deleted, and loses our statement only', async () => {
    const world = await worldWithBucket();
    await world.mustApply(document);
    await world.send({ to: 'first@example.com' });
    expect((await world.remove([document])).code).toBe(0);

    const { policy, keys } = await world.bucket();
    expect(policy).toMatchObject([FOREIGN_STATEMENT(BUCKET)]);
    expect(bodies(keys)).toHaveLength(1);
  });

  it('stops everything when it does not exist', async () => {
    const world = await startWorld();
    const { code, err } = await world.apply([document]);

    expect(code).toBe(1);
    expect(err).toContain('spec.messageBodyStorage.bucketName');
    expect(world.writes()).toEqual([]);
  });
});

describe('after the pipeline is deleted', () => {
  it('S39 keeps bucket and mail, and finds them again', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    await world.send({ to: 'first@example.com' });
    const before = await world.bucket();
    expect((await world.remove([pipeline()])).code).toBe(0);

    const { buckets, roles, functions, ruleSets } = await world.holdings();
    expect(buckets).toMatchObject([{ name: before.name, keys: before.keys, policy: [] }]);
    expect(roles).toEqual([]);
    expect(functions).toEqual([]);
    expect(ruleSets).toEqual({ 'ses-lambda-pipeline': [] });

    await world.mustApply(pipeline());
    expect((await world.bucket()).name).toBe(before.name);
    expect((await world.bucket()).keys).toEqual(before.keys);
  });

  it('S39 Delete takes the bucket when nothing but the set-up object of SES is in it', async () => {
    const document = pipeline({ storage: { deletionPolicy: 'Delete' } });
    const world = await startWorld();
    await world.mustApply(document);
    expect((await world.bucket()).keys).toEqual([SETUP]);
    expect((await world.remove([document])).code).toBe(0);

    expect((await world.holdings()).buckets).toEqual([]);
  });

  it('S39 Delete keeps a bucket that mail is in', async () => {
    const document = pipeline({ storage: { deletionPolicy: 'Delete' } });
    const world = await startWorld();
    await world.mustApply(document);
    await world.send({ to: 'first@example.com' });
    const { keys } = await world.bucket();
    await world.remove([document]);

    const { buckets, functions } = await world.holdings();
    expect(buckets).toMatchObject([{ keys }]);
    expect(functions).toEqual([]);
  });

  it('S39 says why a bucket is kept although Delete was asked for', async () => {
    const document = pipeline({ storage: { deletionPolicy: 'Delete' } });
    const world = await startWorld();
    await world.mustApply(document);
    await world.send({ to: 'first@example.com' });
    const { out, err } = await world.remove([document]);

    expect(out + err).toContain('is kept');
  });

  it('S39 DeleteWithContents takes the mail too, old versions included', async () => {
    const document = pipeline({ storage: { deletionPolicy: 'DeleteWithContents', versioned: true } });
    const world = await startWorld();
    await world.mustApply(document);
    await world.send({ to: 'first@example.com' });
    expect((await world.remove([document])).code).toBe(0);

    expect((await world.holdings()).buckets).toEqual([]);
  });

  it('S39 leaves nothing for a second delete to do', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    await world.remove([pipeline()]);
    world.faults.clearCalls();

    expect((await world.remove([pipeline()])).code).toBe(0);
    expect(world.writes()).toEqual([]);
  });
});
