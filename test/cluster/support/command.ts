import { delimiter, dirname } from 'node:path';
import { run, type Ended } from '../../control-plane/run.ts';

const BIN = new URL('../../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;

/** The command line in a process of its own, as somebody types it; no variable of AWS or Kubernetes is taken over. */
export function command(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Ended> {
  const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
  return run(process.execPath, [BIN, ...args], { env: { PATH: path, HOME: '/nowhere', ...env } });
}

/** One thing that `trace` or `doctor` found. */
export type Found = {
  readonly check: string;
  readonly outcome: string;
  readonly about?: string;
  readonly reason?: string;
  readonly message: string;
  readonly todo?: string;
};
