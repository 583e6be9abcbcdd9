import { AwsError } from './aws-error.ts';
import type { BucketRequest } from './s3-bucket-settings.ts';
import type { ObjectVersion } from './s3-objects.ts';
import { xmlReply } from './s3-reply.ts';
import type { Reply } from './service.ts';
import type { XmlValue } from './wire/xml.ts';

/** One page of a listing: what lies directly below the prefix, and the "folders" the delimiter makes of the rest. */
type Page<T> = {
  readonly items: readonly T[];
  readonly folders: readonly string[];
  /** The last item or folder of the page when more follow. */
  readonly last: { readonly key: string; readonly versionId: string | undefined } | undefined;
};

type Listed = { readonly key: string; readonly versionId: string };

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export function listObjectsV2({ call, bucket }: BucketRequest): Reply {
  const { query } = call;
  const token = query.get('continuation-token');
  const startAfter = token === null ? query.get('start-after') : decodeToken(token);
  const all = bucket.objects.current().filter(({ key }) => startAfter === null || isBehind(key, startAfter, query));
  const page = pageOf(all, query);
  const show = encoderOf(query);
  return xmlReply('ListBucketResult', {
    Name: bucket.name,
    ...echoed(query),
    KeyCount: page.items.length + page.folders.length,
    IsTruncated: page.last !== undefined,
    ContinuationToken: token ?? undefined,
    StartAfter: query.get('start-after') ?? undefined,
    NextContinuationToken: page.last === undefined ? undefined : Buffer.from(page.last.key).toString('base64url'),
    Contents: page.items.map((version) => ({ Key: show(version.key), ...described(version) })),
    CommonPrefixes: page.folders.map((folder) => ({ Prefix: show(folder) })),
  });
}

/** The older listing, which older tools use. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export function listObjects({ call, bucket }: BucketRequest): Reply {
  const { query } = call;
  const marker = query.get('marker') ?? '';
  const all = bucket.objects.current().filter(({ key }) => marker === '' || isBehind(key, marker, query));
  const page = pageOf(all, query);
  const show = encoderOf(query);
  return xmlReply('ListBucketResult', {
    Name: bucket.name,
    ...echoed(query),
    Marker: show(marker),
    IsTruncated: page.last !== undefined,
    // Without a delimiter the last key of the page is the next marker, and S3 does not say so again.
    NextMarker: page.last === undefined || !query.has('delimiter') ? undefined : show(page.last.key),
    Contents: page.items.map((version) => ({ Key: show(version.key), ...described(version) })),
    CommonPrefixes: page.folders.map((folder) => ({ Prefix: show(folder) })),
  });
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export function listObjectVersions({ call, bucket }: BucketRequest): Reply {
  const { query } = call;
  const keyMarker = query.get('key-marker') ?? '';
  const versionMarker = query.get('version-id-marker');
  const versions = bucket.objects.versions();
  const at = versions.findIndex(({ key, versionId }) => key === keyMarker && versionId === versionMarker);
  const rest =
    at === -1
      ? versions.filter(({ key }) => keyMarker === '' || isBehind(key, keyMarker, query))
      : versions.slice(at + 1);
  const page = pageOf(rest, query);
  const show = encoderOf(query);
  const entry = (version: ObjectVersion): Readonly<Record<string, XmlValue>> => ({
    Key: show(version.key),
    VersionId: version.versionId,
    IsLatest: bucket.objects.get(version.key)?.versionId === version.versionId,
    ...described(version),
  });
  return xmlReply('ListVersionsResult', {
    Name: bucket.name,
    ...echoed(query),
    KeyMarker: show(keyMarker),
    VersionIdMarker: versionMarker ?? '',
    IsTruncated: page.last !== undefined,
    NextKeyMarker: page.last === undefined ? undefined : show(page.last.key),
    NextVersionIdMarker: page.last?.versionId,
    Version: page.items.filter(({ content }) => content !== undefined).map(entry),
    DeleteMarker: page.items.filter(({ content }) => content === undefined).map(entry),
    CommonPrefixes: page.folders.map((folder) => ({ Prefix: show(folder) })),
  });
}

function pageOf<T extends Listed>(sorted: readonly T[], query: URLSearchParams): Page<T> {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const limit = maxKeysOf(query);
  const items: T[] = [];
  const folders: string[] = [];
  let last: Page<T>['last'];
  for (const item of sorted) {
    if (!item.key.startsWith(prefix)) continue;
    const folder = folderOf(item.key, prefix, delimiter);
    if (folder !== undefined && folders.at(-1) === folder) continue;
    if (items.length + folders.length === limit) return { items, folders, last: limit === 0 ? undefined : last };
    if (folder === undefined) items.push(item);
    else folders.push(folder);
    last = folder === undefined ? { key: item.key, versionId: item.versionId } : { key: folder, versionId: undefined };
  }
  return { items, folders, last: undefined };
}

function folderOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end === -1 ? undefined : key.slice(0, end + delimiter.length);
}

/** Behind a marker that is a folder lies only what is outside of it. */
function isBehind(key: string, marker: string, query: URLSearchParams): boolean {
  const delimiter = query.get('delimiter') ?? '';
  if (delimiter !== '' && marker.endsWith(delimiter) && key.startsWith(marker)) return false;
  return Buffer.compare(Buffer.from(key), Buffer.from(marker)) > 0;
}

function described({ content, lastModifiedMs }: ObjectVersion): Readonly<Record<string, XmlValue>> {
  const lastModified = { LastModified: new Date(lastModifiedMs).toISOString() };
  if (content === undefined) return lastModified;
  return {
    ...lastModified,
    ETag: `"${content.etag}"`,
    ChecksumAlgorithm: Object.keys(content.checksums).map((header) =>
      header.slice('x-amz-checksum-'.length).toUpperCase(),
    ),
    Size: content.body.length,
    StorageClass: 'STANDARD',
  };
}

function echoed(query: URLSearchParams): Readonly<Record<string, XmlValue>> {
  const show = encoderOf(query);
  const delimiter = query.get('delimiter');
  return {
    Prefix: show(query.get('prefix') ?? ''),
    Delimiter: delimiter === null ? undefined : show(delimiter),
    MaxKeys: maxKeysOf(query),
    EncodingType: query.get('encoding-type') ?? undefined,
  };
}

/** Keys may hold characters XML cannot; a client asks for `encoding-type=url` to see them all. */
function encoderOf(query: URLSearchParams): (key: string) => string {
  if (query.get('encoding-type') !== 'url') return (key) => key;
  return (key) => encodeURIComponent(key).replaceAll('%2F', '/');
}

function maxKeysOf(query: URLSearchParams): number {
  const text = query.get('max-keys') ?? '1000';
  const limit = Number(text);
  if (text === '' || !Number.isInteger(limit) || limit < 0) {
    throw new AwsError(400, 'InvalidArgument', 'Provided max-keys not an integer or within integer range');
  }
  return Math.min(limit, 1000);
}

function decodeToken(token: string): string {
  return Buffer.from(token, 'base64url').toString('utf8');
}
