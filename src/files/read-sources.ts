import { createReadStream, promises as fs } from 'node:fs';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { FileProblem } from './file-problem.ts';
import { fsMessage } from './fs-message.ts';

export const STANDARD_INPUT = '-';

/** The text of one file, and what the user named to have it read. */
type SourceText = { readonly source: string; readonly file: string; readonly text: string };

export type ReadSources = { readonly texts: readonly SourceText[]; readonly problems: readonly FileProblem[] };

const FILE_LIMIT_BYTES = 16 * 1024 * 1024;
const MANIFEST_NAME = /\.(yaml|yml|json)$/;
/** What lies beside the manifest of a function that is written here: JSON, and no manifest. */
const OF_THE_PROJECT = new Set(['package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'tsconfig.json']);

/**
 * Reads what `-f` names: a file, the manifests directly in a folder in the order of their names, or `-` for standard
 * input. A file that is named twice is read once; in a folder, the files of a Node.js project are passed over.
 */
export async function readSources(sources: readonly string[], readStdin: () => Promise<string>): Promise<ReadSources> {
  const texts: SourceText[] = [];
  const problems: FileProblem[] = [];
  const seen = new Set<string>();
  for (const source of sources) {
    const found = await filesOf(source);
    if (!found.ok) problems.push({ file: source, message: found.message });
    else
      for (const file of found.files) {
        const identity = file === STANDARD_INPUT ? file : resolve(file);
        if (seen.has(identity)) continue;
        seen.add(identity);
        const read = file === STANDARD_INPUT ? await readStandardInput(readStdin) : await readText(file);
        if (read.ok) texts.push({ source, file, text: read.text });
        else problems.push({ file, message: read.message });
      }
  }
  return { texts, problems };
}

type Refused = { readonly ok: false; readonly message: string };
const refused = (message: string): Refused => ({ ok: false, message });

async function filesOf(source: string): Promise<{ ok: true; files: string[] } | Refused> {
  if (source === STANDARD_INPUT) return { ok: true, files: [source] };
  try {
    if (!(await fs.stat(source)).isDirectory()) return { ok: true, files: [source] };
    const names = (await fs.readdir(source)).filter(isManifestName).sort();
    if (names.length === 0)
      return refused('is a folder without a .yaml, .yml or .json file (folders in it are not searched)');
    return { ok: true, files: names.map((name) => join(source, name)) };
  } catch (error) {
    return refused(fsMessage(error));
  }
}

const isManifestName = (name: string): boolean => MANIFEST_NAME.test(name) && !OF_THE_PROJECT.has(name);

/** Reads no more than the limit and one byte: what is no regular file tells no size, and may have no end. */
async function readText(file: string): Promise<{ ok: true; text: string } | Refused> {
  try {
    const bytes = await buffer(createReadStream(file, { end: FILE_LIMIT_BYTES }));
    if (bytes.length > FILE_LIMIT_BYTES) return refused('is larger than 16 MiB; split it');
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return refused('is not text in UTF-8');
    return refused(fsMessage(error));
  }
}

async function readStandardInput(readStdin: () => Promise<string>): Promise<{ ok: true; text: string } | Refused> {
  try {
    return { ok: true, text: await readStdin() };
  } catch (error) {
    return refused(fsMessage(error));
  }
}
