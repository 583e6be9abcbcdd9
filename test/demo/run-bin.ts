import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

const BIN = new URL('../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;

export type Finished = { readonly code: number; readonly out: string; readonly err: string };

/** Runs the command as a user would, in a process of its own. AWS settings of the person at the keyboard stay out. */
export async function runBin(args: readonly string[]): Promise<Finished> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode) => resolve(exitCode ?? 1));
    }),
  ]);
  return { code, out, err };
}
