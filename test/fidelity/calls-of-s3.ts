import * as s3Client from '@aws-sdk/client-s3';
import { callsOf } from './script.ts';
import { ACCOUNT, policyOf, REGION } from '../sandbox/support/running-sandbox.ts';

const s3 = callsOf('s3', s3Client);
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
  s3('CreateBucket', 'that is new', { Bucket, CreateBucketConfiguration }),
  s3('CreateBucket', 'that is one’s own already', { Bucket, CreateBucketConfiguration }),
  s3('CreateBucket', 'with a name too short', { Bucket: 'ab', CreateBucketConfiguration }),
  s3('CreateBucket', 'in an unknown region', {
    Bucket: 'fidelity-x',
    CreateBucketConfiguration: { LocationConstraint: 'xx' as never },
  }),
  s3('HeadBucket', 'that is there', { Bucket }),
  s3('HeadBucket', 'that is missing', missing),
  s3('GetBucketLocation', 'of a bucket', { Bucket }),
  s3('ListBuckets', 'all', {}),
];

const settings = [
  s3('GetBucketTagging', 'unset', { Bucket }),
  s3('PutBucketTagging', 'two', {
    Bucket,
    Tagging: {
      TagSet: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    },
  }),
  s3('GetBucketTagging', 'two', { Bucket }),
  s3('PutBucketTagging', 'reserved', { Bucket, Tagging: { TagSet: [{ Key: 'aws:x', Value: '1' }] } }),
  s3('PutBucketTagging', 'twice the same', {
    Bucket,
    Tagging: {
      TagSet: [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
    },
  }),
  s3('DeleteBucketTagging', 'of a bucket', { Bucket }),
  s3('GetBucketPolicy', 'unset', { Bucket }),
  s3('PutBucketPolicy', 'that lets SES in', { Bucket, Policy: POLICY }),
  s3('GetBucketPolicy', 'as it was put', { Bucket }),
  s3('DeleteBucketPolicy', 'of a bucket', { Bucket }),
  s3('GetPublicAccessBlock', 'of a new bucket', { Bucket }),
  s3('PutPublicAccessBlock', 'all on', {
    Bucket,
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
  }),
  s3('GetPublicAccessBlock', 'all on', { Bucket }),
  s3('DeletePublicAccessBlock', 'of a bucket', { Bucket }),
  s3('GetPublicAccessBlock', 'unset', { Bucket }),
  s3('GetBucketOwnershipControls', 'of a new bucket', { Bucket }),
  s3('PutBucketOwnershipControls', 'enforced', {
    Bucket,
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
  }),
  s3('GetBucketOwnershipControls', 'enforced', { Bucket }),
  s3('DeleteBucketOwnershipControls', 'of a bucket', { Bucket }),
  s3('GetBucketOwnershipControls', 'unset', { Bucket }),
  s3('GetBucketEncryption', 'of a new bucket', { Bucket }),
  s3('PutBucketEncryption', 'by S3', {
    Bucket,
    ServerSideEncryptionConfiguration: {
      Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }],
    },
  }),
  s3('GetBucketEncryption', 'by S3', { Bucket }),
  s3('DeleteBucketEncryption', 'of a bucket', { Bucket }),
  s3('GetBucketLifecycleConfiguration', 'unset', { Bucket }),
  s3('PutBucketLifecycleConfiguration', 'one rule', {
    Bucket,
    LifecycleConfiguration: { Rules: [...LIFECYCLE.Rules] },
  }),
  s3('GetBucketLifecycleConfiguration', 'one rule', { Bucket }),
  s3('DeleteBucketLifecycle', 'of a bucket', { Bucket }),
  s3('GetBucketVersioning', 'unset', { Bucket }),
  s3('GetBucketVersioning', 'of a missing bucket', missing),
];

const Key = 'in/mail one.eml';

const objects = [
  s3('PutObject', 'with type and metadata', {
    Bucket,
    Key,
    Body: 'first',
    ContentType: 'message/rfc822',
    Metadata: { origin: 'test' },
  }),
  s3('PutObject', 'of a missing bucket', { ...missing, Key, Body: 'x' }),
  s3('GetObject', 'whole', { Bucket, Key }),
  s3('GetObject', 'a range', { Bucket, Key, Range: 'bytes=1-3' }),
  s3('GetObject', 'a range behind its end', { Bucket, Key, Range: 'bytes=9-' }),
  s3('GetObject', 'that is missing', { Bucket, Key: 'missing' }),
  s3('GetObject', 'if it changed', { Bucket, Key, IfMatch: '"0"' }),
  s3('HeadObject', 'that is there', { Bucket, Key }),
  s3('HeadObject', 'that is missing', { Bucket, Key: 'missing' }),
  s3('CopyObject', 'to another key', { Bucket, Key: 'done/copy.eml', CopySource: `${Bucket}/in/mail%20one.eml` }),
  s3('CopyObject', 'onto itself', { Bucket, Key, CopySource: `${Bucket}/in/mail%20one.eml` }),
  s3('CopyObject', 'of a missing key', { Bucket, Key: 'x', CopySource: `${Bucket}/missing` }),
  s3('ListObjectsV2', 'by prefix', { Bucket, Prefix: 'in/' }),
  s3('ListObjectsV2', 'by folder', { Bucket, Delimiter: '/' }),
  s3('ListObjectsV2', 'one at a time', { Bucket, MaxKeys: 1, StartAfter: 'done/copy.eml' }),
  s3('ListObjectsV2', 'of a missing bucket', missing),
  s3('ListObjects', 'by folder', { Bucket, Delimiter: '/' }),
];

const uploads = [
  s3(
    'CreateMultipartUpload',
    'an upload',
    { Bucket, Key: 'parts' },
    {
      uploadId: 'UploadId',
    },
  ),
  s3(
    'UploadPart',
    'the only part',
    (memory) => ({ Bucket, Key: 'parts', UploadId: memory.get('uploadId'), PartNumber: 1, Body: 'part' }),
    {
      partTag: 'ETag',
    },
  ),
  s3('UploadPart', 'of no upload', { Bucket, Key: 'parts', UploadId: 'none', PartNumber: 1, Body: 'part' }),
  s3('ListParts', 'of an upload', (memory) => ({ Bucket, Key: 'parts', UploadId: memory.get('uploadId') })),
  s3('ListMultipartUploads', 'of a bucket', { Bucket }),
  s3('CompleteMultipartUpload', 'with a part that never came', (memory) => ({
    Bucket,
    Key: 'parts',
    UploadId: memory.get('uploadId'),
    MultipartUpload: { Parts: [{ PartNumber: 2, ETag: '"0"' }] },
  })),
  s3('CompleteMultipartUpload', 'of its part', (memory) => ({
    Bucket,
    Key: 'parts',
    UploadId: memory.get('uploadId'),
    MultipartUpload: { Parts: [{ PartNumber: 1, ETag: memory.get('partTag') }] },
  })),
  s3('HeadObject', 'in one part', { Bucket, Key: 'parts' }),
  s3('AbortMultipartUpload', 'that is over', (memory) => ({ Bucket, Key: 'parts', UploadId: memory.get('uploadId') })),
];

const versions = [
  s3('PutBucketVersioning', 'on', { Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  s3('GetBucketVersioning', 'on', { Bucket }),
  s3(
    'PutObject',
    'a second version',
    { Bucket, Key, Body: 'second' },
    {
      versionId: 'VersionId',
    },
  ),
  s3('DeleteObject', 'leaving a marker', { Bucket, Key }),
  s3('GetObject', 'behind a marker', { Bucket, Key }),
  s3('GetObject', 'by version', (memory) => ({ Bucket, Key, VersionId: memory.get('versionId') })),
  s3('ListObjectVersions', 'of one key', { Bucket, Prefix: 'in/' }),
  s3('DeleteObject', 'that is missing', { Bucket, Key: 'missing' }),
  s3('DeleteObjects', 'several', { Bucket, Delete: { Objects: [{ Key: 'parts' }, { Key: 'missing' }] } }),
  s3('DeleteBucket', 'that is not empty', { Bucket }),
  s3('DeleteBucket', 'that is missing', missing),
  s3('CreateBucket', 'another', { Bucket: 'fidelity-empty', CreateBucketConfiguration }),
  s3('DeleteBucket', 'that is empty', { Bucket: 'fidelity-empty' }),
];

// What one of the two takes and the other refuses comes last, so that nothing later stands on it.
const refusals = [
  s3('CreateBucket', 'with a bad name', { Bucket: 'Fidelity_Mail', CreateBucketConfiguration }),
  s3('PutObject', 'over one that is there, only if none is', {
    Bucket,
    Key: 'done/copy.eml',
    Body: 'x',
    IfNoneMatch: '*',
  }),
  s3('PutObject', 'with a wrong checksum', { Bucket, Key: 'done/copy.eml', Body: 'x', ChecksumSHA256: 'AAAA' }),
  s3('PutObject', 'with a wrong MD5', {
    Bucket,
    Key: 'done/copy.eml',
    Body: 'x',
    ContentMD5: 'rL0Y20zC+Fzt72VPzMSk2A==',
  }),
  s3('PutBucketPolicy', 'that is no JSON', { Bucket, Policy: 'no json' }),
];

/** A bucket from its creation to its end. */
export const S3_CALLS = [...buckets, ...settings, ...objects, ...uploads, ...versions, ...refusals];
