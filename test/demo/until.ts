import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 50;

/** Waits until `holds`, at most `limitMs`. @returns how long it took in milliseconds; undefined: it never did */
export async function until(
  holds: () => boolean | Promise<boolean>,
  limitMs: number,
  lookAgainMs = LOOK_AGAIN_MS,
): Promise<number | undefined> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < limitMs) {
    if (await holds()) return performance.now() - startedMs;
    await delay(lookAgainMs);
  }
  return undefined;
}

/** `1.2 s`, or that it did not happen. */
export const seconds = (ms: number | undefined): string => (ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`);
