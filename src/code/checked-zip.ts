import { unzipSync } from 'fflate';
import { checkUnzippedSize, checkZippedSize, invalidCode } from './code-limits.ts';
import { checkEntryName, checkEntryNames } from './entry-names.ts';
import { zipCode, type ZipCode } from './pack-code.ts';

export type CheckedZip = { readonly code: ZipCode; readonly fileNames: readonly string[] };

/** Ratio of unzipped to zipped bytes above which a zip is a bomb rather than code. */
const RATIO_LIMIT = 200;
const RATIO_FREE_BYTES = 10 * 1024 * 1024;

/**
 * A zip made elsewhere, byte for byte, once its table of contents was checked. Nothing is inflated.
 *
 * @throws {PipelineError} class `invalid`, when it is no zip or holds what a function's code may not
 */
export function checkedZip(bytes: Uint8Array): CheckedZip {
  checkZippedSize(bytes.length);
  const names: string[] = [];
  let unzippedBytes = 0;
  for (const entry of contents(bytes)) {
    unzippedBytes += entry.unzippedBytes;
    if (entry.name.endsWith('/')) checkEntryName(entry.name.slice(0, -1));
    else names.push(entry.name);
  }
  checkEntryNames(names);
  checkUnzippedSize(names.length, unzippedBytes);
  if (unzippedBytes > Math.max(RATIO_FREE_BYTES, bytes.length * RATIO_LIMIT))
    throw invalidCode(`The zip would grow to more than ${RATIO_LIMIT} times its size; pack the code anew.`);
  return { code: zipCode(bytes), fileNames: names };
}

function contents(bytes: Uint8Array): { name: string; unzippedBytes: number }[] {
  const entries: { name: string; unzippedBytes: number }[] = [];
  try {
    unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        entries.push({ name, unzippedBytes: originalSize });
        return false;
      },
    });
  } catch (cause) {
    throw invalidCode('The file is not a zip that can be read; pack the code anew.', { cause });
  }
  return entries;
}
