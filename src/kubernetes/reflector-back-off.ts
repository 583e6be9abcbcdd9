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

/** Doubles from `minMs`; each delay is between half and the whole of its step, so that replicas come back one by one. */
export function createBackOff({ minMs, maxMs, resetAfterMs }: BackOffOptions, random: () => number): BackOff {
  let failures = 0;
  return {
    next: (healthyMs, atLeastMs = 0) => {
      if (healthyMs >= resetAfterMs) failures = 0;
      failures += 1;
      const stepMs = Math.min(maxMs, minMs * 2 ** failures);
      return Math.max((stepMs * (1 + random())) / 2, Math.min(atLeastMs, LONGEST_HINT_MS));
    },
  };
}
