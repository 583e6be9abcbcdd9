import { notImplemented } from './aws-error.ts';
import type { Bucket } from './s3-buckets.ts';
import type { ObjectVersion } from './s3-objects.ts';
import type { Call } from './service.ts';
import { element, textAt } from './wire/xml.ts';

type Headers = Readonly<Record<string, string>>;

const KEPT_HEADERS = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
];

/** Sent with an object these would change what it is; the sandbox says that it lacks them instead of dropping them. */
const REFUSED_HEADERS = ['x-amz-tagging', 'x-amz-object-lock-mode', 'x-amz-server-side-encryption-customer-algorithm'];

export function refuseHeaders(operation: string, call: Call): void {
  const refused = REFUSED_HEADERS.find((name) => call.headers[name] !== undefined);
  if (refused !== undefined) throw notImplemented(`s3:${operation} with ${refused}`);
}

/** What is stored beside a body and comes back with it. */
export function headersToKeep(call: Call, bucket: Bucket): Headers {
  return { ...keptHeaders(call), ...encryptionHeaders(call, bucket) };
}

function keptHeaders(call: Call): Headers {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(call.headers)) {
    if (KEPT_HEADERS.includes(name) || name.startsWith('x-amz-meta-')) kept[name] = value;
  }
  const encoding = (kept['content-encoding'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== 'aws-chunked');
  if (encoding.length > 0) kept['content-encoding'] = encoding.join(',');
  else delete kept['content-encoding'];
  return kept;
}

/** As asked for with the object, else as the bucket is set; nothing is really encrypted in memory. */
export function encryptionHeaders(call: Call, bucket: Bucket): Headers {
  const byDefault = element(bucket.encryption, 'Rule', 'ApplyServerSideEncryptionByDefault');
  const asked = call.headers['x-amz-server-side-encryption'];
  const algorithm = asked ?? textAt(byDefault, 'SSEAlgorithm') ?? 'AES256';
  const keyId =
    call.headers['x-amz-server-side-encryption-aws-kms-key-id'] ??
    (asked === undefined ? textAt(byDefault, 'KMSMasterKeyID') : undefined);
  return {
    'x-amz-server-side-encryption': algorithm,
    ...(keyId === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': keyId }),
  };
}

/** The headers about encryption among those kept. */
export function encryptionOf(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('x-amz-server-side-encryption')),
  );
}

export function versionHeader(bucket: Bucket, { versionId }: ObjectVersion): Headers {
  return bucket.versioning === undefined ? {} : { 'x-amz-version-id': versionId };
}

/** An ETag without its quotes. */
export function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}
