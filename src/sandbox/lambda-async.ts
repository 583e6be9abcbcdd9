import { AwsError } from './aws-error.ts';
import type { History, QueuedEvent } from './history.ts';
import type { Deliver, EndCondition } from './lambda-destinations.ts';
import type { InvocationResult } from './lambda-runner.ts';
import type { QualifiedFunction } from './lambda-functions.ts';
import type { EventInvokeConfig, FunctionVersion } from './lambda-types.ts';
import { qualifierKey } from './lambda-versions.ts';
import type { Work } from './mail-work.ts';
import type { Clock } from './service.ts';

export type AsyncDeps = {
  readonly work: Work;
  readonly clock: Clock;
  /** The function as it is at the time of each try; undefined once it is deleted. */
  readonly current: (functionArn: string) => QualifiedFunction | undefined;
  readonly run: (version: FunctionVersion, requestId: string, payload: string) => Promise<InvocationResult>;
  /** A line in the function's log about what its queue did. */
  readonly note: (event: QueuedEvent, text: string) => void;
  /** Hands over the record of an event that is over to whoever is to have it. */
  readonly deliver: Deliver;
  readonly signal: AbortSignal;
  /** Knows of every event until it is over. */
  readonly history: History;
};

const RETRY_DELAYS_MS = [60_000, 120_000];
const DEFAULT_MAX_AGE_SECONDS = 21_600;

/**
 * Queues an `Event` invocation and runs it behind the caller's back: after a failure twice more, one and two minutes
 * later, under the same request id. While the function is throttled the event waits, which counts as no attempt.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function enqueue(deps: AsyncDeps, functionArn: string, requestId: string, payload: string): void {
  const event = { functionArn, requestId, payload, queuedAtMs: deps.clock.now() };
  deps.history.append({ kind: 'event', event });
  resumeEvent(deps, event);
}

/** Goes on with an event that an earlier process had accepted; its attempts count anew. */
export function resumeEvent(deps: AsyncDeps, event: QueuedEvent): void {
  deps.work.start(async () => {
    if ((await runUntilOver(deps, event)) === 'over') {
      deps.history.note({ kind: 'eventDone', requestId: event.requestId });
    }
  });
}

async function runUntilOver(deps: AsyncDeps, event: QueuedEvent): Promise<'over' | 'stopped'> {
  const { functionArn, requestId, payload, queuedAtMs } = event;
  let attempts = 0;
  let throttles = 0;
  const over = (found: QualifiedFunction, condition: EndCondition, result: Attempt | undefined): 'over' => {
    deps.deliver({ event, found, condition, attempts, ...(result?.answer && { answer: result.answer }) });
    return 'over';
  };
  for (;;) {
    const found = deps.current(functionArn);
    if (found === undefined) return 'over';
    if (found.record.reservedConcurrency === 0) {
      deps.note(event, 'Event dropped: the reserved concurrency is 0');
      return over(found, 'ZeroReservedConcurrency', undefined);
    }
    const result = await attempt(deps, found.version, requestId, payload);
    if (result.kind !== 'throttled') attempts += 1;
    if (result.kind === 'done') return over(found, 'Success', result);
    if (deps.signal.aborted) return 'stopped';
    if (result.kind === 'throttled') throttles += 1;

    const delayMs = result.kind === 'failed' ? RETRY_DELAYS_MS[attempts - 1] : throttleDelayMs(throttles);
    const limits = queueLimits(deps.current(functionArn));
    const maxAgeMs = (limits?.MaximumEventAgeInSeconds ?? DEFAULT_MAX_AGE_SECONDS) * 1000;
    const retriesLeft = attempts <= (limits?.MaximumRetryAttempts ?? RETRY_DELAYS_MS.length);
    const exhausted = delayMs === undefined || !retriesLeft;
    if (exhausted || deps.clock.now() + delayMs - queuedAtMs > maxAgeMs) {
      deps.note(event, `Event given up after ${attempts} attempts: ${result.why}`);
      return over(found, exhausted ? 'RetriesExhausted' : 'EventAgeExceeded', result);
    }
    await deps.work.sleep(delayMs, deps.signal);
    if (deps.signal.aborted) return 'stopped';
  }
}

/** Of the version or alias that the event is for. */
function queueLimits(found: QualifiedFunction | undefined): EventInvokeConfig | undefined {
  return found?.record.eventInvokeConfigs[qualifierKey(found.qualifier)];
}

/** What the function answered, when it was run. */
type Answered = { readonly payload: string; readonly functionError?: string };

type Attempt =
  | { readonly kind: 'done'; readonly answer: Answered }
  | { readonly kind: 'failed' | 'throttled'; readonly why: string; readonly answer?: Answered };

async function attempt(
  { run }: AsyncDeps,
  version: FunctionVersion,
  requestId: string,
  payload: string,
): Promise<Attempt> {
  try {
    const answer = await run(version, requestId, payload);
    return answer.functionError === undefined
      ? { kind: 'done', answer }
      : { kind: 'failed', why: answer.payload, answer };
  } catch (error) {
    const throttled = error instanceof AwsError && error.shape.status === 429;
    return { kind: throttled ? 'throttled' : 'failed', why: String(error) };
  }
}

/** One second at first, twice as long each time, five minutes at most. */
function throttleDelayMs(throttles: number): number {
  return Math.min(1000 * 2 ** (throttles - 1), 300_000);
}
