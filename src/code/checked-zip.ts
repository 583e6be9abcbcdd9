import { crc32, inflateRawSync } from 'node:zlib';
import { invalidSpec } from '../core/fault.ts';
import { checkUnzippedSize, checkZippedSize } from './code-limits.ts';
import { checkEntryName, checkEntryNames } from './entry-names.ts';
import { zipCode, type ZipCode } from './pack-code.ts';
import { readZipDirectory, type ZipEntry } from './zip-directory.ts';

export type CheckedZip = { readonly code: ZipCode; readonly fileNames: readonly string[] };

/** Ratio of unzipped to zipped bytes above which a zip is a bomb rather than code. */
const RATIO_LIMIT = 200;
const RATIO_FREE_BYTES = 10 * 1024 * 1024;

const STORED = 0;
const DEFLATED = 8;

/**
 * A zip made elsewhere, byte for byte, once it was checked: its table of contents first, with the sizes that it tells,
 * and then that each entry is what the table says, so that nothing is ever inflated beyond its limits.
 *
 * @throws {PipelineError} class `invalid`, when it is no zip or holds what a function's code may not
 */
export function checkedZip(bytes: Uint8Array): CheckedZip {
  checkZippedSize(bytes.length);
  const directory = readZipDirectory(bytes);
  if (!directory.ok)
    throw invalidSpec(
      directory.why === undefined
        ? 'The file is not a zip that can be read; pack the code anew.'
        : `The zip ${directory.why}; pack the code anew.`,
    );
  const { entries } = directory;
  for (const entry of entries) checkKind(entry);
  const files = entries.filter(({ name }) => !name.endsWith('/'));
  for (const { name } of entries) if (name.endsWith('/')) checkEntryName(name.slice(0, -1));
  checkEntryNames(files.map(({ name }) => name));
  const unzippedBytes = entries.reduce((sum, entry) => sum + entry.unzippedBytes, 0);
  checkUnzippedSize(files.length, unzippedBytes);
  if (unzippedBytes > Math.max(RATIO_FREE_BYTES, bytes.length * RATIO_LIMIT))
    throw invalidSpec(`The zip would grow to more than ${RATIO_LIMIT} times its size; pack the code anew.`);
  for (const entry of entries) checkContent(entry);
  return { code: zipCode(bytes), fileNames: files.map(({ name }) => name) };
}

function checkKind({ name, isEncrypted, isSpecial, method }: ZipEntry): void {
  const told = JSON.stringify(name);
  if (isEncrypted) throw invalidSpec(`${told} in the zip is encrypted, and Lambda has no password; pack it without.`);
  if (isSpecial)
    throw invalidSpec(`${told} in the zip is a link or a device; put the file itself there (zip without --symlinks).`);
  if (method !== STORED && method !== DEFLATED)
    throw invalidSpec(
      `${told} in the zip is packed by method ${method}, and Lambda knows deflate; pack the code anew.`,
    );
}

/** One entry at a time, and not a byte more than the table of contents says. */
function checkContent(entry: ZipEntry): void {
  const content = contentOf(entry);
  if (content?.length !== entry.unzippedBytes || crc32(content) !== entry.crc32)
    throw invalidSpec(
      `${JSON.stringify(entry.name)} in the zip is not what its table of contents says; pack the code anew.`,
    );
}

function contentOf({ method, data, unzippedBytes }: ZipEntry): Uint8Array | undefined {
  if (method === STORED) return data;
  try {
    // No limit of 0 is taken, and one byte more is enough to tell.
    return inflateRawSync(data, { maxOutputLength: unzippedBytes + 1 });
  } catch {
    return undefined;
  }
}
