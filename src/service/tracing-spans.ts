import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { ControllerObserver } from '../controller/observer.ts';
import type { ControllerTracing } from '../controller/tracing.ts';
import { faultOf, PipelineError, type Fault } from '../core/fault.ts';
import type { ApiCallReport } from './metrics-kubernetes.ts';
import { silentObserver } from './observers.ts';
import {
  callAttributes,
  callName,
  faultAttributes,
  isAbsence,
  own,
  pipelineAttributes,
  reasonAttributes,
  shown,
  stepAttributes,
  type SpanAttributes,
  type TracedCall,
} from './tracing-attributes.ts';

/** Turns what the engine tells into spans. */
export type TracingSpans = {
  /** What a run is made of: batch, looks and steps. */
  readonly tracing: ControllerTracing;
  /** The run of each pipeline in a batch. */
  readonly observer: ControllerObserver;
  /** A command of the CLI as a trace of its own. */
  readonly command: <Code extends number>(name: string, run: () => Promise<Code>) => Promise<Code>;
  /** Told at the end of each call, by what asked for it; so are the two below. */
  readonly awsCalled: (call: TracedCall) => void;
  readonly laneWaited: (waitMs: number) => void;
  readonly kubernetesCalled: (call: ApiCallReport) => void;
  /** What ties a log line to the span that it is written in; undefined: to none, or to one that is not kept. */
  readonly logFields: () => LogFields | undefined;
};

/** @see https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ */
export type LogFields = { readonly trace_id: string; readonly span_id: string };

type SpanOptions = {
  readonly attributes?: SpanAttributes;
  readonly kind?: SpanKind;
  /** Default: the span that the caller is in. */
  readonly parent?: Context | undefined;
  readonly startTime?: number;
};

/**
 * One trace for each batch of pipelines: its looks and what is done to a rule set as a whole belong to all of them; the
 * run of each pipeline is a span of its own below, and so is each of its steps below that.
 *
 * @param now milliseconds since 1970
 */
export function createTracingSpans(tracer: Tracer, now: () => number): TracingSpans {
  // Not that of the API, which is one for the whole process: what else is in there keeps its own.
  const around = new AsyncLocalStorage<Context>();
  const runs = new Map<string, Span>();

  const start = (name: string, { attributes, kind, parent, startTime = now() }: SpanOptions): Span =>
    tracer.startSpan(
      name,
      { startTime, ...(attributes && { attributes }), ...(kind !== undefined && { kind }) },
      parent ?? around.getStore() ?? ROOT_CONTEXT,
    );

  const inside = async <T>(span: Span, run: () => Promise<T>, conclude?: (result: T) => void): Promise<T> => {
    try {
      const result = await around.run(contextOf(span), run);
      conclude?.(result);
      return result;
    } catch (error) {
      thrown(span, error);
      throw error;
    } finally {
      span.end(now());
    }
  };

  /** What is over when it is told of; only as part of a trace, since alone it says nothing. */
  const past = (name: string, durationMs: number, options: SpanOptions): Span | undefined => {
    if (around.getStore() === undefined) return undefined;
    return start(name, { ...options, startTime: now() - durationMs });
  };

  const runOf = (key: string | undefined): Span | undefined => (key === undefined ? undefined : runs.get(key));

  const endRun = (key: string): void => {
    runOf(key)?.end(now());
    runs.delete(key);
  };

  return {
    tracing: {
      batch: ({ keys, lane, askedAtMs }, run) => {
        const attributes = own({
          'batch.pipelines': keys.length,
          'batch.lane': lane,
          'batch.queued_ms': Math.max(0, now() - askedAtMs),
        });
        const span = start('reconcile batch', { parent: ROOT_CONTEXT, attributes });
        return inside(span, run).finally(() => keys.forEach(endRun));
      },
      alone: (key, run) => {
        const span = runOf(key);
        return span === undefined ? run() : around.run(contextOf(span), run);
      },
      look: ({ region, apply, remove }, run) => {
        const pipelines = apply.length + remove.length;
        const span = start('look', { attributes: { 'cloud.region': region, ...own({ 'look.pipelines': pipelines }) } });
        return inside(span, run, ({ observation, steps, problems }) => {
          span.setAttributes(own({ 'look.steps': steps.length, 'look.problems': problems.length }));
          const [problem] = problems;
          if (observation === undefined && problem !== undefined) blame(span, problem.fault);
        });
      },
      step: (step, run) => {
        const ownersRun = runOf(step.owner);
        const parent = ownersRun === undefined ? undefined : contextOf(ownersRun);
        const span = start(step.action.kind, { attributes: stepAttributes(step), parent });
        return inside(span, run, (result) => {
          if (result.kind === 'failed') notDone(span, result.fault);
        });
      },
      waiting: (fault) => void current(around)?.addEvent('waiting', reasonAttributes(fault), now()),
    },

    observer: {
      ...silentObserver,
      reconcileStarted: ({ key, reconcileId, generation, trigger }) => {
        const attributes = { ...pipelineAttributes(key), ...own({ reconcile_id: reconcileId, generation, trigger }) };
        runs.set(key, start('reconcile', { attributes }));
      },
      planned: ({ key }, steps) => void runOf(key)?.setAttributes(own({ planned_steps: steps.length })),
      faulted: ({ key }, fault) => notDone(runOf(key), fault),
      panicked: ({ key, error }) => blame(runOf(key), faultOf(error)),
      timedOut: ({ key }) => void runOf(key)?.addEvent('timed out', now()),
      told: ({ key }, { type, reason }) => void runOf(key)?.addEvent(reason, own({ 'event.type': type }), now()),
      statusWritten: ({ key }, result, { conditions }) => {
        const ready = conditions.find(({ type }) => type === 'Ready');
        runOf(key)?.setAttributes(own({ status: result, ready: ready?.status, reason: ready?.reason }));
      },
      reconcileFinished: ({ key, result, noop, stalled, fault }) => {
        const span = runOf(key);
        span?.setAttributes(own({ result, noop, stalled }));
        if (fault !== undefined) blame(span, fault);
        endRun(key);
      },
    },

    command: (name, run) => {
      const span = start(name, { parent: ROOT_CONTEXT });
      return inside(span, run, (code) => {
        span.setAttributes({ 'process.exit.code': code });
        if (code !== DONE && code !== DIFFERENCES) span.setStatus({ code: SpanStatusCode.ERROR });
      });
    },

    awsCalled: (call) => {
      const { fault, durationMs } = call;
      const span = past(callName(call), durationMs, { kind: SpanKind.CLIENT, attributes: callAttributes(call) });
      if (fault !== undefined && !isAbsence(fault)) blame(span, fault);
      span?.end(now());
    },
    laneWaited: (waitMs) => {
      if (waitMs > 0) past('wait for SES', waitMs, {})?.end(now());
    },
    kubernetesCalled: ({ verb, resource, code, durationMs }) => {
      const failed = code === undefined || code >= 400;
      const attributes = {
        ...(code !== undefined && { 'http.response.status_code': code }),
        ...(failed && { 'error.type': code === undefined ? 'no answer' : String(code) }),
        ...own({ 'kubernetes.verb': verb, 'kubernetes.resource': resource }),
      };
      const span = past(`kubernetes ${verb} ${resource}`, durationMs, { kind: SpanKind.CLIENT, attributes });
      if (failed) span?.setStatus({ code: SpanStatusCode.ERROR });
      span?.end(now());
    },

    logFields: () => {
      const { traceId, spanId, traceFlags = 0 } = current(around)?.spanContext() ?? {};
      if (traceId === undefined || spanId === undefined || (traceFlags & SAMPLED) === 0) return undefined;
      return { trace_id: traceId, span_id: spanId };
    },
  };
}

const SAMPLED = 1;
/** Exit codes of a command that did what it was asked. */
const DONE = 0;
const DIFFERENCES = 2;

const contextOf = (span: Span): Context => trace.setSpan(ROOT_CONTEXT, span);

const current = (around: AsyncLocalStorage<Context>): Span | undefined =>
  trace.getSpan(around.getStore() ?? ROOT_CONTEXT);

function blame(span: Span | undefined, fault: Fault): void {
  span?.setAttributes(faultAttributes(fault));
  span?.setStatus({ code: SpanStatusCode.ERROR, message: shown(fault.message) });
}

/** AWS is not done with our own last change: it is looked at again later, and nothing is wrong. */
function notDone(span: Span | undefined, fault: Fault): void {
  if (fault.class === 'pending' || fault.class === 'propagating') span?.setAttributes(reasonAttributes(fault));
  else blame(span, fault);
}

/** What somebody cut short is no bug. */
function thrown(span: Span, error: unknown): void {
  if (error instanceof PipelineError) blame(span, error.fault);
  else {
    span.setAttributes({ 'error.type': error instanceof Error ? error.name : 'unknown' });
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
}
