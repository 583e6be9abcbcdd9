/** Bytes of a mail as they come in, held once however large it gets. */
export type MailBody = {
  readonly add: (chunk: Uint8Array) => void;
  /** Everything added; nothing may be added any more. */
  readonly complete: () => Uint8Array;
  /** Gives the memory back. */
  readonly discard: () => void;
};

/** What headers that SES and its actions put in front may need. */
const ROOM_BYTES = 16 * 1024;
const SMALL_BYTES = 256 * 1024;
const GROWTH_BYTES = 1024 * 1024;

/** Where the first byte in use lies, for buffers that have room in front of it. */
const fronts = new WeakMap<ArrayBufferLike, number>();

/**
 * Collects a mail of at most `maxBytes`. A large one grows in place, in a buffer that leaves room for what
 * {@link withBytesInFront} adds: neither its end nor a new header makes a second copy.
 */
export function createMailBody(maxBytes: number): MailBody {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  let large: ArrayBuffer | undefined;

  const append = (target: ArrayBuffer, chunk: Uint8Array): void => {
    const end = ROOM_BYTES + bytes + chunk.byteLength;
    if (end > target.byteLength) target.resize(Math.min(end + GROWTH_BYTES, target.maxByteLength));
    new Uint8Array(target, ROOM_BYTES + bytes).set(chunk);
    bytes += chunk.byteLength;
  };
  const moveToLarge = (): ArrayBuffer => {
    // Only pages that were written take memory; the rest is an address.
    const target = new ArrayBuffer(ROOM_BYTES, { maxByteLength: ROOM_BYTES + maxBytes });
    const small = chunks;
    chunks = [];
    bytes = 0;
    for (const chunk of small) append(target, chunk);
    return target;
  };

  return {
    add: (chunk) => {
      if (large === undefined && bytes + chunk.byteLength <= SMALL_BYTES) {
        chunks.push(chunk);
        bytes += chunk.byteLength;
        return;
      }
      large ??= moveToLarge();
      append(large, chunk);
    },
    complete: () => {
      if (large === undefined) return Buffer.concat(chunks, bytes);
      large.resize(ROOM_BYTES + bytes);
      fronts.set(large, ROOM_BYTES);
      return Buffer.from(large, ROOM_BYTES, bytes);
    },
    discard: () => {
      chunks = [];
      large?.resize(0);
    },
  };
}

/** The same bytes with others in front, in place where there is room; what `bytes` shows does not change. */
export function withBytesInFront(bytes: Uint8Array, front: Uint8Array): Uint8Array {
  const start = bytes.byteOffset - front.byteLength;
  // Somebody who put something in front of the very same bytes before has used the room.
  if (fronts.get(bytes.buffer) !== bytes.byteOffset || start < 0) return Buffer.concat([front, bytes]);
  fronts.set(bytes.buffer, start);
  const grown = Buffer.from(bytes.buffer, start, front.byteLength + bytes.byteLength);
  grown.set(front);
  return grown;
}
