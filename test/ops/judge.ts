import { builtWithGo } from './built-with-go.ts';
import { run } from '../control-plane/run.ts';

const SOURCES = new URL('go', import.meta.url).pathname;

/** What `test/ops/go` can judge by. */
export type Verb = 'argo-health' | 'argo-action' | 'kstatus' | 'terraform';

/**
 * Asks the program in `test/ops/go`, which is built at the first question.
 *
 * @throws {Error} saying what to install, or what the program says
 */
export async function judge<T>(verb: Verb, input: unknown, ...args: readonly string[]): Promise<T> {
  const { code, out, err } = await run(await builtWithGo(SOURCES), [verb, ...args], { input: JSON.stringify(input) });
  if (code !== 0) throw new Error(`${verb}: ${err}`);
  return JSON.parse(out) as T;
}
