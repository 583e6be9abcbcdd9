import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** How a program ended. A program that a signal ended has the code -1. */
export type Ended = { readonly code: number; readonly out: string; readonly err: string };

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input; empty when it is left out. */
  readonly input?: string;
};

/**
 * Runs a program to its end.
 * @throws {Error} when it cannot be started; a program that fails is a result
 */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { input = '', ...place } = options;
  const child = spawn(program, args, { ...place, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? -1));
  });
  child.stdin.on('error', () => undefined); // a program may end without reading its input
  child.stdin.end(input);
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, out, err };
}
