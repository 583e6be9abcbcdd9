import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError } from './aws-error.ts';
import type { Call } from './service.ts';

/** Checksums sent with a body, verified where the sandbox can compute them. They are given back as they came. */
export function checksumsOf(call: Call): Readonly<Record<string, string>> {
  const md5 = call.headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(call.body).digest('base64')) {
    throw new AwsError(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const sent = Object.entries(call.headers).filter(
    ([name]) =>
      name.startsWith('x-amz-checksum-') &&
      !['x-amz-checksum-mode', 'x-amz-checksum-type', 'x-amz-checksum-algorithm'].includes(name),
  );
  for (const [name, value] of sent) {
    const algorithm = name.slice('x-amz-checksum-'.length);
    const computed = compute(algorithm, call.body);
    if (computed !== undefined && computed !== value) {
      const message = `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`;
      throw new AwsError(400, 'BadDigest', message);
    }
  }
  return Object.fromEntries(sent);
}

/** Undefined for an algorithm Node lacks (CRC32C, CRC64NVME). */
function compute(algorithm: string, body: Buffer): string | undefined {
  switch (algorithm) {
    case 'crc32': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc32(body));
      return bytes.toString('base64');
    }
    case 'sha1':
    case 'sha256':
      return createHash(algorithm).update(body).digest('base64');
    default:
      return undefined;
  }
}
