/** Runs work once for each key, as far as one process can remember. */
export type Once<Answer> = (
  key: string | undefined,
  work: () => Promise<Answer>,
) => Promise<{ readonly answer: Answer; readonly repeated: boolean }>;

/**
 * Remembers the answers of the last `maxKeys` keys. Work that failed is not remembered: the next caller tries again,
 * and one that came while it ran waits for it first. Without a key nothing is remembered.
 */
export function createOnce<Answer>(maxKeys: number): Once<Answer> {
  const runs = new Map<string, Promise<Answer>>();

  const start = (key: string, work: () => Promise<Answer>): Promise<Answer> => {
    const run = work();
    runs.set(key, run);
    // First to hear of a failure: who waits finds the key free then.
    run.catch(() => {
      if (runs.get(key) === run) runs.delete(key);
    });
    for (const oldest of runs.keys()) {
      if (runs.size <= maxKeys) break;
      runs.delete(oldest);
    }
    return run;
  };

  return async (key, work) => {
    if (key === undefined) return { answer: await work(), repeated: false };
    for (let run = runs.get(key); run !== undefined; run = runs.get(key)) {
      const earlier = await run.then(
        (answer) => ({ answer }),
        () => undefined,
      );
      if (earlier !== undefined) return { ...earlier, repeated: true };
    }
    return { answer: await start(key, work), repeated: false };
  };
}
