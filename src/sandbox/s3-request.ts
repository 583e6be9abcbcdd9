import type { Call } from './service.ts';

/** Which bucket and key a request is about, from the path or from the Host header. */
export type S3Address = { readonly bucket: string | undefined; readonly key: string | undefined };

/**
 * Path style (`/BUCKET/KEY`) and virtual-host style (`BUCKET.localhost`, `BUCKET.s3.REGION.amazonaws.com`). Undefined
 * when the path is not valid percent-encoding.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function addressOf(call: Pick<Call, 'path' | 'headers'>): S3Address | undefined {
  const path = decoded(call.path.replace(/^\//, ''));
  if (path === undefined) return undefined;
  const hostBucket = bucketOfHost(call.headers['host'] ?? '');
  if (hostBucket !== undefined) return { bucket: hostBucket, key: path === '' ? undefined : path };
  const slash = path.indexOf('/');
  const bucket = slash === -1 ? path : path.slice(0, slash);
  const key = slash === -1 ? '' : path.slice(slash + 1);
  return { bucket: bucket === '' ? undefined : bucket, key: key === '' ? undefined : key };
}

function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const s3 = /^(?:(.+)\.)?s3(?:[.-][a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|localhost)$/.exec(name);
  if (s3 !== null) return s3[1];
  return /^(.+)\.localhost$/.exec(name)?.[1]?.replace(/^s3$/, '') || undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

type Verbs = Readonly<Partial<Record<string, S3OperationName>>>;

/** What the sandbox's S3 can do, by the SDK's names. */
export type S3OperationName = keyof typeof ACTIONS;

/**
 * The IAM action behind each operation; most bear its name, these do not all.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
export const ACTIONS = {
  ListBuckets: 's3:ListAllMyBuckets',
  CreateBucket: 's3:CreateBucket',
  HeadBucket: 's3:ListBucket',
  DeleteBucket: 's3:DeleteBucket',
  GetBucketLocation: 's3:GetBucketLocation',
  PutBucketTagging: 's3:PutBucketTagging',
  GetBucketTagging: 's3:GetBucketTagging',
  DeleteBucketTagging: 's3:PutBucketTagging',
  PutBucketPolicy: 's3:PutBucketPolicy',
  GetBucketPolicy: 's3:GetBucketPolicy',
  DeleteBucketPolicy: 's3:DeleteBucketPolicy',
  PutPublicAccessBlock: 's3:PutBucketPublicAccessBlock',
  GetPublicAccessBlock: 's3:GetBucketPublicAccessBlock',
  DeletePublicAccessBlock: 's3:PutBucketPublicAccessBlock',
  PutBucketOwnershipControls: 's3:PutBucketOwnershipControls',
  GetBucketOwnershipControls: 's3:GetBucketOwnershipControls',
  DeleteBucketOwnershipControls: 's3:PutBucketOwnershipControls',
  PutBucketEncryption: 's3:PutEncryptionConfiguration',
  GetBucketEncryption: 's3:GetEncryptionConfiguration',
  DeleteBucketEncryption: 's3:PutEncryptionConfiguration',
  PutBucketVersioning: 's3:PutBucketVersioning',
  GetBucketVersioning: 's3:GetBucketVersioning',
  PutBucketLifecycleConfiguration: 's3:PutLifecycleConfiguration',
  GetBucketLifecycleConfiguration: 's3:GetLifecycleConfiguration',
  DeleteBucketLifecycle: 's3:PutLifecycleConfiguration',
  ListObjects: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
  ListObjectVersions: 's3:ListBucketVersions',
  DeleteObjects: 's3:DeleteObject',
  PutObject: 's3:PutObject',
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  DeleteObject: 's3:DeleteObject',
  CopyObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
} as const;

const ON_BUCKET: Verbs = { PUT: 'CreateBucket', GET: 'ListObjects', HEAD: 'HeadBucket', DELETE: 'DeleteBucket' };
const ON_OBJECT: Verbs = { PUT: 'PutObject', GET: 'GetObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' };

/** By the query parameter that names the sub-resource of a bucket. */
const ON_PART_OF_BUCKET: Readonly<Record<string, Verbs>> = {
  location: { GET: 'GetBucketLocation' },
  tagging: { PUT: 'PutBucketTagging', GET: 'GetBucketTagging', DELETE: 'DeleteBucketTagging' },
  policy: { PUT: 'PutBucketPolicy', GET: 'GetBucketPolicy', DELETE: 'DeleteBucketPolicy' },
  publicAccessBlock: { PUT: 'PutPublicAccessBlock', GET: 'GetPublicAccessBlock', DELETE: 'DeletePublicAccessBlock' },
  ownershipControls: {
    PUT: 'PutBucketOwnershipControls',
    GET: 'GetBucketOwnershipControls',
    DELETE: 'DeleteBucketOwnershipControls',
  },
  encryption: { PUT: 'PutBucketEncryption', GET: 'GetBucketEncryption', DELETE: 'DeleteBucketEncryption' },
  versioning: { PUT: 'PutBucketVersioning', GET: 'GetBucketVersioning' },
  lifecycle: {
    PUT: 'PutBucketLifecycleConfiguration',
    GET: 'GetBucketLifecycleConfiguration',
    DELETE: 'DeleteBucketLifecycle',
  },
  versions: { GET: 'ListObjectVersions' },
  'list-type': { GET: 'ListObjectsV2' },
  delete: { POST: 'DeleteObjects' },
  uploads: { GET: 'ListMultipartUploads' },
};

/** By the query parameter that names the sub-resource of an object. */
const ON_PART_OF_OBJECT: Readonly<Record<string, Verbs>> = {
  uploads: { POST: 'CreateMultipartUpload' },
  uploadId: {
    PUT: 'UploadPart',
    GET: 'ListParts',
    POST: 'CompleteMultipartUpload',
    DELETE: 'AbortMultipartUpload',
  },
};

/** What the sandbox lacks, by the parameter that names it: so that a refusal says `s3:GetBucketAcl`. */
const LACKING: Readonly<Record<string, string>> = {
  accelerate: 'AccelerateConfiguration',
  acl: 'Acl',
  attributes: 'Attributes',
  cors: 'Cors',
  inventory: 'InventoryConfiguration',
  'legal-hold': 'LegalHold',
  logging: 'Logging',
  metrics: 'MetricsConfiguration',
  notification: 'NotificationConfiguration',
  'object-lock': 'ObjectLockConfiguration',
  policyStatus: 'PolicyStatus',
  replication: 'Replication',
  requestPayment: 'RequestPayment',
  restore: 'Restore',
  retention: 'Retention',
  tagging: 'Tagging',
  website: 'Website',
};

/** Parameters that refine an operation; any other names a sub-resource. */
const REFINEMENTS = new Set([
  'x-id',
  'prefix',
  'delimiter',
  'max-keys',
  'marker',
  'max-parts',
  'part-number-marker',
  'max-uploads',
  'upload-id-marker',
  'continuation-token',
  'start-after',
  'encoding-type',
  'fetch-owner',
  'key-marker',
  'version-id-marker',
  'versionId',
  'bucket-region',
  'max-buckets',
]);

/** The operation, or how to name what is not there. A sub-resource the sandbox lacks never passes for a plain request. */
export function operationOf(
  call: Pick<Call, 'method' | 'query' | 'headers'>,
  address: S3Address,
): { readonly known: true; readonly name: S3OperationName } | { readonly known: false; readonly name: string } {
  const subResource = call.query.has('uploadId')
    ? 'uploadId'
    : [...call.query.keys()].find(
        (name) => !REFINEMENTS.has(name) && !name.startsWith('X-Amz-') && !name.startsWith('response-'),
      );
  const name = nameOf(call, address, subResource);
  if (name !== undefined) return { known: true, name };
  const level = address.bucket === undefined ? 'Service' : address.key === undefined ? 'Bucket' : 'Object';
  const verb = `${call.method.slice(0, 1)}${call.method.slice(1).toLowerCase()}`;
  const part = subResource === undefined ? '' : (LACKING[subResource] ?? `-${subResource}`);
  return { known: false, name: `${verb}${level}${part}` };
}

function nameOf(
  call: Pick<Call, 'method' | 'headers'>,
  { bucket, key }: S3Address,
  subResource: string | undefined,
): S3OperationName | undefined {
  if (bucket === undefined) return call.method === 'GET' && subResource === undefined ? 'ListBuckets' : undefined;
  if (key !== undefined) {
    const verbs = subResource === undefined ? ON_OBJECT : ON_PART_OF_OBJECT[subResource];
    const name = verbs?.[call.method];
    if (call.headers['x-amz-copy-source'] === undefined) return name;
    return name === 'PutObject' ? 'CopyObject' : undefined;
  }
  return subResource === undefined ? ON_BUCKET[call.method] : ON_PART_OF_BUCKET[subResource]?.[call.method];
}
