import { AwsError, notImplemented } from './aws-error.ts';
import type { S3Access } from './s3-access.ts';
import { admit } from './s3-admission.ts';
import type { Bucket, BucketBook } from './s3-buckets.ts';
import { checksumElements } from './s3-checksums.ts';
import { noSuchKey, noSuchVersion, preconditionFailed, refuseLongKey } from './s3-object-errors.ts';
import {
  encryptionHeaders,
  encryptionOf,
  headersToKeep,
  refuseHeaders,
  unquoted,
  versionHeader,
} from './s3-object-headers.ts';
import type { ObjectRequest } from './s3-object-operations.ts';
import type { ObjectContent, ObjectVersion } from './s3-objects.ts';
import { xmlReply } from './s3-reply.ts';
import type { Call, Reply } from './service.ts';

type Source = {
  readonly bucket: Bucket;
  readonly key: string;
  readonly version: ObjectVersion;
  readonly content: ObjectContent;
};

/**
 * CopyObject: reads with the caller's right to read, writes with its right to write.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function copyObject(
  request: ObjectRequest,
  from: { readonly book: BucketBook; readonly access: S3Access },
): Reply {
  const { call, bucket, key } = request;
  refuseLongKey(key);
  refuseHeaders('CopyObject', call);
  if (call.headers['x-amz-tagging-directive'] === 'REPLACE') throw notImplemented('s3:CopyObject with tags');
  const source = sourceOf(call, from);
  const replaces = call.headers['x-amz-metadata-directive']?.toUpperCase() === 'REPLACE';
  const encrypts = call.headers['x-amz-server-side-encryption'] !== undefined;
  if (source.bucket === bucket && source.key === key && !replaces && !encrypts && !call.query.has('versionId')) {
    const isCurrent = bucket.objects.get(key)?.versionId === source.version.versionId;
    if (isCurrent) throw copyOntoItself();
  }
  const copied = Object.entries(source.content.headers).filter(
    ([name]) => !name.startsWith('x-amz-server-side-encryption'),
  );
  const headers = replaces
    ? headersToKeep(call, bucket)
    : { ...Object.fromEntries(copied), ...encryptionHeaders(call, bucket) };
  const put = bucket.objects.put(
    { key, body: source.content.body, headers, checksums: source.content.checksums },
    bucket.versioning,
  );
  const reply = xmlReply('CopyObjectResult', {
    ETag: `"${put.content.etag}"`,
    LastModified: new Date(put.lastModifiedMs).toISOString(),
    ...checksumElements(put.content.checksums),
  });
  const sourceVersion = versionHeader(source.bucket, source.version)['x-amz-version-id'];
  return {
    ...reply,
    headers: {
      ...reply.headers,
      ...encryptionOf(headers),
      ...versionHeader(bucket, put),
      ...(sourceVersion === undefined ? {} : { 'x-amz-copy-source-version-id': sourceVersion }),
    },
  };
}

function sourceOf(call: Call, { book, access }: { readonly book: BucketBook; readonly access: S3Access }): Source {
  const [path = '', query = ''] = (call.headers['x-amz-copy-source'] ?? '').split('?');
  const decoded = decode(path.replace(/^\//, ''));
  const slash = decoded?.indexOf('/') ?? -1;
  if (decoded === undefined || slash < 1 || slash === decoded.length - 1) {
    throw new AwsError(
      400,
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      {
        ArgumentName: 'x-amz-copy-source',
      },
    );
  }
  const key = decoded.slice(slash + 1);
  const bucket = book.get(decoded.slice(0, slash));
  const asRead = { ...call, query: new URLSearchParams(query), headers: {}, region: bucket.region };
  admit({ name: 'GetObject', call: asRead, bucket, key, access });
  const versionId = asRead.query.get('versionId') ?? undefined;
  const version = bucket.objects.get(key, versionId);
  if (version === undefined && versionId !== undefined) throw noSuchVersion(key, versionId);
  if (version?.content === undefined) throw noSuchKey(key);
  checkConditions(call, version.content);
  return { bucket, key, version, content: version.content };
}

function checkConditions(call: Call, { etag }: ObjectContent): void {
  const match = call.headers['x-amz-copy-source-if-match'];
  const noneMatch = call.headers['x-amz-copy-source-if-none-match'];
  if (match !== undefined && unquoted(match) !== etag) throw preconditionFailed();
  if (noneMatch !== undefined && unquoted(noneMatch) === etag) throw preconditionFailed();
}

function copyOntoItself(): AwsError {
  const message =
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
  return new AwsError(400, 'InvalidRequest', message);
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
