import type { Clock } from '../core/ports.ts';

export type TimeLimit = {
  /** Aborted when the time is over or the caller has aborted. Given to whatever does the work. */
  readonly signal: AbortSignal;
  /** Rejects with what aborted the signal: the limit holds even over work that does not listen. */
  readonly over: Promise<never>;
  /** The time starts anew, from now on with `limitMs`. */
  readonly touch: (limitMs: number) => void;
  /** The work is done: nothing is aborted any more. */
  readonly end: () => void;
};

/** A limit that is over `limitMs` after its start or its last touch, or when `outer` is aborted. */
export function timeLimit(clock: Clock, limitMs: number, outer: AbortSignal | undefined): TimeLimit {
  const work = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  over.catch(() => {}); // it may end without anybody waiting for it
  let timer = new AbortController();
  let currentMs = limitMs;
  let touchedAtMs = clock.now();

  const end = (): void => {
    timer.abort();
    outer?.removeEventListener('abort', abortOuter);
  };
  const stop = (reason: unknown): void => {
    end();
    reject(reason);
    work.abort(reason);
  };
  const abortOuter = (): void => stop(outer?.reason);

  const run = async (running: AbortSignal): Promise<void> => {
    for (;;) {
      const leftMs = Math.min(currentMs, touchedAtMs + currentMs - clock.now()); // the clock may have been set back
      if (leftMs <= 0) break;
      await clock.sleep(Math.max(1, leftMs), running);
    }
    if (!running.aborted) stop(new TimeLimitError(`nothing came for ${currentMs} ms`));
  };
  const arm = (): void => {
    timer.abort();
    timer = new AbortController();
    run(timer.signal).catch(() => {});
  };

  if (outer?.aborted === true) {
    abortOuter();
  } else {
    outer?.addEventListener('abort', abortOuter, { once: true });
    arm();
  }

  return {
    signal: work.signal,
    over,
    touch: (newLimitMs) => {
      if (timer.signal.aborted) return;
      touchedAtMs = clock.now();
      if (newLimitMs === currentMs) return;
      currentMs = newLimitMs;
      arm();
    },
    end,
  };
}

/** Nothing came in time. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
  readonly code = 'ETIMEDOUT';
}
