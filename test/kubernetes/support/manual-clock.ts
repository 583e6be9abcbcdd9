import type { Clock } from '../../../src/core/ports.ts';

export type ManualClock = Clock & {
  /** Lets time pass, one sleeper after the other, each with all that follows from it. */
  readonly advance: (ms: number) => Promise<void>;
  /** Lets time pass until `reached`; fails when it is not within `maxMs`. */
  readonly runUntil: (reached: () => boolean, maxMs: number) => Promise<void>;
  /** How long each sleeper still has to sleep, shortest first. */
  readonly sleeping: () => readonly number[];
};

type Sleeper = { readonly dueAtMs: number; readonly wake: () => void };

/** Time that passes only when a test says so. */
export function manualClock(random: () => number = () => 0.5): ManualClock {
  let nowMs = 1_000_000;
  const sleepers = new Set<Sleeper>();

  const first = (): Sleeper | undefined =>
    [...sleepers].reduce<Sleeper | undefined>(
      (best, each) => (best === undefined || each.dueAtMs < best.dueAtMs ? each : best),
      undefined,
    );

  const step = async (untilMs: number): Promise<boolean> => {
    const next = first();
    if (next === undefined || next.dueAtMs > untilMs) return false;
    sleepers.delete(next);
    nowMs = Math.max(nowMs, next.dueAtMs);
    next.wake();
    await settled();
    return true;
  };

  return {
    now: () => nowMs,
    random,
    sleep: (ms, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return promise;
      }
      const abort = (): void => {
        sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { dueAtMs: nowMs + Math.max(0, ms), wake };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
      return promise;
    },
    advance: async (ms) => {
      const untilMs = nowMs + ms;
      await settled();
      while (await step(untilMs));
      nowMs = untilMs;
    },
    runUntil: async (reached, maxMs) => {
      const untilMs = nowMs + maxMs;
      await settled();
      while (!reached()) {
        if (!(await step(untilMs))) throw new Error(`Not reached in ${maxMs} ms`);
      }
    },
    sleeping: () => [...sleepers].map(({ dueAtMs }) => dueAtMs - nowMs).sort((a, b) => a - b),
  };
}

/** Every promise that can go on without time or I/O has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
