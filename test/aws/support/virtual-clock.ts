import type { Clock } from '../../../src/core/ports.ts';

/** Time that passes only while somebody sleeps, and then at once. */
export function virtualClock(startMs = 1_000_000): Clock & { readonly setBack: (ms: number) => void } {
  let now = startMs;
  return {
    now: () => now,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      now += ms;
    },
    setBack: (ms) => {
      now -= ms;
    },
  };
}
