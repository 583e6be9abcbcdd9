import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

const BIN = new URL('../../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;

/** The controller in a process of its own, as in a pod. */
export type ControllerProcess = {
  /** Everything it has logged. */
  readonly log: () => string;
  /** Resolves with its exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
  readonly process: ChildProcess;
};

export function startControllerProcess(kubeconfig: string, awsUrl: string, ...args: string[]): ControllerProcess {
  const child = spawn(
    process.execPath,
    [
      BIN,
      'controller',
      '--aws-endpoint-url',
      awsUrl,
      '--ses-calls-per-second',
      '1000',
      '--min-retry-delay',
      '100ms',
      '--metrics-address',
      '127.0.0.1:0',
      '--health-address',
      '127.0.0.1:0',
      ...args,
    ],
    {
      env: {
        PATH: process.env['PATH'],
        KUBECONFIG: kubeconfig,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  // In order, so that the Lease is free for the next test.
  onTestFinished(async () => void (await end('SIGTERM')));
  return { log: () => log, end, process: child };
}
