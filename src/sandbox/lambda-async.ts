import type { InvocationResult } from './lambda-runner.ts';
import type { FunctionRecord } from './lambda-types.ts';
import type { Work } from './mail-work.ts';
import type { Clock } from './service.ts';

export type AsyncDeps = {
  readonly work: Work;
  readonly clock: Clock;
  /** The function as it is at the time of each try; undefined once it is deleted. */
  readonly current: (functionArn: string) => FunctionRecord | undefined;
  readonly run: (record: FunctionRecord, requestId: string, payload: string) => Promise<InvocationResult>;
  /** A line in the function's log about what its queue did. */
  readonly note: (functionArn: string, requestId: string, text: string) => void;
  readonly signal: AbortSignal;
};

const RETRY_DELAYS_MS = [60_000, 120_000];
const DEFAULT_MAX_AGE_SECONDS = 21_600;

/**
 * Queues an `Event` invocation and runs it behind the caller's back: after a failure twice more, one and two minutes
 * later, under the same request id. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function enqueue(deps: AsyncDeps, functionArn: string, requestId: string, payload: string): void {
  const queuedAtMs = deps.clock.now();
  deps.work.start(async () => {
    for (let attempt = 0; ; attempt += 1) {
      const record = deps.current(functionArn);
      if (record === undefined) return;
      if (record.reservedConcurrency === 0) {
        deps.note(functionArn, requestId, 'Event dropped: the reserved concurrency is 0');
        return;
      }
      const failure = await failureOf(deps, record, requestId, payload);
      if (failure === undefined) return;

      const delayMs = RETRY_DELAYS_MS[attempt];
      const limits = deps.current(functionArn)?.eventInvokeConfig;
      const maxAgeMs = (limits?.MaximumEventAgeInSeconds ?? DEFAULT_MAX_AGE_SECONDS) * 1000;
      const retriesLeft = attempt < (limits?.MaximumRetryAttempts ?? RETRY_DELAYS_MS.length);
      if (delayMs === undefined || !retriesLeft || deps.clock.now() + delayMs - queuedAtMs > maxAgeMs) {
        deps.note(functionArn, requestId, `Event given up after ${attempt + 1} attempts: ${failure}`);
        return;
      }
      await deps.work.sleep(delayMs, deps.signal);
      if (deps.signal.aborted) return;
    }
  });
}

async function failureOf(
  { run }: AsyncDeps,
  record: FunctionRecord,
  requestId: string,
  payload: string,
): Promise<string | undefined> {
  try {
    const { functionError, payload: answer } = await run(record, requestId, payload);
    return functionError === undefined ? undefined : answer;
  } catch (error) {
    return String(error);
  }
}
