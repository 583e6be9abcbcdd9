/**
 * When a settled pipeline is looked at again: its interval, give or take the jitter, so that pipelines that were
 * settled together do not come back together.
 *
 * @param jitter share of the interval, 0 to 1
 * @param random in [0, 1)
 */
export function nextCheckMs(intervalMs: number, jitter: number, random: number): number {
  return Math.round(intervalMs * (1 + jitter * (2 * random - 1)));
}

/**
 * When a pipeline that was looked at because the controller has started is looked at again: anywhere in the interval.
 * A start looks at all of them at once, and the jitter alone would bring them back as one crowd for hours.
 *
 * @param random in [0, 1)
 */
export function firstCheckMs(intervalMs: number, random: number): number {
  return Math.max(1, Math.round(intervalMs * (1 - random)));
}
