/** One entry of a zip's table of contents, as it stands there. */
export type ZipEntry = {
  readonly name: string;
  /** 0 is stored, 8 is deflated. */
  readonly method: number;
  readonly isEncrypted: boolean;
  /** Made on Unix, and of another kind than a file or a folder. */
  readonly isSpecial: boolean;
  readonly crc32: number;
  readonly storedBytes: number;
  readonly unzippedBytes: number;
  /** Where the bytes are, without the header in front of them. */
  readonly data: Uint8Array;
};

/** Why a zip cannot be taken, as it follows "the zip"; undefined where it just cannot be read. */
export type ZipDirectory =
  | { readonly ok: true; readonly entries: readonly ZipEntry[] }
  | { readonly ok: false; readonly why: string | undefined };

const END = 0x06054b50;
const END_BYTES = 22;
const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;

const ENCRYPTED = 1;
/** Sizes come after the data, so the header in front of it may have none. */
const SIZES_AFTER = 8;
const UTF8 = 0x800;

const UNIX = 3;
const FILE_TYPE = 0o170_000;
const ORDINARY = [0, 0o100_000, 0o040_000];

/**
 * Reads a zip strictly: the table of contents ends the file, and each entry has bytes of its own that bear out what the
 * table says. What two unzippers could read in two ways is refused, since one of them is Lambda's.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export function readZipDirectory(bytes: Uint8Array): ZipDirectory {
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const endAt = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (endAt < 0 || endAt + END_BYTES > zip.length || zip.readUInt32LE(endAt) !== END) return unreadable();
  const [disk, count, size, start, comment] = [
    zip.readUInt16LE(endAt + 4),
    zip.readUInt16LE(endAt + 10),
    zip.readUInt32LE(endAt + 12),
    zip.readUInt32LE(endAt + 16),
    zip.readUInt16LE(endAt + 20),
  ];
  if (count === 0xffff || size === 0xffff_ffff || start === 0xffff_ffff) return refused('is in the zip64 format');
  if (disk !== 0 || count !== zip.readUInt16LE(endAt + 8)) return refused('is one part of several');
  if (endAt + END_BYTES + comment !== zip.length) return refused('has something behind its end');
  if (start + size !== endAt) return refused('has a table of contents that is not where it says');

  const entries: ZipEntry[] = [];
  const taken: { readonly from: number; readonly to: number }[] = [];
  let at = start;
  for (let index = 0; index < count; index += 1) {
    if (at + CENTRAL_BYTES > endAt || zip.readUInt32LE(at) !== CENTRAL) return unreadable();
    const nameBytes = zip.readUInt16LE(at + 28);
    const next = at + CENTRAL_BYTES + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    if (next > endAt) return unreadable();
    const flags = zip.readUInt16LE(at + 8);
    const rawName = zip.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes);
    const name = rawName.toString((flags & UTF8) === 0 ? 'latin1' : 'utf8');
    const found = {
      name,
      method: zip.readUInt16LE(at + 10),
      isEncrypted: (flags & ENCRYPTED) !== 0,
      isSpecial: zip[at + 5] === UNIX && !ORDINARY.includes((zip.readUInt32LE(at + 38) >>> 16) & FILE_TYPE),
      crc32: zip.readUInt32LE(at + 16),
      storedBytes: zip.readUInt32LE(at + 20),
      unzippedBytes: zip.readUInt32LE(at + 24),
    };
    const local = zip.readUInt32LE(at + 42);
    const told = JSON.stringify(name);
    if ([found.storedBytes, found.unzippedBytes, local].includes(0xffff_ffff)) return refused('is in the zip64 format');
    if (local + LOCAL_BYTES > start || zip.readUInt32LE(local) !== LOCAL)
      return refused(`has no data for ${told} where it says`);
    const localName = zip.readUInt16LE(local + 26);
    const dataAt = local + LOCAL_BYTES + localName + zip.readUInt16LE(local + 28);
    const dataEnd = dataAt + found.storedBytes;
    if (dataEnd > start) return refused(`has less data for ${told} than it says`);
    if (!zip.subarray(local + LOCAL_BYTES, local + LOCAL_BYTES + localName).equals(rawName))
      return refused(`calls ${told} otherwise in another place`);
    const isTold = (zip.readUInt16LE(local + 6) & SIZES_AFTER) === 0;
    if (
      zip.readUInt16LE(local + 8) !== found.method ||
      (isTold &&
        (zip.readUInt32LE(local + 14) !== found.crc32 ||
          zip.readUInt32LE(local + 18) !== found.storedBytes ||
          zip.readUInt32LE(local + 22) !== found.unzippedBytes))
    )
      return refused(`says two things about ${told}`);
    taken.push({ from: local, to: dataEnd });
    entries.push({ ...found, data: bytes.subarray(dataAt, dataEnd) });
    at = next;
  }
  if (at !== endAt) return refused('has more in its table of contents than it counts');
  taken.sort((a, b) => a.from - b.from);
  if (taken.some(({ to }, index) => to > (taken[index + 1]?.from ?? start)))
    return refused('has entries that lie over each other');
  return { ok: true, entries };
}

const unreadable = (): ZipDirectory => ({ ok: false, why: undefined });
const refused = (why: string): ZipDirectory => ({ ok: false, why });
