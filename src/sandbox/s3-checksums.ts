import { createHash } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import type { Call } from './service.ts';
import { crc32Of, crc32cOf, crc64NvmeOf } from './wire/crc.ts';

/** The algorithms S3 knows, by the end of their header's name. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
const ALGORITHMS: Readonly<Record<string, (body: Uint8Array) => Buffer>> = {
  crc32: crc32Of,
  crc32c: crc32cOf,
  crc64nvme: crc64NvmeOf,
  sha1: (body) => createHash('sha1').update(body).digest(),
  sha256: (body) => createHash('sha256').update(body).digest(),
};

/** Checksums sent with a body, verified. They are given back as they came. */
export function checksumsOf(call: Call): Readonly<Record<string, string>> {
  const md5 = call.headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(call.body).digest('base64')) {
    throw new AwsError(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  const sent = Object.entries(call.headers).filter(([name]) => algorithmOf(name) in ALGORITHMS);
  for (const [name, value] of sent) {
    const algorithm = algorithmOf(name);
    if (ALGORITHMS[algorithm]?.(call.body).toString('base64') === value) continue;
    const message = `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`;
    throw new AwsError(400, 'BadDigest', message);
  }
  return Object.fromEntries(sent);
}

/** The checksum of checksums that stands for an object uploaded in parts: `<base64>-<parts>`. */
export function compositeChecksum(header: string, ofParts: readonly string[]): string | undefined {
  const digest = ALGORITHMS[algorithmOf(header)]?.(Buffer.concat(ofParts.map((each) => Buffer.from(each, 'base64'))));
  return digest === undefined ? undefined : `${digest.toString('base64')}-${ofParts.length}`;
}

/** As members of an XML answer: `x-amz-checksum-sha256` is `ChecksumSHA256`. */
export function checksumElements(checksums: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(checksums).map(([header, value]) => [checksumElement(header), value]));
}

export function checksumElement(header: string): string {
  return `Checksum${algorithmOf(header).toUpperCase()}`;
}

function algorithmOf(header: string): string {
  return header.startsWith('x-amz-checksum-') ? header.slice('x-amz-checksum-'.length) : '';
}
