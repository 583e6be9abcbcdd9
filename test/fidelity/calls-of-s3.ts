import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
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
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  UploadPartCommand,
  type CreateMultipartUploadCommandOutput,
  type PutObjectCommandOutput,
  type UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import { callsOf } from './script.ts';
import { ACCOUNT, policyOf, REGION } from '../sandbox/support/running-sandbox.ts';

const s3 = callsOf('s3');
const Bucket = 'fidelity-mail';
const CreateBucketConfiguration = { LocationConstraint: REGION };
const missing = { Bucket: 'fidelity-missing' };
const POLICY = policyOf({
  Sid: 'AllowSes',
  Effect: 'Allow',
  Principal: { Service: 'ses.amazonaws.com' },
  Action: 's3:PutObject',
  Resource: `arn:aws:s3:::${Bucket}/*`,
  Condition: { StringEquals: { 'AWS:SourceAccount': ACCOUNT } },
});
const LIFECYCLE = {
  Rules: [{ ID: 'expire', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 30 } }],
} as const;

const buckets = [
  s3('that is new', () => new CreateBucketCommand({ Bucket, CreateBucketConfiguration })),
  s3('that is one’s own already', () => new CreateBucketCommand({ Bucket, CreateBucketConfiguration })),
  s3('with a name too short', () => new CreateBucketCommand({ Bucket: 'ab', CreateBucketConfiguration })),
  s3(
    'in an unknown region',
    () =>
      new CreateBucketCommand({
        Bucket: 'fidelity-x',
        CreateBucketConfiguration: { LocationConstraint: 'xx' as never },
      }),
  ),
  s3('that is there', () => new HeadBucketCommand({ Bucket })),
  s3('that is missing', () => new HeadBucketCommand(missing)),
  s3('of a bucket', () => new GetBucketLocationCommand({ Bucket })),
  s3('all', () => new ListBucketsCommand({})),
];

const settings = [
  s3('unset', () => new GetBucketTaggingCommand({ Bucket })),
  s3(
    'two',
    () =>
      new PutBucketTaggingCommand({
        Bucket,
        Tagging: {
          TagSet: [
            { Key: 'a', Value: '1' },
            { Key: 'b', Value: '2' },
          ],
        },
      }),
  ),
  s3('two', () => new GetBucketTaggingCommand({ Bucket })),
  s3('reserved', () => new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'aws:x', Value: '1' }] } })),
  s3(
    'twice the same',
    () =>
      new PutBucketTaggingCommand({
        Bucket,
        Tagging: {
          TagSet: [
            { Key: 'a', Value: '1' },
            { Key: 'a', Value: '2' },
          ],
        },
      }),
  ),
  s3('of a bucket', () => new DeleteBucketTaggingCommand({ Bucket })),
  s3('unset', () => new GetBucketPolicyCommand({ Bucket })),
  s3('that lets SES in', () => new PutBucketPolicyCommand({ Bucket, Policy: POLICY })),
  s3('as it was put', () => new GetBucketPolicyCommand({ Bucket })),
  s3('of a bucket', () => new DeleteBucketPolicyCommand({ Bucket })),
  s3('of a new bucket', () => new GetPublicAccessBlockCommand({ Bucket })),
  s3(
    'all on',
    () =>
      new PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          IgnorePublicAcls: true,
          BlockPublicPolicy: true,
          RestrictPublicBuckets: true,
        },
      }),
  ),
  s3('all on', () => new GetPublicAccessBlockCommand({ Bucket })),
  s3('of a bucket', () => new DeletePublicAccessBlockCommand({ Bucket })),
  s3('unset', () => new GetPublicAccessBlockCommand({ Bucket })),
  s3('of a new bucket', () => new GetBucketOwnershipControlsCommand({ Bucket })),
  s3(
    'enforced',
    () =>
      new PutBucketOwnershipControlsCommand({
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      }),
  ),
  s3('enforced', () => new GetBucketOwnershipControlsCommand({ Bucket })),
  s3('of a bucket', () => new DeleteBucketOwnershipControlsCommand({ Bucket })),
  s3('unset', () => new GetBucketOwnershipControlsCommand({ Bucket })),
  s3('of a new bucket', () => new GetBucketEncryptionCommand({ Bucket })),
  s3(
    'by S3',
    () =>
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }],
        },
      }),
  ),
  s3('by S3', () => new GetBucketEncryptionCommand({ Bucket })),
  s3('of a bucket', () => new DeleteBucketEncryptionCommand({ Bucket })),
  s3('unset', () => new GetBucketLifecycleConfigurationCommand({ Bucket })),
  s3(
    'one rule',
    () =>
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [...LIFECYCLE.Rules] } }),
  ),
  s3('one rule', () => new GetBucketLifecycleConfigurationCommand({ Bucket })),
  s3('of a bucket', () => new DeleteBucketLifecycleCommand({ Bucket })),
  s3('unset', () => new GetBucketVersioningCommand({ Bucket })),
  s3('of a missing bucket', () => new GetBucketVersioningCommand(missing)),
];

const Key = 'in/mail one.eml';

const objects = [
  s3(
    'with type and metadata',
    () =>
      new PutObjectCommand({ Bucket, Key, Body: 'first', ContentType: 'message/rfc822', Metadata: { origin: 'test' } }),
  ),
  s3('of a missing bucket', () => new PutObjectCommand({ ...missing, Key, Body: 'x' })),
  s3('whole', () => new GetObjectCommand({ Bucket, Key })),
  s3('a range', () => new GetObjectCommand({ Bucket, Key, Range: 'bytes=1-3' })),
  s3('a range behind its end', () => new GetObjectCommand({ Bucket, Key, Range: 'bytes=9-' })),
  s3('that is missing', () => new GetObjectCommand({ Bucket, Key: 'missing' })),
  s3('if it changed', () => new GetObjectCommand({ Bucket, Key, IfMatch: '"0"' })),
  s3('that is there', () => new HeadObjectCommand({ Bucket, Key })),
  s3('that is missing', () => new HeadObjectCommand({ Bucket, Key: 'missing' })),
  s3(
    'to another key',
    () => new CopyObjectCommand({ Bucket, Key: 'done/copy.eml', CopySource: `${Bucket}/in/mail%20one.eml` }),
  ),
  s3('onto itself', () => new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/in/mail%20one.eml` })),
  s3('of a missing key', () => new CopyObjectCommand({ Bucket, Key: 'x', CopySource: `${Bucket}/missing` })),
  s3('by prefix', () => new ListObjectsV2Command({ Bucket, Prefix: 'in/' })),
  s3('by folder', () => new ListObjectsV2Command({ Bucket, Delimiter: '/' })),
  s3('one at a time', () => new ListObjectsV2Command({ Bucket, MaxKeys: 1, StartAfter: 'done/copy.eml' })),
  s3('of a missing bucket', () => new ListObjectsV2Command(missing)),
  s3('by folder', () => new ListObjectsCommand({ Bucket, Delimiter: '/' })),
];

const uploads = [
  s3('an upload', () => new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }), {
    uploadId: (output: CreateMultipartUploadCommandOutput) => output.UploadId,
  }),
  s3(
    'the only part',
    (memory) =>
      new UploadPartCommand({ Bucket, Key: 'parts', UploadId: memory.get('uploadId'), PartNumber: 1, Body: 'part' }),
    {
      partTag: (output: UploadPartCommandOutput) => output.ETag,
    },
  ),
  s3(
    'of no upload',
    () => new UploadPartCommand({ Bucket, Key: 'parts', UploadId: 'none', PartNumber: 1, Body: 'part' }),
  ),
  s3('of an upload', (memory) => new ListPartsCommand({ Bucket, Key: 'parts', UploadId: memory.get('uploadId') })),
  s3('of a bucket', () => new ListMultipartUploadsCommand({ Bucket })),
  s3(
    'with a part that never came',
    (memory) =>
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: 'parts',
        UploadId: memory.get('uploadId'),
        MultipartUpload: { Parts: [{ PartNumber: 2, ETag: '"0"' }] },
      }),
  ),
  s3(
    'of its part',
    (memory) =>
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: 'parts',
        UploadId: memory.get('uploadId'),
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: memory.get('partTag') }] },
      }),
  ),
  s3('in one part', () => new HeadObjectCommand({ Bucket, Key: 'parts' })),
  s3(
    'that is over',
    (memory) => new AbortMultipartUploadCommand({ Bucket, Key: 'parts', UploadId: memory.get('uploadId') }),
  ),
];

const versions = [
  s3('on', () => new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })),
  s3('on', () => new GetBucketVersioningCommand({ Bucket })),
  s3('a second version', () => new PutObjectCommand({ Bucket, Key, Body: 'second' }), {
    versionId: (output: PutObjectCommandOutput) => output.VersionId,
  }),
  s3('leaving a marker', () => new DeleteObjectCommand({ Bucket, Key })),
  s3('behind a marker', () => new GetObjectCommand({ Bucket, Key })),
  s3('by version', (memory) => new GetObjectCommand({ Bucket, Key, VersionId: memory.get('versionId') })),
  s3('of one key', () => new ListObjectVersionsCommand({ Bucket, Prefix: 'in/' })),
  s3('that is missing', () => new DeleteObjectCommand({ Bucket, Key: 'missing' })),
  s3(
    'several',
    () => new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'parts' }, { Key: 'missing' }] } }),
  ),
  s3('that is not empty', () => new DeleteBucketCommand({ Bucket })),
  s3('that is missing', () => new DeleteBucketCommand(missing)),
  s3('another', () => new CreateBucketCommand({ Bucket: 'fidelity-empty', CreateBucketConfiguration })),
  s3('that is empty', () => new DeleteBucketCommand({ Bucket: 'fidelity-empty' })),
];

// What one of the two takes and the other refuses comes last, so that nothing later stands on it.
const refusals = [
  s3('with a bad name', () => new CreateBucketCommand({ Bucket: 'Fidelity_Mail', CreateBucketConfiguration })),
  s3(
    'over one that is there, only if none is',
    () => new PutObjectCommand({ Bucket, Key: 'done/copy.eml', Body: 'x', IfNoneMatch: '*' }),
  ),
  s3(
    'with a wrong checksum',
    () => new PutObjectCommand({ Bucket, Key: 'done/copy.eml', Body: 'x', ChecksumSHA256: 'AAAA' }),
  ),
  s3(
    'with a wrong MD5',
    () => new PutObjectCommand({ Bucket, Key: 'done/copy.eml', Body: 'x', ContentMD5: 'rL0Y20zC+Fzt72VPzMSk2A==' }),
  ),
  s3('that is no JSON', () => new PutBucketPolicyCommand({ Bucket, Policy: 'no json' })),
];

/** A bucket from its creation to its end. */
export const S3_CALLS = [...buckets, ...settings, ...objects, ...uploads, ...versions, ...refusals];
