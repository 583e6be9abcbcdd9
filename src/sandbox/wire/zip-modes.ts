const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const MADE_ON_UNIX = 3;

/**
 * The names in a zip whose files may be executed. Only a zip made on Unix says so, by the mode of each file.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT sections 4.3.12 and 4.4.15
 */
export function executableNames(zipped: Uint8Array): ReadonlySet<string> {
  const bytes = Buffer.from(zipped.buffer, zipped.byteOffset, zipped.byteLength);
  const names = new Set<string>();
  let at = directoryStart(bytes);
  while (at !== undefined && at + ENTRY_BYTES <= bytes.length && bytes.readUInt32LE(at) === DIRECTORY_ENTRY) {
    const nameBytes = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes);
    const mode = bytes.readUInt32LE(at + 38) >>> 16;
    if (bytes.readUInt8(at + 5) === MADE_ON_UNIX && (mode & 0o111) !== 0) names.add(name);
    at += ENTRY_BYTES + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return names;
}

/** The end of the directory is looked for from behind: a comment may follow it. */
function directoryStart(bytes: Buffer): number | undefined {
  for (let at = bytes.length - END_BYTES; at >= 0; at -= 1) {
    if (bytes.readUInt32LE(at) === END_OF_DIRECTORY) return bytes.readUInt32LE(at + 16);
  }
  return undefined;
}
