/** What a check found; `why` says what is wrong and what to do. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly why: string };

export type Check = { readonly name: string; readonly judge: () => Verdict };

const OK: Verdict = { ok: true };

/**
 * Whether the event loop turns. It stands still while code of ours computes without end, or while the machine gives the
 * process no time; a timer that should beat every second then does not.
 *
 * @param lastBeatMs when the timer last ran @param worstGapMs longest pause between two beats of late
 */
export function judgeEventLoop(input: {
  readonly nowMs: number;
  readonly lastBeatMs: number;
  readonly worstGapMs: number;
  readonly limitMs: number;
}): Verdict {
  const gapMs = Math.max(input.nowMs - input.lastBeatMs, input.worstGapMs);
  if (gapMs <= input.limitMs) return OK;
  return {
    ok: false,
    why: `the event loop stood still for ${seconds(gapMs)}, more than ${seconds(input.limitMs)}: give the process more CPU, or restart it`,
  };
}

/**
 * Whether the source of the pipelines is alive. Before its first sign of life, time counts from the start.
 *
 * @param lastAliveMs undefined or 0: never yet
 */
export function judgeFreshness(input: {
  readonly nowMs: number;
  readonly startedAtMs: number;
  readonly lastAliveMs: number | undefined;
  readonly limitMs: number;
}): Verdict {
  const silentMs = input.nowMs - Math.max(input.lastAliveMs ?? 0, input.startedAtMs);
  if (silentMs <= input.limitMs) return OK;
  return {
    ok: false,
    why: `nothing was heard of the pipelines for ${seconds(silentMs)}, more than ${seconds(input.limitMs)}: see the log for what the source answers`,
  };
}

/** A check that holds or does not. */
export const judgeThat = (holds: boolean, why: string): Verdict => (holds ? OK : { ok: false, why });

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** Beats while the event loop turns. */
export type Heartbeat = {
  readonly lastBeatMs: () => number;
  /** Longest pause between two beats within the window that ends now. */
  readonly worstGapMs: () => number;
  readonly stop: () => void;
};

export type HeartbeatOptions = {
  /** Milliseconds; must not go backwards. */
  readonly now: () => number;
  /** Calls `beat` again and again; returns what ends it. */
  readonly every: (intervalMs: number, beat: () => void) => () => void;
  readonly intervalMs: number;
  readonly windowMs: number;
};

/** Remembers pauses for `windowMs`, since the request that asks for them is only answered once the loop turns again. */
export function startHeartbeat({ now, every, intervalMs, windowMs }: HeartbeatOptions): Heartbeat {
  let lastBeatMs = now();
  let gaps: readonly { readonly endedAtMs: number; readonly gapMs: number }[] = [];
  const recent = () => gaps.filter(({ endedAtMs }) => now() - endedAtMs <= windowMs);
  const stop = every(intervalMs, () => {
    const beatMs = now();
    gaps = [...recent(), { endedAtMs: beatMs, gapMs: beatMs - lastBeatMs }];
    lastBeatMs = beatMs;
  });
  return {
    lastBeatMs: () => lastBeatMs,
    worstGapMs: () => Math.max(0, ...recent().map(({ gapMs }) => gapMs)),
    stop,
  };
}
