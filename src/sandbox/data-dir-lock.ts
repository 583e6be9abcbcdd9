import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Keeps a folder for one process. A holder that has died does not count, even if its number lives on in another. */
export type DataDirLock = { readonly release: () => void };

type Holder = { readonly pid: number; readonly startedAt: string };

/** @throws when a living process holds it; the sentence names the process */
export function lockDataDir(folder: string): DataDirLock {
  const path = join(folder, 'lock');
  const own = join(folder, `lock.${process.pid}`);
  writeFileSync(own, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) ?? '' } satisfies Holder));
  try {
    // To link is to create or to fail, with the content in it at once.
    while (!linked(own, path)) {
      const text = readIfThere(path);
      if (text === undefined) continue;
      const holder = livingHolder(text);
      if (holder !== undefined) {
        throw new Error(
          `${folder} is in use by the sandbox with process id ${holder.pid}: stop that one, or take another --data-dir.`,
        );
      }
      takeAway(path, text);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return { release: () => rmSync(path, { force: true }) };
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead holder's lock; gives it back if in that very moment another process had taken over. */
function takeAway(path: string, deadText: string): void {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // somebody else was faster
  }
  if (readIfThere(aside) !== deadText) linked(aside, path);
  rmSync(aside, { force: true });
}

function livingHolder(text: string): Holder | undefined {
  const holder = parsed(text);
  if (holder === undefined || !isAlive(holder.pid)) return undefined;
  const startedAt = startOf(holder.pid);
  return startedAt === 'dead' || (startedAt !== undefined && startedAt !== holder.startedAt) ? undefined : holder;
}

function parsed(text: string): Holder | undefined {
  try {
    const { pid, startedAt } = JSON.parse(text) as Partial<Holder>;
    return Number.isInteger(pid) && typeof startedAt === 'string' ? { pid: Number(pid), startedAt } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process began, as Linux tells it, or `dead` when only its number is left; undefined elsewhere. */
function startOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // Behind the name, which is in brackets and may hold anything: the state, and the start as the 20th (proc(5)).
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? 'dead' : fields?.[19];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
