import type { Clock } from '../../../src/sandbox/service.ts';

/** A clock that stands still until a test moves it; sleepers whose time has come wake up then. */
export type ManualClock = Clock & { readonly advance: (ms: number) => void };

export function manualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let nowMs = startMs;
  const sleepers = new Set<{ readonly dueAtMs: number; readonly wake: () => void }>();
  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          dueAtMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        if (ms <= 0 || signal?.aborted === true) {
          resolve();
          return;
        }
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    advance: (ms) => {
      nowMs += ms;
      for (const sleeper of [...sleepers].filter(({ dueAtMs }) => dueAtMs <= nowMs)) sleeper.wake();
    },
  };
}
