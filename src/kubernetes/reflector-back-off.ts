export type BackOff = {
  /** How long to wait after a failure; `healthyMs` is how long it worked before. */
  readonly next: (healthyMs: number, atLeastMs?: number) => number;
};

export type BackOffOptions = {
  readonly minMs: number;
  readonly maxMs: number;
  /** After so long without trouble the next failure is the first again. */
  readonly resetAfterMs: number;
};

/** client-go's figures for a reflector. */
export const REFLECTOR_BACK_OFF: BackOffOptions = { minMs: 800, maxMs: 30_000, resetAfterMs: 120_000 };

// A server that asks for more is broken, or wants us never to come back.
const LONGEST_HINT_MS = 300_000;

/** Doubles from `minMs` to `maxMs`; up to as much again is added at random, so that replicas come back one by one. */
export function createBackOff({ minMs, maxMs, resetAfterMs }: BackOffOptions, random: () => number): BackOff {
  let failures = 0;
  return {
    next: (healthyMs, atLeastMs = 0) => {
      if (healthyMs >= resetAfterMs) failures = 0;
      const baseMs = Math.min(maxMs, minMs * 2 ** failures);
      failures += 1;
      return Math.max(Math.min(maxMs, baseMs * (1 + random())), Math.min(atLeastMs, LONGEST_HINT_MS));
    },
  };
}
