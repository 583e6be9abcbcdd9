import { closeSync, ftruncateSync, openSync, readSync, renameSync, fsyncSync, fstatSync, writevSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { History, HistoryEntry } from './history.ts';

/** An entry as read back. Its bytes are read only when asked for. */
export type StoredEntry = { readonly entry: HistoryEntry; readonly bytes: () => Buffer; readonly sizeBytes: number };

export type HistoryFile = History & {
  /** Everything written so far, oldest first. */
  readonly entries: () => Iterable<StoredEntry>;
  /** What the last process had begun to write when it ended; it was never acknowledged to anybody. */
  readonly droppedBytes: number;
  /** Writes the file anew with these entries alone; whole or not at all. */
  readonly rewrite: (kept: Iterable<StoredEntry>) => void;
  readonly close: () => void;
};

/** Lengths of entry and bytes, and a checksum over both. */
const FRAME_BYTES = 12;

type Frame = { readonly startsAt: number; readonly entryBytes: number; readonly bodyBytes: number };

/**
 * Opens a file that only ever grows at its end: an entry in JSON, its bytes behind it. A process that dies in the middle
 * leaves an incomplete frame at the end, which is cut off here. Written without fsync: it outlives the process, not the
 * machine.
 *
 * @throws when a frame is complete and does not fit its checksum: the file was changed by somebody else
 */
export function openHistoryFile(path: string): HistoryFile {
  let fd = openSync(path, 'a+', 0o600);
  let endsAt = fstatSync(fd).size;
  let broken: Error | undefined;

  const write = (target: number, entry: HistoryEntry, bytes: Uint8Array): number => {
    const json = Buffer.from(JSON.stringify(entry));
    const head = Buffer.alloc(FRAME_BYTES);
    head.writeUInt32LE(json.length, 0);
    head.writeUInt32LE(bytes.byteLength, 4);
    head.writeUInt32LE(crc32(bytes, crc32(json)), 8);
    const size = FRAME_BYTES + json.length + bytes.byteLength;
    const written = writevSync(target, [head, json, bytes]);
    if (written < size) throw new Error(`only ${written} of ${size} bytes could be written`);
    return size;
  };
  const readAt = (position: number, length: number): Buffer => {
    const buffer = Buffer.allocUnsafe(length);
    for (let read = 0; read < length;) {
      const got = readSync(fd, buffer, read, length - read, position + read);
      if (got === 0) throw new Error(`${path} ends within an entry.`);
      read += got;
    }
    return buffer;
  };
  const frameAt = (startsAt: number): Frame | undefined => {
    if (startsAt + FRAME_BYTES > endsAt) return undefined;
    const head = readAt(startsAt, FRAME_BYTES);
    const frame = { startsAt, entryBytes: head.readUInt32LE(0), bodyBytes: head.readUInt32LE(4) };
    return startsAt + sizeOf(frame) > endsAt ? undefined : frame;
  };
  const read = (frame: Frame): StoredEntry => {
    const { startsAt, entryBytes, bodyBytes } = frame;
    const json = readAt(startsAt + FRAME_BYTES, entryBytes);
    const bytes = (): Buffer => {
      const body = readAt(startsAt + FRAME_BYTES + entryBytes, bodyBytes);
      if (crc32(body, crc32(json)) !== readAt(startsAt + 8, 4).readUInt32LE(0)) {
        throw new Error(
          `${path} is damaged at byte ${startsAt}: it was changed by something else than the sandbox. ` +
            'Take another --data-dir, or remove this one to start afresh.',
        );
      }
      return body;
    };
    if (bodyBytes === 0) bytes();
    return { entry: JSON.parse(json.toString()) as HistoryEntry, bytes, sizeBytes: sizeOf(frame) };
  };
  const lastWhole = (): number => {
    let at = 0;
    for (let frame = frameAt(at); frame !== undefined; frame = frameAt(at)) at += sizeOf(frame);
    return at;
  };

  /** Half an entry is the end of the history for the next start; without it there is a chance to go on behind. */
  const cutAt = (size: number): void => {
    try {
      ftruncateSync(fd, size);
    } catch {
      // Then the next start cuts it off.
    }
  };
  const append = (entry: HistoryEntry, bytes: Uint8Array = NO_BYTES): void => {
    if (broken !== undefined) throw broken;
    try {
      endsAt += write(fd, entry, bytes);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      broken = new Error(`${path} cannot be written (${why}): make room and start the sandbox again.`, {
        cause: error,
      });
      cutAt(endsAt);
      throw broken;
    }
  };

  const whole = lastWhole();
  const droppedBytes = endsAt - whole;
  if (droppedBytes > 0) ftruncateSync(fd, whole);
  endsAt = whole;

  return {
    droppedBytes,
    *entries() {
      const until = endsAt;
      for (let at = 0; at < until;) {
        const frame = frameAt(at);
        if (frame === undefined) return;
        yield read(frame);
        at += sizeOf(frame);
      }
    },
    append,
    note: (entry) => {
      try {
        append(entry);
      } catch {
        // Whoever has to know is told by the next thing that must not be lost.
      }
    },
    rewrite: (kept) => {
      const temporary = openSync(`${path}.new`, 'w', 0o600);
      let size = 0;
      for (const { entry, bytes } of kept) size += write(temporary, entry, bytes());
      fsyncSync(temporary);
      closeSync(temporary);
      renameSync(`${path}.new`, path);
      closeSync(fd);
      fd = openSync(path, 'a+', 0o600);
      endsAt = size;
    },
    close: () => {
      broken = new Error(`${path} is closed.`);
      closeSync(fd);
    },
  };
}

const NO_BYTES = new Uint8Array();

function sizeOf({ entryBytes, bodyBytes }: Frame): number {
  return FRAME_BYTES + entryBytes + bodyBytes;
}
