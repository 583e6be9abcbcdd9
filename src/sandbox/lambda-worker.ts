import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { watchMemory } from './lambda-memory.ts';
import { readOutput, type OutputSource } from './lambda-output.ts';
import type { Program } from './lambda-runtimes.ts';
import { createServer } from './node-http.ts';

export type WorkerOptions = {
  readonly program: Program;
  readonly taskRoot: string;
  /** The whole environment of the process, but for what only its start can tell. */
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
};

type Invocation = {
  readonly requestId: string;
  readonly functionArn: string;
  readonly payload: string;
  readonly timeoutSeconds: number;
  readonly traceId: string;
  readonly onLine: (source: OutputSource, text: string) => void;
};

/** How an invocation ended. After anything but `response` and `error` the process is gone. */
export type WorkerOutcome =
  | { readonly kind: 'response'; readonly payload: string }
  | { readonly kind: 'error'; readonly payload: string }
  | { readonly kind: 'initError'; readonly payload: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'exit'; readonly errorType: ExitType; readonly reason: string };

type ExitType = 'Runtime.ExitError' | 'Runtime.OutOfMemory' | 'Runtime.InvalidEntrypoint';

/** How the start of a process went. */
export type InitReport = { readonly durationMs: number; readonly status: 'success' | 'error' | 'timeout' };

export type WorkerReport = {
  readonly outcome: WorkerOutcome;
  /** Of the handler alone. */
  readonly durationMs: number;
  /** Only of the first invocation of a process. */
  readonly init: InitReport | undefined;
  readonly maxMemoryMb: number;
};

/** One process of one function, which serves one invocation after another, as a Lambda execution environment does. */
export type Worker = {
  readonly invoke: (invocation: Invocation) => Promise<WorkerReport>;
  /** What it was started with. */
  readonly environment: WorkerOptions['environment'];
  /** What the log should say about the program. */
  readonly remark?: string;
  /** False once the process has ended: start another. */
  readonly usable: () => boolean;
  readonly stop: () => Promise<void>;
};

const PREFIX = '/2018-06-01/runtime';
/** What takes longer goes on as part of the invocation, within the function's own limit. */
const INIT_LIMIT_SECONDS = 10;

type Current = {
  readonly invocation: Invocation;
  readonly settle: (outcome: WorkerOutcome) => void;
};

/** A process that cannot even be started: each invocation says why. */
export function deadWorker(environment: WorkerOptions['environment'], reason: string): Worker {
  const outcome: WorkerOutcome = { kind: 'exit', errorType: 'Runtime.InvalidEntrypoint', reason };
  const init: InitReport = { durationMs: 0, status: 'error' };
  return {
    invoke: () => Promise.resolve({ outcome, durationMs: 0, init, maxMemoryMb: 0 }),
    environment,
    usable: () => false,
    stop: () => Promise.resolve(),
  };
}

/**
 * Starts a function's program, and a loopback server of its own that speaks the Runtime API to it. Durations and limits
 * are real time, not the sandbox's clock: the handler really runs.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const startedMs = performance.now();
  const ended = Promise.withResolvers<Exit>();
  let current: Current | undefined;
  let waiting: ServerResponse | undefined;
  let readyMs: number | undefined;
  let initReported = false;
  let outOfMemory = false;
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
    const read = options.program.marksOutput ? output.completed(requestId) : output.caughtUp();
    await Promise.race([read, ended.promise]);
    current?.settle({ kind: verb === 'response' ? 'response' : 'error', payload });
  };

  const server = createServer((request, response) => {
    handleRuntimeCall(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const child = spawnProgram(options, `127.0.0.1:${(server.address() as AddressInfo).port}`);

  const output = readOutput(child, (source, text) => {
    if (current === undefined) early.push({ source, text });
    else current.invocation.onLine(source, text);
  });
  void exitOf(child).then(async (exit) => {
    alive = false;
    killGroup(child); // a program the handler left running would hold the pipes open for ever
    await output.drained;
    ended.resolve(outOfMemory ? OUT_OF_MEMORY : exit);
    ready.resolve();
    server.close();
    server.closeAllConnections();
  });

  /** @param countedFromMs when the function's own time limit began to run */
  const deliver = (invocation: Invocation, countedFromMs: number): void => {
    deliveredMs = countedFromMs;
    const leftMs = invocation.timeoutSeconds * 1000 - (performance.now() - countedFromMs);
    const deadlineMs = Date.now() + leftMs;
    waiting?.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.requestId,
      'lambda-runtime-deadline-ms': String(Math.floor(deadlineMs)),
      'lambda-runtime-invoked-function-arn': invocation.functionArn,
      'lambda-runtime-trace-id': invocation.traceId,
    });
    waiting?.end(invocation.payload);
    waiting = undefined;
    ready = Promise.withResolvers<void>();
  };

  /** Waits for the process to ask for work: as long as its start may take, and then as part of the invocation. */
  const initialise = async (settled: Promise<unknown>): Promise<InitReport['status']> => {
    let status: InitReport['status'] = 'success';
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      status = 'timeout';
      limit.resolve();
    }, INIT_LIMIT_SECONDS * 1000);
    await Promise.race([ready.promise, settled, limit.promise]);
    clearTimeout(timer);
    return status === 'success' && waiting === undefined ? 'error' : status;
  };

  const invoke = async (invocation: Invocation): Promise<WorkerReport> => {
    const settled = Promise.withResolvers<WorkerOutcome>();
    current = { invocation, settle: settled.resolve };
    for (const { source, text } of early.splice(0)) invocation.onLine(source, text);
    deliveredMs = performance.now();
    void ended.promise.then(settled.resolve);
    const memory = watchMemory(child.pid ?? 0, options.memoryMb, () => {
      outOfMemory = true;
      killGroup(child);
    });

    const initStatus = await initialise(settled.promise);
    const initMs = (readyMs ?? performance.now()) - startedMs;
    const timer = setTimeout(() => settled.resolve({ kind: 'timeout' }), invocation.timeoutSeconds * 1000);
    if (initStatus === 'timeout') {
      deliveredMs = performance.now();
      await Promise.race([ready.promise, settled.promise]);
    }
    if (waiting !== undefined) deliver(invocation, initStatus === 'timeout' ? deliveredMs : performance.now());
    const outcome = await settled.promise;
    clearTimeout(timer);
    const durationMs = performance.now() - deliveredMs;
    const peakKb = Math.max(memory.stop(), output.maxMemoryKb());

    // A process that was stopped in the middle of something is not used again, and its last words are still read.
    if (outcome.kind === 'timeout' || outcome.kind === 'initError') await kill();
    current = undefined;
    const init = initReported ? undefined : { durationMs: initMs, status: initStatus };
    initReported = true;
    return { outcome, durationMs, init, maxMemoryMb: Math.ceil(peakKb / 1024) };
  };
  const kill = async (): Promise<void> => {
    killGroup(child);
    await ended.promise;
  };
  const { remark } = options.program;
  return {
    invoke,
    environment: options.environment,
    usable: () => alive,
    stop: kill,
    ...(remark === undefined ? {} : { remark }),
  };
}

function spawnProgram({ program, taskRoot, environment }: WorkerOptions, runtimeApi: string): PipedChild {
  return spawn(program.command, program.args, {
    cwd: taskRoot,
    env: {
      ...program.environment,
      ...environment,
      LAMBDA_TASK_ROOT: taskRoot,
      AWS_LAMBDA_RUNTIME_API: runtimeApi,
    },
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

type Exit = WorkerOutcome & { readonly kind: 'exit' };

const exited = (reason: string): Exit => ({ kind: 'exit', errorType: 'Runtime.ExitError', reason });

const OUT_OF_MEMORY: Exit = {
  kind: 'exit',
  errorType: 'Runtime.OutOfMemory',
  reason: 'Runtime exited with error: signal: killed',
};

/** How the process ended, in Lambda's words. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(notStarted(error)));
    child.once('exit', (code, signal) => {
      if (signal !== null) resolve(exited(`Runtime exited with error: signal: ${SIGNAL_WORDS[signal] ?? signal}`));
      else if (code === 0) resolve(exited('Runtime exited without providing a reason'));
      else resolve(exited(`Runtime exited with error: exit status ${code ?? 'unknown'}`));
    });
  });
}

/** A program that is there and is not found lacks what it is run by: its loader, or the interpreter it names. */
function notStarted({ code, message }: NodeJS.ErrnoException): Exit {
  const why = START_WORDS[code ?? ''] ?? message;
  return {
    kind: 'exit',
    errorType: 'Runtime.InvalidEntrypoint',
    reason: `fork/exec /var/task/bootstrap: ${why}`,
  };
}

const START_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  ENOEXEC: 'exec format error',
};

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
