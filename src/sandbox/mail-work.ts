import { setImmediate as nextTick } from 'node:timers/promises';
import type { Clock } from './service.ts';

/** What the sandbox does behind the callers' backs: mails on their way, queued invocations, retries to come. */
export type Work = {
  /** Starts a task and counts it until it ends. The task deals with its own failures. */
  readonly start: (task: () => Promise<void>) => void;
  /** Sleeps on the clock inside a task; until it is due, the task does not count. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Resolves once nothing is in work and nothing asleep is due now. */
  readonly idle: () => Promise<void>;
};

export function createWork(clock: Clock): Work {
  const dueTimes = new Map<symbol, number>();
  let running = 0;
  let changed = Promise.withResolvers<void>();
  const announce = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const isIdle = (): boolean => running === 0 && [...dueTimes.values()].every((dueAt) => dueAt > clock.now());

  return {
    start: (task) => {
      running += 1;
      void task().finally(() => {
        running -= 1;
        announce();
      });
    },
    sleep: async (ms, signal) => {
      const sleeper = Symbol('sleeper');
      dueTimes.set(sleeper, clock.now() + ms);
      running -= 1;
      announce();
      try {
        await clock.sleep(ms, signal);
      } finally {
        running += 1;
        dueTimes.delete(sleeper);
        announce();
      }
    },
    idle: async () => {
      for (;;) {
        await nextTick();
        if (isIdle()) return;
        await changed.promise;
      }
    },
  };
}
