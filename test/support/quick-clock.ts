import type { Clock } from '../../src/core/ports.ts';

const TIMES = 100;

/** Real time, a hundred times as fast: waits and limits keep their proportions, and a minute takes 0.6 s. */
export function quickClock(): Clock {
  const startedAtMs = Date.now();
  return {
    now: () => startedAtMs + (Date.now() - startedAtMs) * TIMES,
    random: () => 0.5,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const abort = (): void => {
          clearTimeout(timer);
          reject(new Error('interrupted'));
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener('abort', abort);
          resolve();
        }, ms / TIMES);
        if (signal?.aborted === true) abort();
        signal?.addEventListener('abort', abort, { once: true });
      }),
  };
}
