import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { readOutput, type OutputSource } from './lambda-output.ts';
import { createServer } from './node-http.ts';

export type WorkerOptions = {
  readonly taskRoot: string;
  /** The whole environment of the process, but for `AWS_LAMBDA_RUNTIME_API`. */
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
};

type Invocation = {
  readonly requestId: string;
  readonly functionArn: string;
  readonly payload: string;
  readonly timeoutSeconds: number;
  readonly onLine: (source: OutputSource, text: string) => void;
};

/** How an invocation ended. After anything but `response` and `error` the process is gone. */
export type WorkerOutcome =
  | { readonly kind: 'response'; readonly payload: string }
  | { readonly kind: 'error'; readonly payload: string }
  | { readonly kind: 'initError'; readonly payload: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'exit'; readonly reason: string };

export type WorkerReport = {
  readonly outcome: WorkerOutcome;
  /** Of the handler alone. */
  readonly durationMs: number;
  /** Only of the first invocation of a process. */
  readonly initMs: number | undefined;
  readonly maxMemoryMb: number;
};

/** One process of one function, which serves one invocation after another, as a Lambda execution environment does. */
export type Worker = {
  readonly invoke: (invocation: Invocation) => Promise<WorkerReport>;
  /** What it was started with. */
  readonly environment: WorkerOptions['environment'];
  /** False once the process has ended: start another. */
  readonly usable: () => boolean;
  readonly stop: () => Promise<void>;
};

const PREFIX = '/2018-06-01/runtime';
const INIT_LIMIT_SECONDS = 10;
/** Beside this module under the same extension: TypeScript in a checkout, JavaScript in a build. */
const BOOTSTRAP = fileURLToPath(new URL(`./lambda-bootstrap${extname(import.meta.url)}`, import.meta.url));

type Current = {
  readonly invocation: Invocation;
  readonly settle: (outcome: WorkerOutcome) => void;
};

/**
 * Starts a Node process with the bootstrap, and a loopback server of its own that speaks the Runtime API to it. Durations
 * and limits are real time, not the sandbox's clock: the handler really runs.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const startedMs = performance.now();
  const ended = Promise.withResolvers<string>();
  let current: Current | undefined;
  let waiting: ServerResponse | undefined;
  let readyMs: number | undefined;
  let initReported = false;
  let alive = true;
  let deliveredMs = 0;
  let ready = Promise.withResolvers<void>();
  const early: { source: OutputSource; text: string }[] = [];
  const handleRuntimeCall = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').slice(PREFIX.length);
    if (request.method === 'GET' && path === '/invocation/next') {
      waiting = response;
      readyMs ??= performance.now();
      ready.resolve();
      return;
    }
    const payload = await textOf(request);
    response.writeHead(202).end('{"status":"OK"}');
    if (path === '/init/error') {
      current?.settle({ kind: 'initError', payload });
      return;
    }
    const [, , requestId, verb] = path.split('/');
    if (current === undefined || requestId !== current.invocation.requestId) return;
    await Promise.race([output.completed(requestId), ended.promise]);
    current?.settle({ kind: verb === 'response' ? 'response' : 'error', payload });
  };

  const server = createServer((request, response) => {
    handleRuntimeCall(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const child = spawnBootstrap(options, `127.0.0.1:${(server.address() as AddressInfo).port}`);

  const output = readOutput(child, (source, text) => {
    if (current === undefined) early.push({ source, text });
    else current.invocation.onLine(source, text);
  });
  void exitOf(child).then(async (reason) => {
    alive = false;
    killGroup(child); // a program the handler left running would hold the pipes open for ever
    await output.drained;
    ended.resolve(reason);
    ready.resolve();
    server.close();
    server.closeAllConnections();
  });

  const deliver = (invocation: Invocation): void => {
    deliveredMs = performance.now();
    const deadlineMs = Date.now() + invocation.timeoutSeconds * 1000;
    waiting?.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.requestId,
      'lambda-runtime-deadline-ms': String(Math.floor(deadlineMs)),
      'lambda-runtime-invoked-function-arn': invocation.functionArn,
      'lambda-runtime-trace-id': `Root=1-${invocation.requestId.replaceAll('-', '').slice(0, 24)};Sampled=0`,
    });
    waiting?.end(invocation.payload);
    waiting = undefined;
    ready = Promise.withResolvers<void>();
  };

  const invoke = async (invocation: Invocation): Promise<WorkerReport> => {
    const settled = Promise.withResolvers<WorkerOutcome>();
    current = { invocation, settle: settled.resolve };
    for (const { source, text } of early.splice(0)) invocation.onLine(source, text);
    deliveredMs = performance.now();
    void ended.promise.then((reason) => settled.resolve({ kind: 'exit', reason }));

    const initTimer = setTimeout(() => settled.resolve({ kind: 'timeout' }), INIT_LIMIT_SECONDS * 1000);
    await Promise.race([ready.promise, settled.promise]);
    clearTimeout(initTimer);
    if (waiting !== undefined) deliver(invocation);
    const timer = setTimeout(() => settled.resolve({ kind: 'timeout' }), invocation.timeoutSeconds * 1000);
    const outcome = await settled.promise;
    clearTimeout(timer);
    const durationMs = performance.now() - deliveredMs;

    // A process that was stopped in the middle of something is not used again, and its last words are still read.
    if (outcome.kind === 'timeout' || outcome.kind === 'initError') await kill();
    current = undefined;
    const initMs = initReported || readyMs === undefined ? undefined : readyMs - startedMs;
    initReported = true;
    return { outcome, durationMs, initMs, maxMemoryMb: Math.ceil(output.maxMemoryKb() / 1024) };
  };
  const kill = async (): Promise<void> => {
    killGroup(child);
    await ended.promise;
  };
  return { invoke, environment: options.environment, usable: () => alive, stop: kill };
}

function spawnBootstrap({ taskRoot, environment, memoryMb }: WorkerOptions, runtimeApi: string): PipedChild {
  return spawn(process.execPath, [`--max-old-space-size=${memoryMb}`, BOOTSTRAP], {
    cwd: taskRoot,
    env: { ...environment, LAMBDA_TASK_ROOT: taskRoot, AWS_LAMBDA_RUNTIME_API: runtimeApi },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a process group of its own, so that what the handler starts ends with it
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}

type PipedChild = ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };

/** How the process ended, in Lambda's words. */
function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`Runtime could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve(`Runtime exited with error: signal: ${SIGNAL_WORDS[signal] ?? signal}`);
      else if (code === 0) resolve('Runtime exited without providing a reason');
      else resolve(`Runtime exited with error: exit status ${code ?? 'unknown'}`);
    });
  });
}

const SIGNAL_WORDS: Readonly<Record<string, string>> = {
  SIGKILL: 'killed',
  SIGABRT: 'aborted',
  SIGSEGV: 'segmentation fault',
};

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
