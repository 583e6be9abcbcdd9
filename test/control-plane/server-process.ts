import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Reaper } from './reaper.ts';

/** A server that runs until it is stopped. */
export type ServerProcess = {
  /** Rejects, with the end of the server's log, when the server ends by itself. */
  readonly failed: Promise<never>;
  /** Sends the signal and resolves when the server has gone. */
  stop(signal: NodeJS.Signals): Promise<void>;
};

/** Starts a server that ends with us; what it prints goes to a log in the reaper's folder. */
export async function startServer(reaper: Reaper, program: string, args: readonly string[]): Promise<ServerProcess> {
  const name = basename(program);
  const logFile = join(reaper.folder, `${name}.log`);
  const log = await open(logFile, 'a');
  const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd], cwd: reaper.folder });
  await log.close();
  reaper.watch(child);

  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${code ?? signal}`));
  });
  const failed = ended.then(async (how) => {
    if (stopping) return new Promise<never>(() => undefined);
    const lastWords = (await readFile(logFile, 'utf8')).slice(-2000);
    throw new Error(`${name} ${how}; the end of its log:\n${lastWords}`);
  });
  failed.catch(() => undefined); // heard only by those who wait for the server

  return {
    failed,
    stop: async (signal) => {
      stopping = true;
      child.kill(signal);
      await ended;
    },
  };
}
