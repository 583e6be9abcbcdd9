import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { invalidValue } from './lambda-error.ts';
import { zip } from './wire/packages.ts';
import { executableNames } from './wire/zip-modes.ts';

const MAX_UNZIPPED_BYTES = 250 * 1024 * 1024;

/** What GetFunction reports as CodeSha256. */
export function codeSha256(zipped: Uint8Array): string {
  return createHash('sha256').update(zipped).digest('base64');
}

/** Refuses what is no zip, unpacks to more than Lambda takes, or reaches out of its own folder. */
export function checkZip(zipped: Uint8Array): void {
  unpack(zipped);
}

/** Unpacks the code, if there is any, into a private folder of its own, programs as such; `remove` deletes it. */
export async function extractZip(
  zipped: Uint8Array | undefined,
): Promise<{ readonly folder: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'ses-lambda-pipeline-sandbox-'));
  const executable = zipped === undefined ? new Set() : executableNames(zipped);
  for (const [name, content] of Object.entries(zipped === undefined ? {} : unpack(zipped))) {
    const target = join(folder, name);
    if (name.endsWith('/')) {
      await mkdir(target, { recursive: true });
      continue;
    }
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content, { mode: executable.has(name) ? 0o755 : 0o644 });
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

function unpack(zipped: Uint8Array): Record<string, Uint8Array> {
  let bytes = 0;
  const filter = ({ name, originalSize }: { name: string; originalSize: number }): boolean => {
    bytes += originalSize;
    if (bytes > MAX_UNZIPPED_BYTES) {
      throw invalidValue(`Unzipped size must be smaller than ${MAX_UNZIPPED_BYTES} bytes`);
    }
    if (leavesFolder(name)) throw invalidValue(`Could not unzip uploaded file: the entry ${name} lies outside of it.`);
    return true;
  };
  try {
    return zip().unzipSync(zipped, { filter });
  } catch (error) {
    if (error instanceof Error && error.name === 'AwsError') throw error;
    throw invalidValue('Could not unzip uploaded file. Please check your file, then try to upload again.');
  }
}

function leavesFolder(name: string): boolean {
  const path = normalize(name.replaceAll('\\', '/'));
  return (
    isAbsolute(path) ||
    /^[a-zA-Z]:/.test(path) ||
    path === '..' ||
    path.startsWith(`..${sep}`) ||
    path.includes('\u0000')
  );
}
