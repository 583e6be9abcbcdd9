import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder and child processes that do not outlive us, however we end. */
export type Reaper = {
  readonly folder: string;
  /** From now on the process ends with us. */
  watch(child: ChildProcess): void;
  /** Kills every watched process and removes the folder. */
  reap(): Promise<void>;
};

/**
 * A process apart that does the clean-up once the pipe to us is closed: the kernel closes it even when we are killed.
 * It reads who is alive from the folder, so it never kills a number that another process has got meanwhile.
 */
export async function startReaper(): Promise<Reaper> {
  const folder = await mkdtemp(join(tmpdir(), 'control-plane-'));
  const alive = join(folder, 'alive');
  mkdirSync(alive);
  const script =
    'cat; for file in "$1"/alive/*; do kill -9 "${file##*/}"; done; rm -rf "$1" || { sleep 1; rm -rf "$1"; }';
  // Detached: Ctrl-C reaches everyone else in the terminal, and would otherwise reach the reaper first.
  const reaper = spawn('sh', ['-c', script, 'reaper', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  const ended = new Promise<void>((resolve, reject) => {
    reaper.once('error', reject);
    reaper.once('close', () => resolve());
  });
  reaper.unref();

  return {
    folder,
    watch: (child) => {
      if (child.pid === undefined) return;
      const file = join(alive, String(child.pid));
      writeFileSync(file, '');
      child.once('exit', () => rmSync(file, { force: true }));
    },
    reap: () => {
      reaper.ref();
      reaper.stdin.end();
      return ended;
    },
  };
}
