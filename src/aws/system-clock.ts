import type { Clock } from '../core/ports.ts';

/** Wall clock, real timers, real randomness. A sleeper keeps the process alive: somebody waits for what comes after. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(asError(signal.reason));
          return;
        }
        const abort = (): void => {
          clearTimeout(timer);
          reject(asError(signal?.reason));
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener('abort', abort);
          resolve();
        }, ms);
        signal?.addEventListener('abort', abort, { once: true });
      }),
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
