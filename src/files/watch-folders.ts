import { promises as fs, watch } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** What is watched: a folder alone, or a file or folder with all that is below and beside it. */
export type Watched = { readonly path: string; readonly below: boolean };

/** A watch over folders that come and go. */
export type FolderWatch = {
  /** From now on exactly these; folders that are new since the last time are found. */
  readonly watch: (paths: readonly Watched[]) => Promise<void>;
};

/** Whoever has more does without notice: the system gives out only so many watches. */
const MOST_FOLDERS = 500;
/** Large, and nobody edits in them. */
const SKIPPED = new Set(['node_modules', '.git']);

/**
 * Notices what changes in folders. It is a hint and no promise: a folder that cannot be watched, or is one too many, is
 * passed over.
 */
export function createFolderWatch(onNotice: () => void, signal: AbortSignal): FolderWatch {
  const watches = new Map<string, AbortController>();
  signal.addEventListener('abort', () => {
    for (const one of watches.values()) one.abort();
  });

  const begin = (folder: string): void => {
    const ending = new AbortController();
    const drop = (): void => void watches.delete(folder);
    try {
      watch(folder, { signal: ending.signal }, onNotice).on('error', drop).on('close', drop);
      watches.set(folder, ending);
    } catch {
      // It is not there, or there are too many watches.
    }
  };
  return {
    watch: async (paths) => {
      const alone = paths.filter(({ below }) => !below).map(({ path }) => resolve(path));
      const trees = await Promise.all(paths.filter(({ below }) => below).map(({ path }) => foldersBelow(path)));
      const wanted = new Set([...alone, ...trees.flat()].slice(0, MOST_FOLDERS));
      if (signal.aborted) return;
      for (const [folder, ending] of watches) if (!wanted.has(folder)) ending.abort();
      for (const folder of wanted) if (!watches.has(folder)) begin(folder);
    },
  };
}

/** A folder and those in it; of a file, the folder that it is in. */
async function foldersBelow(path: string): Promise<string[]> {
  const stats = await fs.stat(path).catch(() => undefined);
  const root = resolve(stats?.isDirectory() === true ? path : dirname(path));
  const folders = [root];
  for (let at = 0; at < folders.length && folders.length < MOST_FOLDERS; at += 1) {
    const folder = folders[at] ?? root;
    const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => []);
    const inside = entries.filter((entry) => entry.isDirectory() && !SKIPPED.has(entry.name));
    folders.push(...inside.map(({ name }) => join(folder, name)));
  }
  return folders;
}
