import { promises as fs } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { invalidSpec } from '../core/fault.ts';
import { checkedZip } from '../code/checked-zip.ts';
import type { CodeContent } from '../code/code-content.ts';
import { checkUnzippedSize, checkZippedSize } from '../code/code-limits.ts';
import { fsMessage } from './fs-message.ts';

/**
 * Never part of a function. The links of `node_modules/.bin` start command-line tools; what Python leaves in
 * `__pycache__` holds times, and would make an update of each run.
 */
const SKIPPED = new Set(['.git', '.DS_Store', '__pycache__']);
const isSkipped = (folder: string, name: string): boolean =>
  SKIPPED.has(name) || (name === '.bin' && basename(folder) === 'node_modules');

/**
 * Reads what `code.path` names, relative to the folder of its manifest: a zip, one file under its base name, or all
 * files below a folder.
 *
 * @throws {PipelineError} class `invalid`: missing, a symbolic link, not a regular file, too large
 */
export async function readCodePath(baseFolder: string, path: string): Promise<CodeContent> {
  const target = resolve(baseFolder, path);
  const found = await inspect(target);
  if (found.kind === 'folder') return { kind: 'files', files: await readFolder(target) };
  if (!/\.zip$/i.test(target)) {
    checkUnzippedSize(1, found.sizeBytes);
    return { kind: 'files', files: new Map([[basename(target), await read(target)]]) };
  }
  checkZippedSize(found.sizeBytes);
  return { kind: 'zip', zip: checkedZip(await read(target)) };
}

async function readFolder(root: string): Promise<Map<string, Uint8Array>> {
  const found: { name: string; file: string }[] = [];
  let sizeBytes = 0;
  const walk = async (folder: string, prefix: string): Promise<void> => {
    for (const name of (await list(folder)).filter((name) => !isSkipped(folder, name)).sort()) {
      const file = join(folder, name);
      const entry = await inspect(file);
      if (entry.kind === 'folder') {
        await walk(file, `${prefix}${name}/`);
        continue;
      }
      found.push({ name: prefix + name, file });
      sizeBytes += entry.sizeBytes;
      // Checked while walking: a wrong path may lead to a whole disk.
      checkUnzippedSize(found.length, sizeBytes);
    }
  };
  await walk(root, '');
  const files = new Map<string, Uint8Array>();
  for (const { name, file } of found) files.set(name, await read(file));
  return files;
}

async function inspect(file: string): Promise<{ kind: 'folder' } | { kind: 'file'; sizeBytes: number }> {
  const stats = await attempt(file, () => fs.lstat(file));
  if (stats.isSymbolicLink())
    throw invalidSpec(
      `${file} is a symbolic link; put the file itself there, because a zip would not be the same everywhere.`,
    );
  if (stats.isDirectory()) return { kind: 'folder' };
  if (!stats.isFile()) throw invalidSpec(`${file} is neither a file nor a folder.`);
  return { kind: 'file', sizeBytes: stats.size };
}

const list = (folder: string): Promise<string[]> => attempt(folder, () => fs.readdir(folder));
const read = (file: string): Promise<Uint8Array> => attempt(file, () => fs.readFile(file));

async function attempt<T>(file: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (cause) {
    throw invalidSpec(`${file} ${fsMessage(cause)}.`, { cause });
  }
}
