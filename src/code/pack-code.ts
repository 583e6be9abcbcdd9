import { createHash } from 'node:crypto';
import { zipSync, type Zippable } from 'fflate';
import type { FunctionCode } from '../core/function-code.ts';
import { checkUnzippedSize, checkZippedSize } from './code-limits.ts';
import { checkEntryNames } from './entry-names.ts';
import { helperLibraryFiles, wantsHelperLibrary } from './helper-library.ts';

export type ZipCode = FunctionCode & { readonly kind: 'zip' };

export type PackOptions = {
  /** Identifier of the Lambda runtime; decides whether the helper library is added. */
  readonly runtime: string;
};

const UNIX = 3;
const REGULAR_FILE = 0o100_000;

/**
 * Packs files (name in the function's folder → content) into a zip that is a pure function of names and contents:
 * sorted, mode 0644 (0755 for `bootstrap`, which Lambda executes), one fixed time. The helper library is added for a
 * Node.js runtime when the code names `ses-lambda-pipeline/lambda` and does not bring it.
 *
 * @throws {PipelineError} class `invalid`, when a name or a size is not allowed
 */
export function packCode(files: ReadonlyMap<string, Uint8Array>, { runtime }: PackOptions): ZipCode {
  checkEntryNames(files.keys());
  const all = wantsHelperLibrary(files, runtime) ? new Map([...files, ...helperLibraryFiles()]) : files;
  checkUnzippedSize(
    files.size,
    [...all.values()].reduce((sum, bytes) => sum + bytes.length, 0),
  );

  // fflate writes the local clock's reading, so a date made of local parts is the same in every time zone.
  const mtime = new Date(1980, 0, 1, 12);
  const entries: Zippable = {};
  for (const [name, bytes] of [...all].sort(byName))
    entries[name] = [bytes, { mtime, os: UNIX, attrs: ((REGULAR_FILE | modeOf(name)) << 16) >>> 0 }];
  return zipCode(zipSync(entries));
}

/** A zip with the hash that Lambda will report for it. @throws {PipelineError} when it is too large to be sent */
export function zipCode(bytes: Uint8Array): ZipCode {
  checkZippedSize(bytes.length);
  return { kind: 'zip', bytes, sha256: createHash('sha256').update(bytes).digest('base64') };
}

function modeOf(name: string): number {
  return name === 'bootstrap' ? 0o755 : 0o644;
}

// Not localeCompare: its order depends on the machine's locale.
function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
