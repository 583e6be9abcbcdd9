/** A decoded `aws-chunked` body; `trailers` are the headers that came behind it (checksums). */
export type ChunkedBody = { readonly body: Buffer; readonly trailers: Readonly<Record<string, string>> };

/** True when the body is wrapped in S3's own chunks (SDK v3 does so to send a checksum behind the data). */
export function isAwsChunked(headers: Readonly<Record<string, string>>): boolean {
  const encoded = (headers['content-encoding'] ?? '').split(',').some((part) => part.trim() === 'aws-chunked');
  return encoded || (headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
}

/**
 * Takes the chunks apart; signatures are not checked. Undefined when the framing is broken.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export function decodeAwsChunked(raw: Buffer): ChunkedBody | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = raw.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = /^([0-9a-fA-F]{1,8})(?:;.*)?$/.exec(raw.toString('latin1', at, lineEnd))?.[1];
    if (size === undefined) return undefined;
    const start = lineEnd + 2;
    const length = Number.parseInt(size, 16);
    if (length === 0) return { body: Buffer.concat(parts), trailers: trailersOf(raw.toString('latin1', start)) };
    if (start + length + 2 > raw.length) return undefined;
    parts.push(raw.subarray(start, start + length));
    at = start + length + 2;
  }
}

function trailersOf(text: string): Record<string, string> {
  const trailers: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return trailers;
}
