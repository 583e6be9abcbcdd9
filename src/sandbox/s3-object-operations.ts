import { AwsError } from './aws-error.ts';
import type { S3Access } from './s3-access.ts';
import type { Bucket } from './s3-buckets.ts';
import { checksumsOf } from './s3-checksums.ts';
import { noSuchKey, noSuchVersion, preconditionFailed, refuseLongKey } from './s3-object-errors.ts';
import { encryptionOf, headersToKeep, refuseHeaders, unquoted, versionHeader } from './s3-object-headers.ts';
import type { ObjectContent } from './s3-objects.ts';
import { emptyReply, malformedXml, xmlBody, xmlReply } from './s3-reply.ts';
import type { Call, Reply } from './service.ts';
import { elements, textAt, type XmlValue } from './wire/xml.ts';

/** An operation on one key; whether the caller may do it is settled before. */
export type ObjectRequest = { readonly call: Call; readonly bucket: Bucket; readonly key: string };

const ENCRYPTED = { 'x-amz-server-side-encryption': 'AES256' };

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export function putObject({ call, bucket, key }: ObjectRequest): Reply {
  refuseLongKey(key);
  refuseHeaders('PutObject', call);
  const existing = bucket.objects.get(key)?.content;
  const unlessExists = call.headers['if-none-match'] === '*' && existing !== undefined;
  const ifSame = call.headers['if-match'];
  if (unlessExists || (ifSame !== undefined && unquoted(ifSame) !== existing?.etag)) throw preconditionFailed();

  const checksums = checksumsOf(call);
  const put = bucket.objects.put(
    { key, body: call.body, headers: headersToKeep(call, bucket), checksums },
    bucket.versioning,
  );
  return emptyReply(200, {
    etag: `"${put.content.etag}"`,
    ...encryptionOf(put.content.headers),
    ...checksums,
    ...versionHeader(bucket, put),
  });
}

/** GetObject and HeadObject: the same headers, and the whole body or the range asked for. */
export function readObject({ call, bucket, key }: ObjectRequest): Reply {
  const versionId = call.query.get('versionId') ?? undefined;
  const version = bucket.objects.get(key, versionId);
  if (version === undefined && versionId !== undefined) throw noSuchVersion(key, versionId);
  if (version?.content === undefined) throw noSuchKey(key);

  const { content } = version;
  const conditional = conditionsOf(call, content, version.lastModifiedMs);
  if (conditional !== undefined) return conditional;
  const range = rangeOf(call.headers['range'], content.body.length);
  const body = range === undefined ? content.body : content.body.subarray(range.start, range.end + 1);
  const overrides = [...call.query].filter(([name]) => name.startsWith('response-'));
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      'content-type': 'binary/octet-stream',
      ...ENCRYPTED,
      ...content.headers,
      ...Object.fromEntries(overrides.map(([name, value]) => [name.slice('response-'.length), value])),
      'content-length': String(body.length),
      'accept-ranges': 'bytes',
      etag: `"${content.etag}"`,
      'last-modified': new Date(version.lastModifiedMs).toUTCString(),
      ...(range === undefined ? {} : { 'content-range': `bytes ${range.start}-${range.end}/${content.body.length}` }),
      // A checksum is of the whole object: beside a part of it, clients would take it for a corruption.
      ...(range === undefined && call.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED'
        ? content.checksums
        : {}),
      ...versionHeader(bucket, version),
    },
    body,
  };
}

export function deleteObject({ call, bucket, key }: ObjectRequest): Reply {
  const versionId = call.query.get('versionId') ?? undefined;
  const removed = bucket.objects.remove(key, versionId, bucket.versioning);
  const isMarker = removed !== undefined && removed.content === undefined;
  return emptyReply(204, {
    ...(bucket.versioning !== undefined && removed !== undefined ? { 'x-amz-version-id': removed.versionId } : {}),
    ...(isMarker ? { 'x-amz-delete-marker': 'true' } : {}),
  });
}

/** Up to 1000 keys in one call; each is judged and answered on its own. */
export function deleteObjects(request: {
  readonly call: Call;
  readonly bucket: Bucket;
  readonly access: S3Access;
}): Reply {
  const { call, bucket } = request;
  const sent = xmlBody(call, 'Delete');
  checksumsOf(call);
  const wanted = elements(sent, 'Object');
  if (wanted.length === 0 || wanted.length > 1000) throw malformedXml('1 to 1000 Object elements are expected');
  const outcomes = wanted.map((each) =>
    deleteOne(request, textAt(each, 'Key') ?? '', textAt(each, 'VersionId') || undefined),
  );
  const quiet = textAt(sent, 'Quiet') === 'true';
  return xmlReply('DeleteResult', {
    Deleted: quiet ? [] : outcomes.flatMap((outcome) => (outcome.kind === 'deleted' ? [outcome.members] : [])),
    Error: outcomes.flatMap((outcome) => (outcome.kind === 'refused' ? [outcome.members] : [])),
  });

  function deleteOne({ access }: typeof request, key: string, versionId: string | undefined): DeleteOutcome {
    const action = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
    const verdict = access.inBucket({ principal: call.principal, bucket, action, key });
    if (verdict.decision !== 'allow') {
      return {
        kind: 'refused',
        members: { Key: key, VersionId: versionId, Code: 'AccessDenied', Message: 'Access Denied' },
      };
    }
    const removed = bucket.objects.remove(key, versionId, bucket.versioning);
    const isMarker = removed !== undefined && removed.content === undefined;
    return {
      kind: 'deleted',
      members: {
        Key: key,
        VersionId: versionId,
        DeleteMarker: isMarker ? true : undefined,
        DeleteMarkerVersionId: isMarker ? removed.versionId : undefined,
      },
    };
  }
}

type DeleteOutcome = { readonly kind: 'deleted' | 'refused'; readonly members: Readonly<Record<string, XmlValue>> };

function conditionsOf(call: Call, content: ObjectContent, lastModifiedMs: number): Reply | undefined {
  const match = call.headers['if-match'];
  if (match !== undefined && unquoted(match) !== content.etag && match !== '*') throw preconditionFailed();
  const noneMatch = call.headers['if-none-match'];
  if (noneMatch === undefined || unquoted(noneMatch) !== content.etag) return undefined;
  return emptyReply(304, { etag: `"${content.etag}"`, 'last-modified': new Date(lastModifiedMs).toUTCString() });
}

/** A single range; what is not one is ignored, as HTTP wants it. */
function rangeOf(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | undefined {
  const parts = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  const [, from = '', to = ''] = parts ?? [];
  if (parts === null || (from === '' && to === '')) return undefined;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (start > end) throw new AwsError(416, 'InvalidRange', 'The requested range is not satisfiable');
  return { start, end };
}
