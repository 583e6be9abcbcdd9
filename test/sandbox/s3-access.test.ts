import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { Principal } from '../../src/sandbox/service.ts';
import { manualClock } from './support/manual-clock.ts';
import { ACCOUNT, clientsOf, codeOf, policyOf, refusalOf, runningSandbox, trustOf } from './support/running-sandbox.ts';

const Bucket = 'mail-bodies';
const RULE_ARN = `arn:aws:ses:us-west-2:${ACCOUNT}:receipt-rule-set/mail:receipt-rule/store`;
const SES: Principal = { kind: 'service', service: 'ses.amazonaws.com', sourceAccount: ACCOUNT, sourceArn: RULE_ARN };
const ALL_OBJECTS = `arn:aws:s3:::${Bucket}/*`;

const sesMayPut = (ruleArn: string): string =>
  policyOf({
    Effect: 'Allow',
    Principal: { Service: 'ses.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: ALL_OBJECTS,
    Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT }, ArnLike: { 'aws:SourceArn': ruleArn } },
  });

describe('a service that writes into a bucket', () => {
  it('is let in by the policy for its rule, and by no other', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox);
    await s3.send(new CreateBucketCommand({ Bucket }));
    const put = () => sandbox.s3.putAs(SES, Bucket, 'in/1', Buffer.from('mail'));

    expect(put()).toMatchObject({ ok: false, reason: 'AccessDenied' });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: sesMayPut(RULE_ARN.replace('/store', '/other')) }));
    expect(put()).toMatchObject({ ok: false, reason: 'AccessDenied' });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: sesMayPut(RULE_ARN.replace('/store', '/st*')) }));
    expect(put()).toEqual({ ok: true });

    expect(sandbox.s3.objects(Bucket)).toMatchObject([{ key: 'in/1', sizeBytes: 4 }]);
  });

  it('is told when there is no bucket', async () => {
    const sandbox = await runningSandbox();

    expect(sandbox.s3.putAs(SES, Bucket, 'k', Buffer.from(''))).toMatchObject({ ok: false, reason: 'NoSuchBucket' });
  });

  it('sees a policy only once it has propagated', async () => {
    const clock = manualClock();
    const sandbox = await runningSandbox({ clock });
    const { s3 } = clientsOf(sandbox);
    await s3.send(new CreateBucketCommand({ Bucket }));
    sandbox.faults.setPropagationMs(3000);
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: sesMayPut(RULE_ARN) }));

    clock.advance(2999);
    expect(sandbox.s3.putAs(SES, Bucket, 'k', Buffer.from('')).ok).toBe(false);
    clock.advance(1);
    expect(sandbox.s3.putAs(SES, Bucket, 'k', Buffer.from('')).ok).toBe(true);
  });

  it('cannot use the AWS managed KMS key of a bucket', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox);
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: sesMayPut(RULE_ARN) }));
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } }];
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));

    expect(sandbox.s3.putAs(SES, Bucket, 'k', Buffer.from(''))).toMatchObject({ ok: false, reason: 'AccessDenied' });
  });
});

async function withRole(...statements: readonly unknown[]) {
  const sandbox = await runningSandbox();
  const { s3, iam } = clientsOf(sandbox);
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'in/1', Body: 'mail' }));
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: 'handler', AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com') }),
  );
  if (statements.length > 0) {
    const PolicyDocument = policyOf(...statements);
    await iam.send(new PutRolePolicyCommand({ RoleName: 'handler', PolicyName: 'p', PolicyDocument }));
  }
  const roleArn = Role?.Arn ?? '';
  const credentials = sandbox.iam.door.issueSession(roleArn, 'run');
  return { sandbox, root: s3, roleArn, ...clientsOf(sandbox, { credentials }) };
}

describe('a role that reads a bucket', () => {
  const get = new GetObjectCommand({ Bucket, Key: 'in/1' });
  const mayGet = { Effect: 'Allow', Action: ['s3:GetObject', 's3:HeadObject'], Resource: ALL_OBJECTS };

  it('may do nothing without a policy', async () => {
    const { s3 } = await withRole();

    expect(await codeOf(s3.send(get))).toBe('403 AccessDenied');
    expect(await codeOf(s3.send(new ListObjectsV2Command({ Bucket })))).toBe('403 AccessDenied');
  });

  it('lists and creates buckets only as its policy allows', async () => {
    const create = new CreateBucketCommand({ Bucket: 'mail-other' });
    const without = await withRole(mayGet);
    const withIt = await withRole(
      { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' },
      { Effect: 'Allow', Action: 's3:CreateBucket', Resource: 'arn:aws:s3:::mail-*' },
    );

    expect(await codeOf(without.s3.send(new ListBucketsCommand({})))).toBe('403 AccessDenied');
    expect(await codeOf(without.s3.send(create))).toBe('403 AccessDenied');
    await withIt.s3.send(create);
    expect((await withIt.s3.send(new ListBucketsCommand({}))).Buckets).toHaveLength(2);
  });

  it('is told why it is refused, except by a bucket of another account', async () => {
    const { sandbox, s3 } = await withRole({
      ...mayGet,
      Sid: 'Reads',
      Condition: { StringEquals: { 'aws:PrincipalAccount': '1' } },
    });
    sandbox.s3.seedForeignBucket('theirs', 'us-west-2');

    const own = await refusalOf(s3.send(get));
    const foreign = await refusalOf(s3.send(new ListObjectsV2Command({ Bucket: 'theirs' })));

    expect(own.message).toContain('no statement allows s3:GetObject');
    expect(foreign.message).toBe('Access Denied');
  });

  it('may what its own policy allows', async () => {
    const { s3 } = await withRole(mayGet);

    expect(await (await s3.send(get)).Body?.transformToString()).toBe('mail');
    expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'in/2', Body: 'x' })))).toBe('403 AccessDenied');
  });

  it('may what the bucket allows it, and not what the bucket denies it', async () => {
    const { s3, root, roleArn } = await withRole();
    const statement = { Principal: { AWS: roleArn }, Action: 's3:GetObject', Resource: ALL_OBJECTS };

    await root.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf({ ...statement, Effect: 'Allow' }) }));
    expect((await s3.send(get)).$metadata.httpStatusCode).toBe(200);
    const Policy = policyOf({ ...statement, Effect: 'Allow' }, { ...statement, Effect: 'Deny' });
    await root.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    expect(await codeOf(s3.send(get))).toBe('403 AccessDenied');
  });

  it('is kept out by a Deny of the bucket whatever its own policy allows', async () => {
    const { s3, root, roleArn } = await withRole(mayGet);
    const deny = { Effect: 'Deny', Principal: { AWS: roleArn }, Action: 's3:*', Resource: ALL_OBJECTS };

    await root.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf(deny) }));

    expect(await codeOf(s3.send(get))).toBe('403 AccessDenied');
  });

  it('needs s3:GetObject for HEAD: s3:HeadObject is no action of AWS', async () => {
    const { s3 } = await withRole({ ...mayGet, Action: 's3:HeadObject' });

    expect(await codeOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'in/1' })))).toMatch(/^403 /);
  });

  it('learns of a missing key only when it may list the bucket', async () => {
    const mayList = { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}` };
    const blind = await withRole(mayGet);
    const seeing = await withRole(mayGet, mayList);
    const head = new HeadObjectCommand({ Bucket, Key: 'gone' });

    expect(await codeOf(blind.s3.send(head))).toMatch(/^403 /);
    expect(await codeOf(seeing.s3.send(head))).toMatch(/^404 /);
  });

  it('is judged key by key in a batch', async () => {
    const { sandbox, s3 } = await withRole({
      Effect: 'Allow',
      Action: 's3:DeleteObject',
      Resource: `${ALL_OBJECTS.slice(0, -1)}in/*`,
    });

    const { Deleted, Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'in/1' }, { Key: 'out/1' }] } }),
    );

    expect(Deleted?.map(({ Key }) => Key)).toEqual(['in/1']);
    expect(Errors?.map(({ Key, Code }) => [Key, Code])).toEqual([['out/1', 'AccessDenied']]);
    expect(sandbox.s3.objects(Bucket)).toEqual([]);
  });

  it('cannot get into a bucket of another account by its own policy alone', async () => {
    const { sandbox, s3 } = await withRole({ Effect: 'Allow', Action: 's3:*', Resource: '*' });
    sandbox.s3.seedForeignBucket('theirs', 'us-west-2');

    expect(await codeOf(s3.send(new ListObjectsV2Command({ Bucket: 'theirs' })))).toBe('403 AccessDenied');
  });
});
