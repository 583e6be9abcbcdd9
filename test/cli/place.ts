import { onTestFinished } from 'vitest';
import { awsPorts } from '../../src/aws/ports.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { CliIo } from '../../src/cli/io.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { clientsOf, runningSandbox, type Credentials } from '../sandbox/support/running-sandbox.ts';
import { fileOf, pipeline, type PipelineParts } from '../support/manifests.ts';
import { cli, folder, type Ran } from './support.ts';

export type Cause = {
  readonly check: string;
  readonly outcome: string;
  readonly message: string;
  readonly todo?: string;
};

/** A sandbox, and the command line on files against it. */
export async function place(options: SandboxOptions = {}) {
  const sandbox = await runningSandbox({ functionUpdateMs: 0, ...options });
  const common = ['--endpoint-url', sandbox.url, '--ses-calls-per-second', '1000'];
  const run = (verb: string, parts: readonly PipelineParts[], ...more: readonly string[]): Promise<Ran> => {
    const file = folder({ 'pipelines.yaml': fileOf(parts.map((each) => pipeline(each))) });
    return cli([verb, ...more, '-f', file, ...common]);
  };
  return {
    sandbox,
    foreign: clientsOf(sandbox),
    asAccount: (accessKeyId: string) =>
      clientsOf(sandbox, { credentials: { accessKeyId, secretAccessKey: 'x' } satisfies Credentials }),
    run,
    apply: async (...parts: readonly PipelineParts[]): Promise<void> => {
      const { code, err } = await run('apply', parts, '--yes');
      if (code !== 0) throw new Error(err);
    },
    /** What `trace` says is wrong with the pipeline `app`. */
    trace: async (parts: readonly PipelineParts[], ...more: readonly string[]) => {
      const { code, out, err } = await run('trace', parts, 'app', '-o', 'json', ...more);
      if (out === '') throw new Error(err);
      return { code, causes: (JSON.parse(out) as { readonly causes: readonly Cause[] }).causes };
    },
    /** @param first options of the command, or whose credentials it has */
    doctor: async (first: string | { readonly credentials: Credentials } = '', ...more: readonly string[]) => {
      const args = typeof first === 'string' ? [first, ...more].filter(Boolean) : more;
      const over = typeof first === 'string' ? {} : { connect: connectAs(first.credentials) };
      const where = ['--no-cluster', ...(args.includes('--region') ? [] : ['--region', 'us-west-2'])];
      const { code, out } = await cli(['doctor', ...where, '-o', 'json', ...common, ...args], over);
      const { findings } = JSON.parse(out) as { readonly findings: readonly Cause[] };
      return { code, findings, failed: findings.filter(({ outcome }) => outcome === 'fail') };
    },
  };
}

/** The door to AWS of somebody with these credentials. */
export const connectAs =
  (credentials: Credentials): CliIo['connect'] =>
  ({ region, endpointUrl = '' }) =>
    awsPorts({ region, endpointUrl, clock: systemClock(), credentials, sesCallsPerSecond: 1000 });

/** Trouble that ends with the test. */
export async function faults(url: string, settings: object): Promise<void> {
  const response = await fetch(`${url}/_sandbox/faults`, { method: 'PUT', body: JSON.stringify(settings) });
  if (!response.ok) throw new Error(await response.text());
  onTestFinished(async () => void (await fetch(`${url}/_sandbox/faults`, { method: 'DELETE' }).catch(() => undefined)));
}
