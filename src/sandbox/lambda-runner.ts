import { extractZip } from './lambda-code.ts';
import type { LogBook, LogLine } from './lambda-logs.ts';
import { endOf, initReportLine, reportLine } from './lambda-report.ts';
import { createRuntimes } from './lambda-runtimes.ts';
import { newTrace, traceHeader } from './lambda-trace.ts';
import type { FunctionVersion } from './lambda-types.ts';
import { environmentVariables, type VariablesDeps } from './lambda-variables.ts';
import { deadWorker, startWorker, type Worker } from './lambda-worker.ts';
import { mailIdOf } from './mail-event.ts';

/** What a caller of Invoke gets. `log` is the log of this one invocation. */
export type InvocationResult = {
  readonly requestId: string;
  readonly payload: string;
  readonly functionError?: string;
  readonly log: string;
};

export type RunnerDeps = VariablesDeps & { readonly logs: LogBook };

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
  const runtimes = createRuntimes();
  /** With those that are retired and still have work to finish. */
  const open = new Set<Environment>();
  let stopped = false;

  const environmentOf = (record: FunctionVersion): Environment => {
    const known = environments.get(record.arn);
    if (known !== undefined) return known;
    const created: Environment = {
      folder: extractZip(record.code.zip),
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
    const { folder: taskRoot } = await environment.folder;
    const { settings, name: functionName, architectures } = record;
    const program = await runtimes.programOf({
      functionName,
      runtime: settings.Runtime,
      architecture: architectures[0] ?? 'x86_64',
      taskRoot,
      memoryMb: settings.MemorySize,
    });
    const variables = environmentVariables(deps, record);
    if ('invalidEntrypoint' in program) return deadWorker(variables, program.invalidEntrypoint);
    const worker = await startWorker({
      program,
      taskRoot,
      environment: variables,
      memoryMb: settings.MemorySize,
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
      const environment = environmentOf(record);
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

async function runOn(
  deps: RunnerDeps,
  worker: Worker,
  record: FunctionVersion,
  requestId: string,
  payload: string,
): Promise<InvocationResult> {
  const { context, logs } = deps;
  const cloudWatch = cloudWatchOf(deps, worker, record);
  const mailId = mailIdOf(payload);
  const now = (): string => new Date(context.clock.now()).toISOString();
  const written: string[] = [];
  let leftBytes = MAX_OUTPUT_BYTES;
  const keep = (source: LogLine['source'], text: string): void => {
    written.push(text);
    logs.append(record.name, {
      at: now(),
      requestId,
      ...(mailId === undefined ? {} : { mailId }),
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
  const trace = newTrace(context, record.settings.TracingConfig);
  write('platform', `START RequestId: ${requestId} Version: ${record.version}`);
  if (worker.remark !== undefined) write('platform', worker.remark);
  const report = await worker.invoke({
    requestId,
    functionArn: record.arn,
    payload,
    timeoutSeconds: record.settings.Timeout,
    traceId: traceHeader(trace),
    onLine: write,
  });
  const end = endOf(report.outcome, record, requestId, now());
  const initLine = initReportLine(report.init, end);
  if (initLine !== undefined) write('platform', initLine);
  if (end.lastWords !== undefined) write('platform', end.lastWords);
  write('platform', `END RequestId: ${requestId}`);
  write('platform', reportLine(report, end, record, { requestId, trace }));
  const log = `${written.join('\n')}\n`;
  return {
    requestId,
    payload: end.payload,
    log,
    ...(end.failed ? { functionError: 'Unhandled' } : {}),
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
