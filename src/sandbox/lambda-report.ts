import type { Trace } from './lambda-trace.ts';
import type { FunctionVersion } from './lambda-types.ts';
import type { InitReport, WorkerOutcome, WorkerReport } from './lambda-worker.ts';

/** How an invocation ended, for its caller and for the log. */
export type InvocationEnd = {
  readonly payload: string;
  readonly failed: boolean;
  /** What Lambda itself says at the end of the log. */
  readonly lastWords?: string;
  /** What the line of the report ends with; absent when the process is whole. */
  readonly status?: { readonly kind: 'timeout' } | { readonly kind: 'error'; readonly errorType: string };
};

/** @param at now, as logs write it */
export function endOf(
  outcome: WorkerOutcome,
  { settings }: FunctionVersion,
  requestId: string,
  at: string,
): InvocationEnd {
  switch (outcome.kind) {
    case 'response':
      return { payload: outcome.payload, failed: false };
    case 'error':
      return { payload: outcome.payload, failed: true };
    case 'initError':
      return {
        payload: outcome.payload,
        failed: true,
        status: { kind: 'error', errorType: errorTypeOf(outcome.payload) },
        ...(isNode(settings.Runtime) && {
          lastWords: `${at}\tundefined\tERROR\tUncaught Exception \t${outcome.payload}`,
        }),
      };
    case 'timeout': {
      const words = `Task timed out after ${settings.Timeout.toFixed(2)} seconds`;
      return {
        payload: platformError('Sandbox.Timedout', requestId, words),
        failed: true,
        lastWords: `${at} ${requestId} ${words}`,
        status: { kind: 'timeout' },
      };
    }
    case 'exit': {
      const { errorType, reason } = outcome;
      return {
        payload: platformError(errorType, requestId, reason),
        failed: true,
        lastWords: `RequestId: ${requestId} Error: ${reason}\n${errorType}`,
        status: { kind: 'error', errorType },
      };
    }
  }
}

/** Python's runtime has logged the error itself; in Node's, Lambda's own words carry it. */
const isNode = (runtime: string | undefined): boolean => runtime?.startsWith('nodejs') === true;

function platformError(errorType: string, requestId: string, words: string): string {
  return JSON.stringify({ errorType, errorMessage: `RequestId: ${requestId} Error: ${words}` });
}

/** A runtime of somebody's own may send what it likes. */
function errorTypeOf(payload: string): string {
  try {
    const { errorType } = JSON.parse(payload) as { errorType?: unknown };
    return typeof errorType === 'string' ? errorType : 'Runtime.Unknown';
  } catch {
    return 'Runtime.Unknown';
  }
}

/**
 * The line about a start that did not go well; none about one that did.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
 */
export function initReportLine(init: InitReport | undefined, end: InvocationEnd): string | undefined {
  if (init === undefined || init.status === 'success') return undefined;
  const errorType = init.status === 'error' && end.status?.kind === 'error' ? end.status.errorType : undefined;
  return [
    `INIT_REPORT Init Duration: ${init.durationMs.toFixed(2)} ms`,
    'Phase: init',
    `Status: ${init.status}`,
    ...(errorType === undefined ? [] : [`Error Type: ${errorType}`]),
  ].join('\t');
}

/** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html#node-logging-output */
export function reportLine(
  report: WorkerReport,
  end: InvocationEnd,
  { settings }: FunctionVersion,
  { requestId, trace }: { readonly requestId: string; readonly trace: Trace },
): string {
  const durationMs = Math.min(report.durationMs, settings.Timeout * 1000);
  const initMs = report.init?.status === 'success' ? report.init.durationMs : undefined;
  const { status } = end;
  return [
    `REPORT RequestId: ${requestId}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms`,
    `Memory Size: ${settings.MemorySize} MB`,
    `Max Memory Used: ${report.maxMemoryMb} MB`,
    ...(initMs === undefined ? [] : [`Init Duration: ${initMs.toFixed(2)} ms`]),
    ...(status === undefined ? [] : [`Status: ${status.kind}`]),
    ...(status?.kind === 'error' ? [`Error Type: ${status.errorType}`] : []),
  ]
    .join('\t')
    .concat(trace.sampled ? `\nXRAY TraceId: ${trace.traceId}\tSegmentId: ${trace.segmentId}\tSampled: true` : '');
}
