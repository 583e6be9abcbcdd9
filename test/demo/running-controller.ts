import { spawn } from 'node:child_process';
import { logLine } from '../support/log-line.ts';
import { BIN, peaceful } from './run-bin.ts';

/** One line of the controller's log. */
export type LogLine = { readonly level: string; readonly msg: string; readonly [field: string]: unknown };

/** A controller in a process of its own, as under systemd or in a pod. */
export type RunningController = {
  readonly metricsUrl: string;
  readonly healthUrl: string;
  readonly log: () => readonly LogLine[];
  /** Sends SIGTERM. @returns the exit code */
  readonly end: () => Promise<number>;
};

/** What is started: the arguments go behind those that are here. */
export type Program = {
  readonly words: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
};

/**
 * Starts a controller on free ports of this machine and resolves once it answers there.
 * @throws {Error} with its last words when it ends before
 */
export async function startController(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program: Program = { words: [process.execPath, BIN], env: peaceful(process.env) },
): Promise<RunningController> {
  const ports = ['--metrics-address', '127.0.0.1:0', '--health-address', '127.0.0.1:0', '--pipelines-page'];
  const {
    words: [executable, ...words],
    ...place
  } = program;
  const child = spawn(executable, [...words, 'controller', ...ports, ...args], {
    ...place,
    env: { ...place.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: LogLine[] = [];
  const errors: string[] = [];
  const exited = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? -1));
  });
  const started = Promise.withResolvers<LogLine>();
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const read = logLine(line) as LogLine;
      log.push(read);
      if (read.msg === 'started') started.resolve(read);
    }
  });
  child.stderr.on('data', (chunk: Buffer) => void errors.push(chunk.toString()));
  const failed = exited.then((code) => {
    throw new Error(`The controller ended with ${code}: ${errors.join('')}${log.map(({ msg }) => msg).join('\n')}`);
  });
  failed.catch(() => {}); // heard only while it starts
  const { addresses } = await Promise.race([started.promise, failed]);
  const [metrics, health] = addresses as readonly string[];
  return {
    metricsUrl: `http://${metrics}/metrics`,
    healthUrl: `http://${health}`,
    log: () => log,
    end: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
