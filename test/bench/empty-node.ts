import { run } from '../control-plane/run.ts';

/** What Node itself costs: the measure that the controller is held against, on the same machine at the same time. */
export type EmptyNode = { readonly startMs: number; readonly residentBytes: number; readonly cpuSeconds: number };

const TIMES = 5;
const TELL = 'const { rss } = process.memoryUsage(), { user, system } = process.cpuUsage();';

/** The median of some runs of `node -e 0`. */
export async function emptyNode(): Promise<EmptyNode> {
  const runs: EmptyNode[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const startedMs = performance.now();
    await run(process.execPath, ['-e', '0']);
    const startMs = performance.now() - startedMs;
    const { out } = await run(process.execPath, ['-e', `${TELL} console.log(JSON.stringify([rss, user + system]))`]);
    const [residentBytes = 0, cpuMicroseconds = 0] = JSON.parse(out) as number[];
    runs.push({ startMs, residentBytes, cpuSeconds: cpuMicroseconds / 1e6 });
  }
  const median = (of: (run: EmptyNode) => number): number => runs.map(of).toSorted((a, b) => a - b)[TIMES >> 1] ?? 0;
  return {
    startMs: median((each) => each.startMs),
    residentBytes: median((each) => each.residentBytes),
    cpuSeconds: median((each) => each.cpuSeconds),
  };
}
