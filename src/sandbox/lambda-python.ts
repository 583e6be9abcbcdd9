import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A Python of this machine. */
export type Python = { readonly executable: string; readonly version: string };

const QUESTION = 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])';
const ANSWER_LIMIT_MS = 10_000;

/**
 * Finds the Python that runs functions of a runtime: the very version, or else whatever `python3` is. Undefined where
 * there is none. What the search path names may be a shim, which needs the environment that functions do not get: it is
 * asked for the program behind it, once.
 */
export function createPythonFinder(
  ask: (command: string) => Promise<Python | undefined> = askHost,
): (runtime: string) => Promise<Python | undefined> {
  const found = new Map<string, Promise<Python | undefined>>();
  const asked = (command: string): Promise<Python | undefined> => {
    const answer = found.get(command) ?? ask(command);
    found.set(command, answer);
    return answer;
  };
  return async (runtime) => (await asked(runtime)) ?? (await asked('python3'));
}

async function askHost(command: string): Promise<Python | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, ['-c', QUESTION], { timeout: ANSWER_LIMIT_MS });
    const [executable = '', version = ''] = stdout.trim().split(/\r?\n/);
    return { executable, version };
  } catch {
    return undefined;
  }
}
