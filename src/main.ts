import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { ArtifactPuller } from './code/artifact-puller.ts';
import { systemClock } from './aws/system-clock.ts';
import { ask } from './cli/ask.ts';
import { PROGRAM, runCli } from './cli/cli.ts';
import { NO_TRACING } from './core/tracing.ts';
import { openTraces, type Traces } from './service/tracing.ts';
import type { CliIo, Connected, ConnectOptions, ControllerDoor, RunningSandbox, SandboxSettings } from './cli/io.ts';

/** The composition root: the only place that knows every layer. @param name what the program was started as */
export async function main(args: readonly string[], name: string = PROGRAM): Promise<void> {
  const interrupted = new AbortController();
  process.on('SIGINT', () => {
    // The second time means it: the call in flight is abandoned.
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort(new Error('interrupted'));
    if (process.stderr.isTTY) process.stderr.write('\nStopping. Ctrl-C again stops at once.\n');
  });
  process.on('SIGTERM', () => {
    if (interrupted.signal.aborted) process.exit(143);
    interrupted.abort(new Error('terminated'));
  });
  for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveUnread);
  process.exitCode = await runCli(args, systemIo(interrupted.signal, name), version());
  if (interrupted.signal.aborted) {
    // The SDK may still be trying again what nobody waits for any more.
    await Promise.all([process.stdout, process.stderr].map(flushed));
    process.exit();
  }
}

/** Whoever read the output may go away (`| head`); the work goes on, and the exit code still says how it ended. */
function leaveUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Resolves when everything written so far has gone out, or cannot. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()));

/** After its work a command waits no longer than this for who takes its spans. */
const LAST_SPANS_MS = 1_500;

function systemIo(signal: AbortSignal, program: string): CliIo {
  const clock = systemClock();
  const err = (line: string) => process.stderr.write(`${line}\n`);
  let traces: Traces | undefined;
  // Undefined where it is none, whatever its type says; and undefined would leave the choice of colours to a library.
  const isTerminal = ({ isTTY }: { readonly isTTY?: boolean }): boolean => isTTY === true;
  const interactive = isTerminal(process.stderr) && process.env['CI'] === undefined;
  const live = interactive ? liveView() : () => undefined;
  return {
    program,
    out: (line) => process.stdout.write(`${line}\n`),
    err,
    readStdin: () => text(process.stdin),
    pullFrom: artifactPuller,
    env: process.env,
    interactive,
    colours: interactive && process.env['NO_COLOR'] === undefined && isTerminal(process.stdout),
    live,
    confirm: (question) =>
      ask(question, {
        input: process.stdin,
        output: process.stderr,
        signal,
        interrupt: () => process.kill(process.pid, 'SIGINT'),
      }),
    signal,
    clock,
    traced: async (command, work) => {
      traces = await openTraces({
        env: process.env,
        version: version(),
        now: clock.now,
        sendTimeoutMs: LAST_SPANS_MS,
        onNotice: (notice) => err(`Warning: ${notice}`),
        onTrouble: (problem) =>
          err(`Warning: the spans of this command could not be sent; check OTEL_EXPORTER_OTLP_ENDPOINT: ${problem}`),
      });
      if (traces === undefined) return work(NO_TRACING);
      const { tracing } = traces;
      try {
        return await traces.command(command, () => work(tracing));
      } finally {
        await traces.close(LAST_SPANS_MS);
      }
    },
    tracing: NO_TRACING,
    connect: (options) => connect(options, clock, traces),
    openCluster: async (options) => {
      const { openCluster } = await import('./kubernetes/cluster-door.ts');
      return openCluster({ ...options, clock, env: process.env, version: version(), program });
    },
    loadController,
    runSandbox: (settings, started) => runSandbox(settings, started, signal),
    runDev: async (settings, tell) => {
      const { runDev } = await import('./run-dev.ts');
      await runDev(settings, tell, signal);
    },
  };
}

/** Loaded with the first artifact: hardly a command needs one. */
function artifactPuller(registries: readonly string[]): ArtifactPuller {
  let puller: Promise<ArtifactPuller> | undefined;
  const load = async (): Promise<ArtifactPuller> => {
    const { createArtifactPuller } = await import('./code/artifact-puller.ts');
    return createArtifactPuller({ registries, fetch });
  };
  return async (ref, secret) => (await (puller ??= load()))(ref, secret);
}

/** Draws from the moment that what it draws with is loaded; until then only the newest content counts. */
function liveView(): CliIo['live'] {
  let newest = '';
  let draw = (_content: string): void => undefined;
  void import('log-update').then(({ createLogUpdate }) => {
    const update = createLogUpdate(process.stderr, { showCursor: true });
    draw = (content) => (content === '' ? update.clear() : update(content));
    if (newest !== '') draw(newest);
  });
  return (content) => {
    newest = content;
    draw(content);
  };
}

async function connect(
  { region, endpointUrl, profile, sesCallsPerSecond, dnsServers, role }: ConnectOptions,
  clock: CliIo['clock'],
  traces: Traces | undefined,
): Promise<Connected> {
  const { connectAws } = await import('./connect-aws.ts');
  return connectAws({
    region,
    clock,
    ...(endpointUrl === undefined ? {} : { endpointUrl }),
    ...(profile === undefined ? {} : { profile }),
    ...(sesCallsPerSecond === undefined ? {} : { sesCallsPerSecond }),
    ...(dnsServers === undefined ? {} : { dnsServers }),
    ...(role === undefined ? {} : { role }),
    ...(traces === undefined ? {} : { onCall: traces.awsCalled, onLaneWaited: traces.laneWaited }),
  });
}

/** Kubernetes, metrics and logs take time to load, and no other command needs them. */
async function loadController(): Promise<ControllerDoor> {
  const [{ runController }, { configOptions }] = await Promise.all([
    import('./run-controller.ts'),
    import('./service/config-options.ts'),
  ]);
  return {
    options: configOptions(),
    run: (args) => {
      const err = (line: string) => void process.stderr.write(`${line}\n`);
      return runController({ args, env: process.env, version: version(), err });
    },
  };
}

async function runSandbox(
  { faults = {}, ...settings }: SandboxSettings,
  started: (sandbox: RunningSandbox) => void,
  signal: AbortSignal,
): Promise<void> {
  const [{ startSandbox }, { readFaultSettings }] = await Promise.all([
    import('./sandbox/sandbox.ts'),
    import('./sandbox/fault-settings.ts'),
  ]);
  const sandbox = await startSandbox({ ...settings, faultSettings: readFaultSettings(faults) });
  started(sandbox);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await sandbox.stop();
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return manifest.version;
}
