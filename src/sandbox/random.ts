/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How long something takes: always the same, anything between two bounds, or usually little and rarely much. */
export type Duration =
  | number
  | { readonly minMs: number; readonly maxMs: number }
  | { readonly medianMs: number; readonly p99Ms: number };

/** 99 of 100 values of a standard normal distribution lie below it. */
const Z_99 = 2.326;

/** One value. The last kind is log-normal, as the latency of networked services is. */
export function drawMs(duration: Duration, random: () => number): number {
  if (typeof duration === 'number') return duration;
  if ('minMs' in duration) return duration.minMs + (duration.maxMs - duration.minMs) * random();
  const { medianMs, p99Ms } = duration;
  if (medianMs === 0) return 0;
  const sigma = Math.log(p99Ms / medianMs) / Z_99;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return medianMs * Math.exp(sigma * normal);
}
