import { pullNothing } from '../../src/code/artifact-puller.ts';
import { awsPorts } from '../../src/aws/ports.ts';
import { PROGRAM, runCli } from '../../src/cli/cli.ts';
import type { CliIo, ExitCode } from '../../src/cli/io.ts';
import { NO_TRACING } from '../../src/core/tracing.ts';
import { quickClock } from './quick-clock.ts';

type Credentials = { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };

/** What a command left behind. */
export type Outcome = { readonly code: ExitCode; readonly out: string; readonly err: string };

export type CommandOptions = {
  readonly args: readonly string[];
  /** What `-f -` reads. */
  readonly stdin?: string;
  /** Aborted: Ctrl-C. */
  readonly signal?: AbortSignal;
  /** The answer to a question; without one nobody watches, and none is asked. */
  readonly answer?: boolean;
  /** Whose command it is; left out: of the account itself. */
  readonly credentials?: Credentials;
};

const OURS: Credentials = { accessKeyId: 'AKIAOURS', secretAccessKey: 'secret' };

/** Runs one command line in this process, against real clients; only time passes faster. */
export async function runCommand({
  args,
  stdin = '',
  signal,
  answer,
  credentials = OURS,
}: CommandOptions): Promise<Outcome> {
  const out: string[] = [];
  const err: string[] = [];
  const clock = quickClock();
  const io: CliIo = {
    program: PROGRAM,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    readStdin: async () => stdin,
    pullFrom: () => pullNothing,
    env: {},
    interactive: answer !== undefined,
    colours: false,
    live: () => {},
    confirm: async () => answer === true,
    signal: signal ?? new AbortController().signal,
    clock,
    traced: (_command, work) => work(NO_TRACING),
    tracing: NO_TRACING,
    connect: ({ region, endpointUrl, sesCallsPerSecond }) => {
      if (endpointUrl === undefined) throw new Error('a test must say --endpoint-url');
      return awsPorts({
        region,
        clock,
        endpointUrl,
        credentials,
        ...(sesCallsPerSecond === undefined ? {} : { sesCallsPerSecond }),
      });
    },
    openCluster: () => Promise.reject(new Error('a test must not reach out to a cluster')),
    loadController: () => Promise.reject(new Error('a test starts its controller itself')),
    runSandbox: () => Promise.reject(new Error('a test starts its sandbox itself')),
    runDev: () => Promise.reject(new Error('a test runs dev as a program')),
  };
  const code = await runCli(args, io, '0.0.0');
  return { code, out: out.join('\n'), err: err.join('\n') };
}
