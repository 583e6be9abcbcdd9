import { extractZip } from './lambda-code.ts';
import { invalidValue } from './lambda-error.ts';
import type { LogBook, LogLine } from './lambda-logs.ts';
import type { FunctionVersion } from './lambda-types.ts';
import { startWorker, type Worker, type WorkerOutcome, type WorkerReport } from './lambda-worker.ts';
import type { IamDoor, SandboxContext } from './service.ts';

/** What a caller of Invoke gets. `log` is the log of this one invocation. */
export type InvocationResult = {
  readonly requestId: string;
  readonly payload: string;
  readonly functionError?: string;
  readonly log: string;
};

export type RunnerDeps = {
  readonly context: SandboxContext;
  readonly iam: IamDoor;
  readonly logs: LogBook;
  /** Where the handler's own AWS clients go. */
  readonly endpointUrl: () => string;
};

/** Runs the code of functions, in processes that stay warm until their function changes. */
export type Runner = {
  readonly run: (record: FunctionVersion, requestId: string, payload: string) => Promise<InvocationResult>;
  /** Ends the processes of a function whose code or settings changed, each when it has nothing left to do. */
  readonly retire: (functionArn: string) => Promise<void>;
  /** Ends every process and removes every folder. */
  readonly stop: () => Promise<void>;
};

/** One state of a function's code and settings: its unpacked folder and its processes. */
type Environment = {
  readonly folder: Promise<{ readonly folder: string; readonly remove: () => Promise<void> }>;
  readonly idle: Worker[];
  readonly all: Set<Worker>;
  /** Callers for whom there was no process left, first come first. */
  readonly waiting: (() => void)[];
  busy: number;
  retired: boolean;
};

/** Processes of one function at a time; more invocations wait. A small machine runs many mails without choking. */
const MAX_PROCESSES = 8;

/** Of one invocation: a handler that writes without end shall not fill the sandbox's memory. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

export function createRunner(deps: RunnerDeps): Runner {
  const environments = new Map<string, Environment>();
  /** With those that are retired and still have work to finish. */
  const open = new Set<Environment>();
  let stopped = false;

  const environmentOf = (record: FunctionVersion, zip: Buffer): Environment => {
    const known = environments.get(record.arn);
    if (known !== undefined) return known;
    const created: Environment = {
      folder: extractZip(zip),
      idle: [],
      all: new Set(),
      waiting: [],
      busy: 0,
      retired: false,
    };
    environments.set(record.arn, created);
    open.add(created);
    return created;
  };
  const close = async (environment: Environment): Promise<void> => {
    await Promise.all([...environment.all].map((worker) => worker.stop()));
    await environment.folder.then(
      ({ remove }) => remove(),
      () => undefined,
    );
    open.delete(environment);
  };
  const acquire = async (environment: Environment, record: FunctionVersion): Promise<Worker> => {
    const warm = environment.idle.pop();
    if (warm?.usable() === true) return warm;
    const { folder } = await environment.folder;
    const worker = await startWorker({
      taskRoot: folder,
      environment: environmentVariables(deps, record),
      memoryMb: record.settings.MemorySize,
    });
    environment.all.add(worker);
    if (stopped) await worker.stop(); // it began to start just before: nobody else would end it
    return worker;
  };
  const release = async (environment: Environment, worker: Worker | undefined): Promise<void> => {
    environment.busy -= 1;
    environment.waiting.shift()?.();
    if (worker?.usable() === true) environment.idle.push(worker);
    else if (worker !== undefined) environment.all.delete(worker);
    if (environment.retired && environment.busy === 0) await close(environment);
  };

  return {
    run: async (record, requestId, payload) => {
      const zip = runnableCode(record);
      const environment = environmentOf(record, zip);
      const full = environment.busy >= MAX_PROCESSES;
      environment.busy += 1;
      if (full) await new Promise<void>((free) => environment.waiting.push(free));
      let worker: Worker | undefined;
      try {
        if (stopped) throw new Error('The sandbox is stopping.');
        worker = await acquire(environment, record);
        return await runOn(deps, worker, record, requestId, payload);
      } finally {
        await release(environment, worker);
      }
    },
    retire: async (functionArn) => {
      const environment = environments.get(functionArn);
      if (environment === undefined) return;
      environments.delete(functionArn);
      environment.retired = true;
      if (environment.busy === 0) await close(environment);
    },
    stop: async () => {
      stopped = true;
      environments.clear();
      await Promise.all([...open].map(close));
    },
  };
}

function runnableCode(record: FunctionVersion): Buffer {
  const { zip } = record.code;
  const runtime = record.settings.Runtime ?? 'a container image';
  if (zip !== undefined && /^nodejs\d+\.x$/.test(runtime)) return zip;
  throw invalidValue(
    `The sandbox runs Node.js functions only; ${record.name} has ${runtime}. Invoke it on AWS instead.`,
  );
}

async function runOn(
  deps: RunnerDeps,
  worker: Worker,
  record: FunctionVersion,
  requestId: string,
  payload: string,
): Promise<InvocationResult> {
  const { context, logs } = deps;
  const cloudWatch = cloudWatchOf(deps, worker, record);
  const written: string[] = [];
  let leftBytes = MAX_OUTPUT_BYTES;
  const keep = (source: LogLine['source'], text: string): void => {
    written.push(text);
    logs.append(record.name, {
      at: new Date(context.clock.now()).toISOString(),
      requestId,
      source,
      text,
      ...cloudWatch,
    });
  };
  const write = (source: LogLine['source'], text: string): void => {
    if (source === 'platform') return keep(source, text);
    if (leftBytes <= 0) return;
    leftBytes -= Buffer.byteLength(text);
    keep(source, text);
    if (leftBytes <= 0) keep('platform', `The rest is dropped: more than ${MAX_OUTPUT_BYTES} bytes of output.`);
  };
  write('platform', `START RequestId: ${requestId} Version: ${record.version}`);
  const report = await worker.invoke({
    requestId,
    functionArn: record.arn,
    payload,
    timeoutSeconds: record.settings.Timeout,
    onLine: write,
  });
  const result = resultOf(report.outcome, record, requestId);
  if (result.lastWords !== undefined) write('platform', result.lastWords);
  write('platform', `END RequestId: ${requestId}`);
  write('platform', reportLine(report, record, requestId));
  const log = `${written.join('\n')}\n`;
  return {
    requestId,
    payload: result.payload,
    log,
    ...(result.failed ? { functionError: 'Unhandled' } : {}),
  };
}

/**
 * The stream this process logs into, when its role lets it.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html#monitoring-cloudwatchlogs-prereqs
 */
function cloudWatchOf(
  { context, iam }: RunnerDeps,
  { environment }: Worker,
  { arn, settings }: FunctionVersion,
): Pick<LogLine, 'cloudWatch'> {
  const [, , , region = '', account = ''] = arn.split(':');
  const group = environment['AWS_LAMBDA_LOG_GROUP_NAME'] ?? '';
  const stream = environment['AWS_LAMBDA_LOG_STREAM_NAME'] ?? '';
  const resource = `arn:${context.partition}:logs:${region}:${account}:log-group:${group}:log-stream:${stream}`;
  const mayWrite = ['logs:CreateLogStream', 'logs:PutLogEvents'].every((action) =>
    iam.allows(settings.Role, action, resource),
  );
  return mayWrite ? { cloudWatch: { account, region, group, stream } } : {};
}

function resultOf(
  outcome: WorkerOutcome,
  record: FunctionVersion,
  requestId: string,
): { readonly payload: string; readonly failed: boolean; readonly lastWords?: string } {
  switch (outcome.kind) {
    case 'response':
      return { payload: outcome.payload, failed: false };
    case 'error':
      return { payload: outcome.payload, failed: true };
    case 'initError':
      return {
        payload: outcome.payload,
        failed: true,
        lastWords: `${new Date().toISOString()}\tundefined\tERROR\tUncaught Exception \t${outcome.payload}`,
      };
    case 'timeout': {
      const words = `Task timed out after ${record.settings.Timeout.toFixed(2)} seconds`;
      const payload = platformError('Sandbox.Timedout', requestId, words);
      return { payload, failed: true, lastWords: `${new Date().toISOString()} ${requestId} ${words}` };
    }
    case 'exit': {
      const payload = platformError('Runtime.ExitError', requestId, outcome.reason);
      return { payload, failed: true, lastWords: `RequestId: ${requestId} Error: ${outcome.reason}` };
    }
  }
}

function platformError(errorType: string, requestId: string, words: string): string {
  return JSON.stringify({ errorType, errorMessage: `RequestId: ${requestId} Error: ${words}` });
}

function reportLine(report: WorkerReport, record: FunctionVersion, requestId: string): string {
  const durationMs = Math.min(report.durationMs, record.settings.Timeout * 1000);
  return [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs + (report.initMs ?? 0))} ms`,
    `Memory Size: ${record.settings.MemorySize} MB`,
    `Max Memory Used: ${report.maxMemoryMb} MB`,
    ...(report.initMs === undefined ? [] : [`Init Duration: ${report.initMs.toFixed(2)} ms`]),
  ].join('\t');
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
function environmentVariables(
  { context, iam, endpointUrl }: RunnerDeps,
  record: FunctionVersion,
): Record<string, string> {
  const { settings, name, arn } = record;
  const region = arn.split(':')[3] ?? '';
  const session = iam.issueSession(settings.Role, name);
  const logFormat = settings.LoggingConfig['LogFormat'];
  return {
    AWS_ENDPOINT_URL: endpointUrl(), // the one variable a function may set otherwise
    ...settings.Environment?.Variables,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${settings.Runtime ?? ''}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: record.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.MemorySize),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: String(settings.LoggingConfig['LogGroup']),
    AWS_LAMBDA_LOG_STREAM_NAME: `${new Date(context.clock.now()).toISOString().slice(0, 10).replaceAll('-', '/')}/[${record.version}]${context.ids.hex(32)}`,
    AWS_LAMBDA_LOG_FORMAT: typeof logFormat === 'string' ? logFormat : 'Text',
    AWS_ACCESS_KEY_ID: session.accessKeyId,
    AWS_SECRET_ACCESS_KEY: session.secretAccessKey,
    AWS_SESSION_TOKEN: session.sessionToken,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    _HANDLER: settings.Handler ?? '',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  };
}
