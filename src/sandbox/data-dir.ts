import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDir } from './data-dir-lock.ts';
import { openHistoryFile, type HistoryFile } from './history-file.ts';

/** A folder that holds the state of one sandbox. */
export type DataDir = {
  readonly history: HistoryFile;
  /** Lets another sandbox have it. */
  readonly close: () => void;
};

/** What the folder belongs to: state of one account makes no sense in another. */
export type DataDirOwner = { readonly account: string; readonly partition: string };

/** Written into every folder; another number is another layout of the history. */
const FORMAT = 'ses-lambda-pipeline.dev/sandbox-data/v2';
const MARKER = 'sandbox.json';

/**
 * Opens a folder, or makes it. Its files are for their owner only: they hold mail and the environment of functions.
 *
 * @throws when another sandbox has it, or when it is no folder of a sandbox of this version and account
 */
export function openDataDir(folder: string, owner: DataDirOwner): DataDir {
  makeFolder(folder);
  refuseStrangers(folder);
  const lock = lockDataDir(folder);
  try {
    mark(folder, owner);
    const history = openHistoryFile(join(folder, 'history'));
    return {
      history,
      close: () => {
        history.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'is a file' : `cannot be made (${code ?? message})`;
    throw new Error(`The data folder ${folder} ${why}: name a folder that is yours.`, { cause: error });
  }
}

/** Somebody's home is not to be filled by mistake. */
function refuseStrangers(folder: string): void {
  const names = readdirSync(folder);
  // A lock alone: another sandbox is just about to begin here, or died as it did.
  if (names.includes(MARKER) || names.every((name) => /^lock(?:\.|$)/.test(name))) return;
  throw new Error(
    `${folder} holds other things than a sandbox's data: name an empty folder, or one that is not there.`,
  );
}

function mark(folder: string, owner: DataDirOwner): void {
  const path = join(folder, MARKER);
  const found = readMarker(path);
  if (found === undefined) {
    writeFileSync(`${path}.new`, `${JSON.stringify({ format: FORMAT, ...owner }, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return;
  }
  if (found.format !== FORMAT) {
    throw new Error(
      `${folder} was written by another version of the sandbox (${found.format ?? 'without a format'}, this one has ${FORMAT}): ` +
        'take another --data-dir, or remove this one to start afresh.',
    );
  }
  if (found.account !== owner.account || found.partition !== owner.partition) {
    throw new Error(
      `${folder} belongs to the account ${found.account} of the partition ${found.partition}: ` +
        `start the sandbox with that account, or take another --data-dir.`,
    );
  }
}

function readMarker(path: string): Partial<DataDirOwner & { format: string }> | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as Partial<DataDirOwner & { format: string }>;
  } catch {
    return {};
  }
}
