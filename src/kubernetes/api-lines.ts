const NEWLINE = 0x0a;

/**
 * Lines of a stream of bytes, however they are cut into chunks: also in the middle of a character. An unfinished last
 * line is left out: a watch sends whole ones, so the connection broke, and the event will be sent again.
 * @throws {LineTooLongError} so that a broken server cannot fill the memory
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, maxLineBytes: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      parts.push(rest.subarray(0, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      bytes = 0;
      rest = rest.subarray(end + 1);
      if (line.trim() !== '') yield line;
    }
    parts.push(rest);
    bytes += rest.length;
    if (bytes > maxLineBytes) throw new LineTooLongError(`A line is longer than ${maxLineBytes} bytes`);
  }
}

export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}
