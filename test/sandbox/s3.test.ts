import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { ACCOUNT, clientsOf, codeOf, policyOf, REGION, runningSandbox } from './support/running-sandbox.ts';

const Bucket = 'mail-bodies';

async function withBucket(): Promise<{ sandbox: Sandbox; s3: S3Client }> {
  const sandbox = await runningSandbox();
  const { s3 } = clientsOf(sandbox);
  await s3.send(new CreateBucketCommand({ Bucket }));
  return { sandbox, s3 };
}

async function textOf(s3: S3Client, Key: string, VersionId?: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return Body?.transformToString();
}

describe('creating a bucket', () => {
  it('puts it into the region of the client, with tags from the create call', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox);
    const CreateBucketConfiguration = {
      LocationConstraint: REGION,
      Tags: [{ Key: 'owner', Value: 'mail + team' }],
    };

    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));

    const location = await s3.send(new GetBucketLocationCommand({ Bucket }));
    const tagging = await s3.send(new GetBucketTaggingCommand({ Bucket }));
    const head = await s3.send(new HeadBucketCommand({ Bucket }));
    expect(location.LocationConstraint).toBe(REGION);
    expect(tagging.TagSet).toEqual([{ Key: 'owner', Value: 'mail + team' }]);
    expect(head.BucketRegion).toBe(REGION);
  });

  it('reports no location for us-east-1, and lets its owner create it again there', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox, { region: 'us-east-1' });

    await s3.send(new CreateBucketCommand({ Bucket }));
    const again = await s3.send(new CreateBucketCommand({ Bucket }));
    const location = await s3.send(new GetBucketLocationCommand({ Bucket }));

    expect(again.$metadata.httpStatusCode).toBe(200);
    expect(location.LocationConstraint).toBeUndefined();
  });

  it('tells a bucket of ours from one of somebody else', async () => {
    const { sandbox, s3 } = await withBucket();
    sandbox.s3.seedForeignBucket('theirs', REGION);

    expect(await codeOf(s3.send(new CreateBucketCommand({ Bucket })))).toBe('409 BucketAlreadyOwnedByYou');
    expect(await codeOf(s3.send(new CreateBucketCommand({ Bucket: 'theirs' })))).toBe('409 BucketAlreadyExists');
  });

  it.each([
    { name: 'Upper', region: REGION, constraint: undefined, code: '400 InvalidBucketName' },
    { name: 'a..b', region: REGION, constraint: undefined, code: '400 InvalidBucketName' },
    { name: '10.0.0.1', region: REGION, constraint: undefined, code: '400 InvalidBucketName' },
    { name: 'xn--mail', region: REGION, constraint: undefined, code: '400 InvalidBucketName' },
    { name: 'ours', region: REGION, constraint: 'eu-west-1', code: '400 IllegalLocationConstraintException' },
    { name: 'ours', region: 'us-east-1', constraint: 'us-east-1', code: '400 InvalidLocationConstraint' },
    { name: 'ours', region: 'us-east-1', constraint: 'the-moon', code: '400 InvalidLocationConstraint' },
  ])('refuses $name with constraint $constraint in $region: $code', async ({ name, region, constraint, code }) => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox, { region });
    const CreateBucketConfiguration = { LocationConstraint: constraint as 'eu-west-1' };

    const create = new CreateBucketCommand({
      Bucket: name,
      ...(constraint === undefined ? {} : { CreateBucketConfiguration }),
    });

    expect(await codeOf(s3.send(create))).toBe(code);
  });
});

describe('looking for a bucket', () => {
  it('answers HEAD with 404 for a free name, 403 for a foreign one, 301 from a wrong region', async () => {
    const { sandbox, s3 } = await withBucket();
    sandbox.s3.seedForeignBucket('theirs', REGION);
    const elsewhere = clientsOf(sandbox, { region: 'eu-west-1' }).s3;

    expect(await codeOf(s3.send(new HeadBucketCommand({ Bucket: 'free' })))).toBe('404 NotFound');
    expect(await codeOf(s3.send(new HeadBucketCommand({ Bucket: 'theirs' })))).toMatch(/^403 /);
    expect(await codeOf(elsewhere.send(new HeadBucketCommand({ Bucket })))).toMatch(/^301 /);
  });

  it.each([
    { call: 'HeadBucket', command: (owner: string) => new HeadBucketCommand({ Bucket, ExpectedBucketOwner: owner }) },
    {
      call: 'PutBucketTagging',
      command: (owner: string) =>
        new PutBucketTaggingCommand({ Bucket, ExpectedBucketOwner: owner, Tagging: { TagSet: [] } }),
    },
    {
      call: 'PutObject',
      command: (owner: string) => new PutObjectCommand({ Bucket, ExpectedBucketOwner: owner, Key: 'k', Body: 'x' }),
    },
    {
      call: 'DeleteBucket',
      command: (owner: string) => new DeleteBucketCommand({ Bucket, ExpectedBucketOwner: owner }),
    },
  ])('refuses $call when another owner is expected', async ({ command }) => {
    const { s3 } = await withBucket();
    const send = (owner: string): Promise<unknown> => s3.send(command(owner) as HeadBucketCommand);

    expect(await codeOf(send('210987654321'))).toMatch(/^403 /);
    await expect(send(ACCOUNT)).resolves.toBeDefined();
  });

  it('lists own buckets only', async () => {
    const { sandbox, s3 } = await withBucket();
    sandbox.s3.seedForeignBucket('theirs');

    const { Buckets } = await s3.send(new ListBucketsCommand({}));

    expect(Buckets?.map(({ Name, BucketRegion }) => ({ Name, BucketRegion }))).toEqual([
      { Name: Bucket, BucketRegion: REGION },
    ]);
  });
});

describe('bucket settings', () => {
  it('gives a new bucket the defaults AWS gives it', async () => {
    const { s3 } = await withBucket();

    const block = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    const ownership = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }));
    const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    const versioning = await s3.send(new GetBucketVersioningCommand({ Bucket }));

    expect(block.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    });
    expect(ownership.OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    expect(encryption.ServerSideEncryptionConfiguration?.Rules).toEqual([
      { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false },
    ]);
    expect(versioning.Status).toBeUndefined();
  });

  it('has its own error for each setting that is not there', async () => {
    const { s3 } = await withBucket();
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
    await s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket }));

    const codes = [
      await codeOf(s3.send(new GetBucketPolicyCommand({ Bucket }))),
      await codeOf(s3.send(new GetBucketTaggingCommand({ Bucket }))),
      await codeOf(s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))),
      await codeOf(s3.send(new GetPublicAccessBlockCommand({ Bucket }))),
      await codeOf(s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))),
      await codeOf(s3.send(new GetBucketPolicyCommand({ Bucket: 'missing' }))),
    ];

    expect(codes).toEqual([
      '404 NoSuchBucketPolicy',
      '404 NoSuchTagSet',
      '404 NoSuchLifecycleConfiguration',
      '404 NoSuchPublicAccessBlockConfiguration',
      '404 OwnershipControlsNotFoundError',
      '404 NoSuchBucket',
    ]);
  });

  it('gives back what was put', async () => {
    const { s3 } = await withBucket();
    const PublicAccessBlockConfiguration = {
      BlockPublicAcls: true,
      IgnorePublicAcls: false,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: false,
    };
    const key = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'arn:aws:kms:us-west-2:123456789012:key/1' } as const;
    const encryptionRules = [{ ApplyServerSideEncryptionByDefault: key, BucketKeyEnabled: true }];
    const lifecycleRules = [
      { ID: 'expire', Status: 'Enabled', Filter: { Prefix: 'mail/' }, Expiration: { Days: 30 } },
      {
        ID: 'tidy',
        Status: 'Disabled',
        Filter: { Prefix: '' },
        NoncurrentVersionExpiration: { NoncurrentDays: 7 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
    ] as const;

    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
    await s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
      }),
    );
    await s3.send(
      new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules: encryptionRules } }),
    );
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [...lifecycleRules] } }),
    );
    await s3.send(
      new PutBucketTaggingCommand({
        Bucket,
        Tagging: {
          TagSet: [
            { Key: 'b', Value: '2' },
            { Key: 'a', Value: '' },
          ],
        },
      }),
    );

    const block = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    const ownership = await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }));
    const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    const lifecycle = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    const tagging = await s3.send(new GetBucketTaggingCommand({ Bucket }));
    expect(block.PublicAccessBlockConfiguration).toEqual(PublicAccessBlockConfiguration);
    expect(ownership.OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'ObjectWriter' }]);
    expect(encryption.ServerSideEncryptionConfiguration?.Rules).toEqual(encryptionRules);
    expect(lifecycle.Rules).toEqual(lifecycleRules);
    expect(tagging.TagSet).toEqual([
      { Key: 'b', Value: '2' },
      { Key: 'a', Value: '' },
    ]);
  });

  it('goes back to the default, or to nothing, when a setting is deleted', async () => {
    const { s3 } = await withBucket();
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'a', Value: '1' }] } }));
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: SES_PUTS }));

    await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));
    await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));

    const encryption = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    const [rule] = encryption.ServerSideEncryptionConfiguration?.Rules ?? [];
    expect(rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm).toBe('AES256');
    expect(await codeOf(s3.send(new GetBucketTaggingCommand({ Bucket })))).toBe('404 NoSuchTagSet');
    expect(await codeOf(s3.send(new GetBucketPolicyCommand({ Bucket })))).toBe('404 NoSuchBucketPolicy');
  });

  it.each([
    { name: 'a policy that is not JSON', policy: 'nonsense', code: '400 MalformedPolicy' },
    {
      name: 'a policy for another bucket',
      policy: policyOf({
        Effect: 'Allow',
        Principal: { Service: 'ses.amazonaws.com' },
        Action: 's3:*',
        Resource: 'arn:aws:s3:::other/*',
      }),
      code: '400 MalformedPolicy',
    },
    {
      name: 'a policy for a role that is not there',
      policy: policyOf({
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/gone` },
        Action: 's3:*',
        Resource: `arn:aws:s3:::${Bucket}/*`,
      }),
      code: '400 MalformedPolicy',
    },
    {
      name: 'a policy for everybody',
      policy: policyOf({
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: `arn:aws:s3:::${Bucket}/*`,
      }),
      code: '403 AccessDenied',
    },
  ])('refuses $name', async ({ policy, code }) => {
    const { s3 } = await withBucket();

    expect(await codeOf(s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy })))).toBe(code);
  });

  it('keeps the text of a policy as it was sent', async () => {
    const { s3 } = await withBucket();

    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: SES_PUTS }));

    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(SES_PUTS);
  });

  it.each([
    { name: 'without a filter', rule: { Status: 'Enabled', Expiration: { Days: 1 } } },
    { name: 'with zero days', rule: { Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 0 } } },
    { name: 'without an action', rule: { Status: 'Enabled', Filter: { Prefix: '' } } },
    {
      name: 'with days and a marker',
      rule: { Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } },
    },
  ])('refuses a lifecycle rule $name', async ({ rule }) => {
    const { s3 } = await withBucket();
    const LifecycleConfiguration = { Rules: [{ ...rule, Status: 'Enabled' as const }] };

    expect(
      await codeOf(s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }))),
    ).toMatch(/^400 /);
  });

  it('does not take a sub-resource it lacks for a plain request', async () => {
    const { s3 } = await withBucket();

    expect(await codeOf(s3.send(new GetBucketAclCommand({ Bucket })))).toBe('501 NotImplemented');
  });
});

const SES_PUTS = policyOf({
  Sid: 'AllowSes',
  Effect: 'Allow',
  Principal: { Service: 'ses.amazonaws.com' },
  Action: 's3:PutObject',
  Resource: `arn:aws:s3:::${Bucket}/*`,
  Condition: { StringEquals: { 'AWS:SourceAccount': ACCOUNT } },
});

describe('objects', () => {
  it('keeps bytes, type, metadata and checksum', async () => {
    const { s3 } = await withBucket();
    const Body = Buffer.from([0, 13, 10, 255, 200]);

    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'a b/ü+%?.bin',
        Body,
        ContentType: 'message/rfc822',
        Metadata: { from: 'x@y' },
        ChecksumAlgorithm: 'SHA256',
      }),
    );
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'a b/ü+%?.bin', ChecksumMode: 'ENABLED' }));

    expect(put.ETag).toBe(`"${createHash('md5').update(Body).digest('hex')}"`);
    expect(put.ChecksumSHA256).toBe(createHash('sha256').update(Body).digest('base64'));
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(Body);
    expect(got).toMatchObject({
      ContentType: 'message/rfc822',
      Metadata: { from: 'x@y' },
      ContentLength: 5,
      ETag: put.ETag,
      ChecksumSHA256: put.ChecksumSHA256,
    });
    expect(got.ContentEncoding).toBeUndefined();
  });

  it('says how an object is encrypted: as its bucket, or as asked', async () => {
    const { s3 } = await withBucket();
    const SSEAlgorithm = 'aws:kms' as const;
    const KMSMasterKeyID = 'arn:aws:kms:us-west-2:123456789012:key/1';
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm, KMSMasterKeyID } }];
    await s3.send(new PutObjectCommand({ Bucket, Key: 'before', Body: 'x' }));
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'after', Body: 'x' }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'asked', Body: 'x', ServerSideEncryption: 'AES256' }));

    const heads = await Promise.all(
      ['before', 'after', 'asked'].map((Key) => s3.send(new HeadObjectCommand({ Bucket, Key }))),
    );

    expect(heads.map(({ ServerSideEncryption, SSEKMSKeyId }) => [ServerSideEncryption, SSEKMSKeyId])).toEqual([
      ['AES256', undefined],
      ['aws:kms', KMSMasterKeyID],
      ['AES256', undefined],
    ]);
  });

  it('does not drop silently what it lacks', async () => {
    const { s3 } = await withBucket();
    const tagged = new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', Tagging: 'a=b' });

    expect(await codeOf(s3.send(tagged))).toBe('501 NotImplemented');
  });

  it('takes a stream, which the SDK sends in chunks with a trailing checksum', async () => {
    const { sandbox, s3 } = await withBucket();
    const Body = Buffer.alloc(300_000, 'mail');

    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'big',
        Body: Readable.from([Body.subarray(0, 70_000), Body.subarray(70_000)]),
        ContentLength: Body.length,
      }),
    );

    const { ChecksumCRC32 } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'big', ChecksumMode: 'ENABLED' }));
    expect(Buffer.from(sandbox.s3.readObject(Bucket, 'big') ?? []).equals(Body)).toBe(true);
    expect(ChecksumCRC32).toMatch(/^[A-Za-z0-9+/]{6}==$/);
  });

  it('refuses a body that does not fit its checksum', async () => {
    const { s3 } = await withBucket();

    expect(
      await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'a', ChecksumCRC32: 'AAAAAA==' }))),
    ).toBe('400 BadDigest');
    expect(await codeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'a', ContentMD5: 'AAAA' })))).toBe(
      '400 BadDigest',
    );
  });

  it('answers a missing key with NoSuchKey on GET and a bare 404 on HEAD', async () => {
    const { s3 } = await withBucket();

    expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: 'gone' })))).toBe('404 NoSuchKey');
    expect(await codeOf(s3.send(new HeadObjectCommand({ Bucket, Key: 'gone' })))).toBe('404 NotFound');
  });

  it('gives the part that is asked for', async () => {
    const { s3 } = await withBucket();
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '0123456789' }));

    const parts = await Promise.all(
      ['bytes=2-4', 'bytes=7-', 'bytes=-2'].map(async (Range) => {
        const { Body, ContentRange } = await s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range }));
        return [await Body?.transformToString(), ContentRange];
      }),
    );

    expect(parts).toEqual([
      ['234', 'bytes 2-4/10'],
      ['789', 'bytes 7-9/10'],
      ['89', 'bytes 8-9/10'],
    ]);
    expect(await codeOf(s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=10-' })))).toBe(
      '416 InvalidRange',
    );
  });

  it('writes only a new key when told If-None-Match *', async () => {
    const { sandbox, s3 } = await withBucket();
    const put = (Body: string): Promise<unknown> =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body, IfNoneMatch: '*' }));
    await put('first');

    expect(await codeOf(put('second'))).toBe('412 PreconditionFailed');
    expect(Buffer.from(sandbox.s3.readObject(Bucket, 'k') ?? []).toString()).toBe('first');
  });

  it('lists by prefix and delimiter, page by page', async () => {
    const { s3 } = await withBucket();
    for (const Key of ['a/1', 'a/2', 'b', 'c/1', 'd & <e>'])
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));

    const seen: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 1, ContinuationToken }));
      expect(page.KeyCount).toBe(1);
      seen.push(
        ...(page.Contents ?? []).map(({ Key }) => Key ?? ''),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''),
      );
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    const whole = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    const below = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'a/' }));

    expect(seen).toEqual(['a/', 'b', 'c/', 'd & <e>']);
    expect(whole.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['a/', 'c/']);
    expect(below.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([
      ['a/1', 3],
      ['a/2', 3],
    ]);
  });

  it('deletes many keys at once, also ones that are not there', async () => {
    const { sandbox, s3 } = await withBucket();
    for (const Key of ['a', ' b ', 'c&<']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));

    const { Deleted, Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: ' b ' }, { Key: 'c&<' }, { Key: 'gone' }] } }),
    );

    expect(Deleted?.map(({ Key }) => Key)).toEqual([' b ', 'c&<', 'gone']);
    expect(Errors ?? []).toEqual([]);
    expect(sandbox.s3.objects(Bucket).map(({ key }) => key)).toEqual(['a']);
  });
});

describe('versioning', () => {
  it('keeps every version and marks deletion', async () => {
    const { s3 } = await withBucket();
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'before versioning' }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const second = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'second' }));
    const deleted = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));

    const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket }));

    expect(deleted.DeleteMarker).toBe(true);
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [second.VersionId, false],
      ['null', false],
    ]);
    expect(DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([[deleted.VersionId, true]]);
    expect(await textOf(s3, 'k', second.VersionId)).toBe('second');
    expect(await textOf(s3, 'k', 'null')).toBe('before versioning');
    expect(await codeOf(textOf(s3, 'k'))).toBe('404 NoSuchKey');
  });

  it('brings a key back when its delete marker is deleted', async () => {
    const { s3 } = await withBucket();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'kept' }));
    const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));

    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }));

    expect(await textOf(s3, 'k')).toBe('kept');
  });

  it('walks through all versions page by page', async () => {
    const { s3 } = await withBucket();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    for (const Key of ['a', 'a', 'a', 'b']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));

    const seen: (string | undefined)[] = [];
    let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (marker !== undefined) {
      const page: Awaited<ReturnType<typeof listVersions>> = await listVersions(s3, marker);
      seen.push(...(page.Versions ?? []).map(({ VersionId }) => VersionId));
      marker =
        page.NextKeyMarker === undefined
          ? undefined
          : { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker ?? '' };
    }

    expect(seen).toHaveLength(4);
    expect(new Set(seen).size).toBe(4);
  });
});

function listVersions(s3: S3Client, marker: { KeyMarker?: string; VersionIdMarker?: string }) {
  return s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1, ...marker }));
}

describe('deleting a bucket', () => {
  it('refuses while anything is in it, old versions and markers included', async () => {
    const { s3 } = await withBucket();
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const put = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    expect(await codeOf(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('409 BucketNotEmpty');
    const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    expect(await codeOf(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('409 BucketNotEmpty');

    for (const { VersionId } of [put, marker]) await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }));
    await s3.send(new DeleteBucketCommand({ Bucket }));

    expect(await codeOf(s3.send(new DeleteBucketCommand({ Bucket })))).toBe('404 NoSuchBucket');
  });
});
