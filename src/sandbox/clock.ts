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

/** A clock that can be put forward: whoever sleeps until then wakes up. */
export type MovableClock = Clock & { readonly advance: (ms: number) => void };

export function movableClock(clock: Clock): MovableClock {
  let aheadMs = 0;
  let moved = new AbortController();
  const now = (): number => clock.now() + aheadMs;
  return {
    now,
    sleep: async (ms, signal) => {
      const dueAtMs = now() + ms;
      const isOver = (): boolean => now() >= dueAtMs || signal?.aborted === true;
      while (!isOver()) {
        const woken = signal === undefined ? moved.signal : AbortSignal.any([signal, moved.signal]);
        await clock.sleep(dueAtMs - now(), woken);
      }
    },
    advance: (ms) => {
      aheadMs += ms;
      const before = moved;
      moved = new AbortController();
      before.abort();
    },
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
