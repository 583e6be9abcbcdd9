import { randomBytes } from 'node:crypto';
import type { Clock, Ids } from './service.ts';

/** Wall clock and real timers. A sleeping clock does not keep the process alive. */
export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const wake = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        timer.unref();
        signal?.addEventListener('abort', wake);
      }),
  };
}

/** Ids from the operating system's randomness. */
export function randomIds(): Ids {
  return {
    hex: (digits) =>
      randomBytes(Math.ceil(digits / 2))
        .toString('hex')
        .slice(0, digits),
  };
}
