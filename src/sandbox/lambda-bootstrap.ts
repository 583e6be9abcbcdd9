/**
 * What runs in a function's process: loads the handler and speaks the Lambda Runtime API, as Lambda's Node runtimes do.
 * Knows nothing but its environment variables. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { request } from 'node:http';
import { createRequire, registerHooks } from 'node:module';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inspect, format } from 'node:util';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: Record<string, unknown>, callback: Callback) => unknown;
type Callback = (error?: unknown, result?: unknown) => void;
type Answer = { readonly headers: Readonly<Record<string, string | string[] | undefined>>; readonly body: string };
type Level = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

const runtimeApi = process.env['AWS_LAMBDA_RUNTIME_API'] ?? '';
const taskRoot = process.env['LAMBDA_TASK_ROOT'] ?? process.cwd();
const handlerName = process.env['_HANDLER'] ?? '';
const logsJson = process.env['AWS_LAMBDA_LOG_FORMAT'] === 'JSON';
const writers = [process.stdout, process.stderr].map((stream) => stream.write.bind(stream));
let currentRequestId: string | undefined;

shareOwnSdk();
patchConsole();
try {
  const handler = await loadHandler();
  for (;;) await serveOne(handler);
} catch (error) {
  await post('/init/error', describe(error)).catch(() => undefined);
  process.exit(1);
}

/** Lambda's Node runtimes ship the AWS SDK: where a function's folder has none, the sandbox's own stands in. */
function shareOwnSdk(): void {
  const ownRequire = createRequire(import.meta.url);
  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      if (!/^@(?:aws-sdk|smithy|aws-crypto)\//.test(specifier)) return nextResolve(specifier, context);
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        if (!context.conditions.includes('require')) {
          return nextResolve(specifier, { ...context, parentURL: import.meta.url });
        }
        // `require` has its own idea of who asks, and does not look at parentURL.
        const own = resolveWith(ownRequire, specifier);
        if (own === undefined) throw error;
        return { url: pathToFileURL(own).href, shortCircuit: true };
      }
    },
  });
}

function resolveWith(require: NodeJS.Require, specifier: string): string | undefined {
  try {
    return require.resolve(specifier);
  } catch {
    return undefined;
  }
}

async function loadHandler(): Promise<Handler> {
  const dot = handlerName.indexOf('.', handlerName.lastIndexOf('/') + 1);
  const [module_, path] = [handlerName.slice(0, dot), handlerName.slice(dot + 1)];
  if (dot === -1) throw named('Runtime.MalformedHandlerName', `Bad handler ${handlerName}: write it as file.function.`);
  const base = resolve(taskRoot, module_);
  const file = [base, `${base}.js`, `${base}.mjs`, `${base}.cjs`, join(base, 'index.js')].find(isFile);
  if (file === undefined) {
    throw named('Runtime.ImportModuleError', `Error: Cannot find module '${module_}' in ${taskRoot}`);
  }
  const found = pick(await importModule(file), path);
  if (typeof found !== 'function') {
    throw named('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  return found as Handler;
}

function isFile(path: string): boolean {
  return /\.[cm]?js$/.test(path) && existsSync(path);
}

async function importModule(file: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof SyntaxError)
      throw named('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`, error);
    const code = (error as { code?: unknown } | null)?.code;
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
      throw named('Runtime.ImportModuleError', `Error: ${(error as Error).message}`, error);
    }
    throw error;
  }
}

/** `a.b` in the module's exports; of a CommonJS module Node may see no named exports, so its `default` counts too. */
function pick(module_: unknown, path: string): unknown {
  const walk = (from: unknown): unknown =>
    path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined | null)?.[key], from);
  return walk(module_) ?? walk((module_ as { default?: unknown }).default);
}

async function serveOne(handler: Handler): Promise<void> {
  const next = await call('GET', '/invocation/next').catch(() => process.exit(1));
  const requestId = String(next.headers['lambda-runtime-aws-request-id']);
  currentRequestId = requestId;
  process.env['_X_AMZN_TRACE_ID'] = String(next.headers['lambda-runtime-trace-id'] ?? '');
  try {
    const result = await run(handler, JSON.parse(next.body), contextOf(next));
    await finishLog(requestId);
    await post(`/invocation/${requestId}/response`, result === undefined ? null : result);
  } catch (error) {
    const described = describe(error);
    writeLog('ERROR', [logsJson ? described : `Invoke Error \t${JSON.stringify(described)}`]);
    await finishLog(requestId);
    await post(`/invocation/${requestId}/error`, described);
  }
  currentRequestId = undefined;
}

/** Resolves by the handler's promise or callback; with `null` when neither comes and nothing is left to wait for. */
function run(handler: Handler, event: unknown, context: Record<string, unknown>): Promise<unknown> {
  const settled = Promise.withResolvers<unknown>();
  let whenIdle = (): void => settled.resolve(null);
  const onIdle = (): void => whenIdle();
  process.once('beforeExit', onIdle);
  const callback: Callback = (error, result) => {
    const settle = (): void => {
      if (error === undefined || error === null) settled.resolve(result ?? null);
      else settled.reject(error);
    };
    if (context['callbackWaitsForEmptyEventLoop'] === false) settle();
    else whenIdle = settle;
  };
  try {
    const returned = handler(event, context, callback);
    if (isPromise(returned)) returned.then(settled.resolve, settled.reject);
    else if (returned !== undefined && handler.length < 3) settled.resolve(returned);
  } catch (error) {
    settled.reject(error);
  }
  return settled.promise.finally(() => process.off('beforeExit', onIdle));
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function contextOf(next: Answer): Record<string, unknown> {
  const deadlineMs = Number(next.headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: process.env['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    invokedFunctionArn: next.headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: next.headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => Math.max(deadlineMs - Date.now(), 0),
  };
}

function named(name: string, message: string, cause?: unknown): Error {
  const error = new Error(message);
  error.name = name;
  if (cause instanceof Error && cause.stack !== undefined) error.stack = cause.stack;
  return error;
}

function describe(error: unknown): { errorType: string; errorMessage: string; trace: string[] } {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: asText(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

function patchConsole(): void {
  const levels = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
  for (const [method, level] of Object.entries(levels)) {
    console[method as keyof typeof levels] = (...values: unknown[]) => writeLog(level, values);
  }
}

/** One line a message; a line break inside it travels as a carriage return, as in Lambda's own runtimes. */
function writeLog(level: Level, values: readonly unknown[]): void {
  const timestamp = new Date().toISOString();
  const message = values.length === 1 && logsJson ? values[0] : format(...values);
  const line = logsJson
    ? JSON.stringify({ timestamp, level, requestId: currentRequestId, message })
    : [timestamp, currentRequestId ?? 'undefined', level, message].join('\t');
  writers[0]?.(`${line.replaceAll('\n', '\r')}\n`);
}

/** Tells the sandbox that all output of this request has been written: the answer itself may overtake a pipe. */
async function finishLog(requestId: string): Promise<void> {
  const maxMemoryKb = process.resourceUsage().maxRSS;
  await Promise.all(
    writers.map(
      (write) => new Promise((done) => write(`\u0000end ${requestId} ${maxMemoryKb}\n`, () => done(undefined))),
    ),
  );
}

async function post(path: string, body: unknown): Promise<void> {
  await call('POST', path, JSON.stringify(body));
}

function call(method: string, path: string, body = ''): Promise<Answer> {
  return new Promise((done, fail) => {
    const outgoing = request(`http://${runtimeApi}/2018-06-01/runtime${path}`, { method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => done({ headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}
