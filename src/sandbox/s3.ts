import { AwsError, notImplemented, shapeOf } from './aws-error.ts';
import { roleIsThere, type RoleBook } from './iam-roles.ts';
import { admit } from './s3-admission.ts';
import { createS3Access, type S3Access } from './s3-access.ts';
import { settingOperations, type BucketOperation } from './s3-bucket-settings.ts';
import { copyObject } from './s3-copy.ts';
import { createBucketBook, type Bucket, type BucketBook } from './s3-buckets.ts';
import { createBucket } from './s3-create-bucket.ts';
import { listObjects, listObjectsV2, listObjectVersions } from './s3-listing.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
} from './s3-multipart.ts';
import { deleteObject, deleteObjects, putObject, readObject, type ObjectRequest } from './s3-object-operations.ts';
import { emptyReply, errorReply, xmlReply } from './s3-reply.ts';
import { ACTIONS, addressOf, operationOf, type S3OperationName } from './s3-request.ts';
import { homeOf, type Call, type Reply, type S3Door, type SandboxContext, type Service } from './service.ts';

/** S3 of all accounts: the wire service, what other services may ask, and readers for tests and the journal. */
export type S3 = { readonly service: Service; readonly door: S3Door; readonly reader: S3Reader };

/** Looks into buckets without being judged. */
export type S3Reader = {
  /** Those of the sandbox's own account. */
  readonly buckets: () => readonly { readonly name: string; readonly region: string }[];
  /** Current objects, by key; none for a bucket that does not exist. */
  readonly objects: (bucket: string) => readonly StoredObject[];
  readonly readObject: (bucket: string, key: string, versionId?: string) => Uint8Array | undefined;
  /** A name taken by somebody else's account, as happens on AWS. */
  readonly seedForeignBucket: (name: string, region?: string) => void;
};

type StoredObject = {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly lastModifiedMs: number;
};

const FOREIGN_ACCOUNT = '999999999999';

/** Buckets and objects in memory; ACLs, notifications and the rest answer NotImplemented. */
export function createS3(context: SandboxContext, iam: { readonly roles: Pick<RoleBook, 'judge' | 'byArn'> }): S3 {
  const book = createBucketBook(context);
  const access = createS3Access(context, iam.roles);
  const principalExists = (principal: string): boolean => roleIsThere(iam.roles, principal);

  return {
    service: s3Service(book, access, principalExists),
    door: {
      bucketExists: (bucket) => book.find(bucket) !== undefined,
      putAs: (principal, name, key, body) => {
        const bucket = book.find(name);
        if (bucket === undefined) return { ok: false, reason: 'NoSuchBucket', why: `there is no bucket ${name}` };
        const verdict = access.inBucket({ principal, bucket, action: 's3:PutObject', key });
        if (verdict.decision !== 'allow') return { ok: false, reason: 'AccessDenied', why: verdict.why };
        bucket.objects.put({ key, body }, bucket.versioning);
        return { ok: true };
      },
    },
    reader: {
      buckets: () => book.list(context.account).map(({ name, region }) => ({ name, region })),
      objects: (bucket) => (book.find(bucket)?.objects.current() ?? []).map(storedObject),
      readObject: (bucket, key, versionId) => book.find(bucket)?.objects.get(key, versionId)?.content?.body,
      seedForeignBucket: (name, region = 'us-east-1') => {
        if (book.find(name) !== undefined) throw new Error(`The bucket ${name} exists already.`);
        book.add({ name, account: FOREIGN_ACCOUNT, region });
      },
    },
  };
}

function storedObject(version: ReturnType<Bucket['objects']['current']>[number]): StoredObject {
  const { key, lastModifiedMs, content } = version;
  return { key, sizeBytes: content.body.length, etag: content.etag, lastModifiedMs };
}

function s3Service(book: BucketBook, access: S3Access, principalExists: (arn: string) => boolean): Service {
  const onBucket = bucketOperations(book, access, principalExists);
  const onObject = objectOperations(book, access);

  const route = (call: Call): Reply => {
    const address = addressOf(call);
    if (address === undefined) throw new AwsError(400, 'InvalidURI', "Couldn't parse the specified URI.");
    const operation = operationOf(call, address);
    if (!operation.known) throw notImplemented(`s3:${operation.name}`);
    const { name } = operation;
    const bucketName = address.bucket ?? '';
    if (name === 'ListBuckets' || name === 'CreateBucket') {
      const { decision } = access.inAccount(call.principal, ACTIONS[name], address.bucket);
      if (decision !== 'allow') throw new AwsError(403, 'AccessDenied', 'Access Denied');
      const { account } = homeOf(call);
      if (name === 'ListBuckets') return listBuckets(call, book, account);
      return createBucket(call, bucketName, book, account);
    }

    const bucket = book.get(bucketName);
    admit({ name, call, bucket, key: address.key, access });
    return isBucketOperation(name)
      ? onBucket[name]({ call, bucket })
      : onObject[name]({ call, bucket, key: address.key ?? '' });
  };

  const withIds = (call: Call, reply: Reply): Reply => ({
    ...reply,
    headers: { 'x-amz-request-id': call.requestId, 'x-amz-id-2': call.requestId, ...reply.headers },
  });

  return {
    signingName: 's3',
    operations: Object.keys(ACTIONS).map((name) => `s3:${name}`),
    operationOf: (call) => {
      const address = addressOf(call);
      return address === undefined ? 's3:Unknown' : `s3:${operationOf(call, address).name}`;
    },
    refuse: (call, error) => withIds(call, errorReply(call, error)),
    handle: async (call) => {
      try {
        return withIds(call, route(call));
      } catch (error) {
        return withIds(call, errorReply(call, shapeOf(error)));
      }
    },
  };
}

type ObjectOperationName = (typeof OBJECT_OPERATIONS)[number];
type BucketOperationName = Exclude<S3OperationName, ObjectOperationName | 'ListBuckets' | 'CreateBucket'>;

const OBJECT_OPERATIONS = [
  'PutObject',
  'GetObject',
  'HeadObject',
  'DeleteObject',
  'CopyObject',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'ListParts',
] as const satisfies readonly S3OperationName[];

function isBucketOperation(name: ObjectOperationName | BucketOperationName): name is BucketOperationName {
  return !(OBJECT_OPERATIONS as readonly string[]).includes(name);
}

function objectOperations(
  book: BucketBook,
  access: S3Access,
): Readonly<Record<ObjectOperationName, (request: ObjectRequest) => Reply>> {
  return {
    PutObject: putObject,
    GetObject: readObject,
    HeadObject: readObject,
    DeleteObject: deleteObject,
    CopyObject: (request) => copyObject(request, { book, access }),
    CreateMultipartUpload: createMultipartUpload,
    UploadPart: uploadPart,
    CompleteMultipartUpload: completeMultipartUpload,
    AbortMultipartUpload: abortMultipartUpload,
    ListParts: listParts,
  };
}

function bucketOperations(
  book: BucketBook,
  access: S3Access,
  principalExists: (arn: string) => boolean,
): Readonly<Record<BucketOperationName, BucketOperation>> {
  return {
    ...settingOperations(principalExists),
    HeadBucket: ({ bucket }) =>
      emptyReply(200, { 'x-amz-bucket-region': bucket.region, 'x-amz-access-point-alias': 'false' }),
    DeleteBucket: ({ bucket }) => {
      book.remove(bucket.name);
      return emptyReply(204);
    },
    GetBucketLocation: ({ bucket }) => locationReply(bucket),
    ListObjects: listObjects,
    ListObjectsV2: listObjectsV2,
    ListObjectVersions: listObjectVersions,
    ListMultipartUploads: listMultipartUploads,
    DeleteObjects: (request) => deleteObjects({ ...request, access }),
  };
}

function locationReply(bucket: Bucket): Reply {
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
  const region = bucket.region === 'us-east-1' ? '' : bucket.region;
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="${namespace}">${region}</LocationConstraint>`,
  };
}

function listBuckets(call: Call, book: BucketBook, account: string): Reply {
  const prefix = call.query.get('prefix') ?? '';
  const region = call.query.get('bucket-region');
  const after = call.query.get('continuation-token') ?? '';
  const limit = Number(call.query.get('max-buckets') ?? '10000');
  if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) {
    throw new AwsError(400, 'InvalidArgument', 'max-buckets must be between 1 and 10000');
  }
  const found = book
    .list(account)
    .filter(
      (bucket) =>
        bucket.name.startsWith(prefix) && bucket.name > after && (region === null || bucket.region === region),
    );
  const page = found.slice(0, limit);
  return xmlReply('ListAllMyBucketsResult', {
    Owner: { ID: account },
    Buckets: {
      Bucket: page.map((bucket) => ({
        Name: bucket.name,
        CreationDate: new Date(bucket.createdAtMs).toISOString(),
        BucketRegion: bucket.region,
      })),
    },
    ContinuationToken: found.length > page.length ? page.at(-1)?.name : undefined,
    Prefix: prefix === '' ? undefined : prefix,
  });
}
