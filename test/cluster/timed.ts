/** Runs one phase of a test and prints how long it took. */
export async function timed<T>(phase: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  process.stderr.write(`${phase}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
  return result;
}
