import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 250;

/**
 * Runs `work` while no other process runs work under the same lock file; waits as long as that takes.
 *
 * A lock whose process has died is taken over. Two that take over the same lock in the same instant may run both, so
 * the lock must only save work, never protect it.
 */
export async function exclusively<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(lockFile))) {
    if (await isAbandoned(lockFile)) await rm(lockFile, { force: true });
    else await delay(LOOK_AGAIN_MS);
  }
  try {
    return await work();
  } finally {
    await rm(lockFile, { force: true });
  }
}

/** The lock appears with its owner in it, by a link: nobody ever reads half of it. */
async function take(lockFile: string): Promise<boolean> {
  const mine = `${lockFile}.${randomUUID()}`;
  await writeFile(mine, String(process.pid));
  try {
    await link(mine, lockFile);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(mine, { force: true });
  }
}

async function isAbandoned(lockFile: string): Promise<boolean> {
  const owner = await readFile(lockFile, 'utf8').catch(() => undefined);
  if (owner === undefined) return false; // given back a moment ago
  try {
    process.kill(Number(owner), 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
