/** Ctrl-C while nothing had been written yet: there is nothing to finish and nothing to tell. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * What a read comes to, unless the signal is faster: an answer that may never come is not waited for.
 *
 * @throws {Interrupted} once the signal is aborted
 */
export async function unlessInterrupted<T>(signal: AbortSignal, read: Promise<T>): Promise<T> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new Interrupted('interrupted'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  // Whichever loses must not count as unhandled.
  read.catch(() => {});
  try {
    return await Promise.race([read, interrupted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
