import { crc32, deflateRawSync } from 'node:zlib';

/** What one of the two headers of an entry says; whatever is not given is true. */
type Header = Partial<{
  name: string;
  flags: number;
  method: number;
  crc: number;
  stored: number;
  unzipped: number;
  madeBy: number;
  mode: number;
  at: number;
  signature: number;
}>;

export type RawEntry = {
  readonly name: string;
  readonly text?: string;
  readonly deflate?: boolean;
  /** Bytes in place of the data. */
  readonly data?: Uint8Array;
  /** Bytes behind the data, such as a data descriptor. */
  readonly behind?: Uint8Array;
  readonly both?: Header;
  readonly local?: Header;
  readonly central?: Header;
};

type End = Partial<{ count: number; size: number; start: number; comment: string; disk: number }>;

/** A zip byte for byte, in which each header may lie. */
export function rawZip(
  entries: readonly RawEntry[],
  {
    end = {},
    before = '',
    behind = '',
    beforeEnd = '',
  }: { end?: End; before?: string; behind?: string; beforeEnd?: string } = {},
): Uint8Array {
  const parts: Buffer[] = [Buffer.from(before, 'latin1')];
  const table: Buffer[] = [];
  let at = parts[0]?.length ?? 0;
  for (const entry of entries) {
    const text = Buffer.from(entry.text ?? '');
    const truth = {
      name: entry.name,
      flags: 0x800,
      method: entry.deflate === true ? 8 : 0,
      crc: crc32(text),
      unzipped: text.length,
      madeBy: 3,
      mode: entry.name.endsWith('/') ? 0o040_755 : 0o100_644,
    };
    const data = Buffer.from(entry.data ?? (entry.deflate === true ? deflateRawSync(text) : text));
    const local = { ...truth, stored: data.length, signature: 0x04034b50, ...entry.both, ...entry.local };
    const central = { ...truth, stored: data.length, at, signature: 0x02014b50, ...entry.both, ...entry.central };
    const start = [bytes4(local.signature), bytes2(20), fields(local)];
    parts.push(...start, Buffer.from(local.name), data, Buffer.from(entry.behind ?? []));
    at = parts.reduce((sum, part) => sum + part.length, 0);
    table.push(
      bytes4(central.signature),
      Buffer.from([20, central.madeBy]),
      bytes2(20),
      fields(central),
      Buffer.alloc(6),
      bytes4((central.mode << 16) >>> 0),
      bytes4(central.at),
      Buffer.from(central.name),
    );
  }
  const size = Buffer.concat(table).length;
  const count = end.count ?? entries.length;
  const comment = Buffer.from(end.comment ?? '');
  const last = [bytes4(0x06054b50), bytes2(end.disk ?? 0), bytes2(0), bytes2(count), bytes2(count)];
  last.push(bytes4(end.size ?? size), bytes4(end.start ?? at), bytes2(comment.length), comment);
  return Buffer.concat([...parts, ...table, Buffer.from(beforeEnd, 'latin1'), ...last, Buffer.from(behind, 'latin1')]);
}

/** What both headers have in a row: flags to the lengths of name and extra field. */
function fields({
  flags,
  method,
  crc,
  stored,
  unzipped,
  name,
}: Required<Omit<Header, 'madeBy' | 'mode' | 'at' | 'signature'>>) {
  const numbers = [bytes2(flags), bytes2(method), bytes4(0x0021_6000), bytes4(crc), bytes4(stored), bytes4(unzipped)];
  return Buffer.concat([...numbers, bytes2(Buffer.byteLength(name)), bytes2(0)]);
}

export function bytes2(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function bytes4(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
