import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pullNothing } from '../../src/code/artifact-puller.ts';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { awsPorts } from '../../src/aws/ports.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { NO_TRACING } from '../../src/core/tracing.ts';
import { PROGRAM, runCli } from '../../src/cli/cli.ts';
import type { CliIo, ExitCode } from '../../src/cli/io.ts';
import type { Probes } from '../../src/core/probes.ts';
import { readFaultSettings } from '../../src/sandbox/fault-settings.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';

const unasked = () => Promise.reject(new Error('no test with a fake AWS asks for this'));

/** For an AWS that only has what the engine needs. */
export const NO_PROBES: Probes = {
  signIn: unasked,
  ruleSets: unasked,
  buckets: unasked,
  functionUse: unasked,
  roleUse: unasked,
  simulate: unasked,
  receivingHost: unasked,
};

export type Ran = { readonly code: ExitCode; readonly out: string; readonly err: string };

/** Runs one command line in this process; what it prints is kept, and nobody answers questions. */
export async function cli(args: readonly string[], over: Partial<CliIo> = {}): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const clock = systemClock();
  const io: CliIo = {
    program: PROGRAM,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    readStdin: () => Promise.resolve(''),
    pullFrom: () => pullNothing,
    env: {},
    interactive: false,
    colours: false,
    live: () => undefined,
    confirm: () => Promise.reject(new Error('nobody is there to be asked')),
    signal: new AbortController().signal,
    clock,
    traced: (_command, work) => work(NO_TRACING),
    tracing: NO_TRACING,
    connect: ({ region, endpointUrl, dnsServers, role }) => {
      if (endpointUrl === undefined) throw new Error('a test must not reach out to AWS');
      const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
      return awsPorts({
        region,
        endpointUrl,
        clock,
        credentials,
        sesCallsPerSecond: 1000,
        ...(dnsServers !== undefined && { dnsServers }),
        ...(role !== undefined && { role }),
      });
    },
    openCluster: async (options) => {
      const { openCluster } = await import('../../src/kubernetes/cluster-door.ts');
      return openCluster({ ...options, clock, env: { HOME: '/nowhere' }, version: '1.2.3', program: PROGRAM });
    },
    loadController: () => Promise.reject(new Error('a test starts its controller itself')),
    runSandbox: async ({ faults = {}, ...settings }, started) => {
      const sandbox = await startSandbox({ ...settings, faultSettings: readFaultSettings(faults) });
      started(sandbox);
      await sandbox.stop();
    },
    runDev: () => Promise.reject(new Error('a test runs dev as a program')),
    ...over,
  };
  const code = await runCli(args, io, '1.2.3');
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** A folder that goes away with the test. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

/** A manifest in JSON, which is YAML too; members of the spec are replaced. */
export function manifestText(spec: object = {}, metadata: object = {}): string {
  return JSON.stringify({
    apiVersion: 'ses-lambda-pipeline.dev/v1alpha1',
    kind: 'SesLambdaPipeline',
    metadata: { name: 'app', namespace: 'mail', ...metadata },
    spec: {
      region: 'us-west-2',
      messageBodyStorage: { logicalName: 'Special' },
      function: { code: { inline: { 'index.mjs': 'export const handler = () => {};' } } },
      receiptRules: [{ name: 'Default', recipients: ['a@example.com'] }],
      ...spec,
    },
  });
}

/** A server that takes requests and never answers; `asked` resolves with the first. */
export async function silentServer() {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const server = createServer(() => resolve());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
