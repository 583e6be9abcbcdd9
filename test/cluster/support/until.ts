import { inspect } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 50;

/**
 * Reads again and again until what is read is accepted, and returns it.
 *
 * @throws {Error} with what was read last when the time is over
 */
export async function until<T>(
  what: string,
  read: () => T | Promise<T>,
  accept: (value: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (performance.now() > deadlineMs)
      throw new Error(`not within ${timeoutMs / 1000} s: ${what}. Last seen: ${inspect(value, { depth: 6 })}`);
    await delay(LOOK_AGAIN_MS);
  }
}
