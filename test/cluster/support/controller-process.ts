import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = new URL('../../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;

const NODE_COMPILE_CACHE = join(tmpdir(), 'ses-lambda-pipeline-compile-cache');

/** The controller in a process of its own, as in a pod. */
export type ControllerProcess = {
  /** Everything it has logged. */
  readonly log: () => string;
  /** Undefined while it runs; null when a signal ended it. */
  readonly exitCode: () => number | null | undefined;
  /** Resolves with its exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
  /** Sends a signal that does not end it. */
  readonly send: (signal: 'SIGSTOP') => void;
  /** It was ended by us, not by itself. */
  readonly told: () => boolean;
};

type Surroundings = {
  readonly kubeconfig: string;
  readonly awsUrl: string;
  /** More variables. */
  readonly env: Readonly<Record<string, string>>;
};

/** With a pace and delays for tests; a later flag wins over an earlier one. */
export function startControllerProcess(
  { kubeconfig, awsUrl, env }: Surroundings,
  ...args: string[]
): ControllerProcess {
  const credentials = { KUBECONFIG: kubeconfig, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  return startCommand(['controller', '--aws-endpoint-url', awsUrl, ...QUICK, ...args], { ...credentials, ...env });
}

/** The pace and the delays of tests, on free ports of this machine. */
export const QUICK = [
  '--ses-calls-per-second=1000',
  '--min-retry-delay=100ms',
  '--metrics-address=127.0.0.1:0',
  '--health-address=127.0.0.1:0',
];

/** The command in a process of its own, with this environment and no other. */
export function startCommand(args: readonly string[], env: Readonly<Record<string, string>>): ControllerProcess {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: {
      PATH: process.env['PATH'],
      NODE_COMPILE_CACHE, // many are started: it halves what a start costs
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  let exitCode: number | null | undefined;
  let told = false;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const exited = once(child, 'exit').then(([code]) => (exitCode = code as number | null));
  return {
    log: () => log,
    exitCode: () => exitCode,
    told: () => told,
    send: (signal) => void child.kill(signal),
    end: (signal) => {
      told = true;
      child.kill(signal);
      return exited;
    },
  };
}
