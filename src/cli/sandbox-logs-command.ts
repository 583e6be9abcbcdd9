import { Interrupted, unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import { print } from './print.ts';
import { clean } from './render-problems.ts';
import { sandboxClient, type SandboxClient, type SandboxLogLine } from './sandbox-client.ts';
import type { SandboxViewOptions } from './sandbox-mails-command.ts';

export type SandboxLogsOptions = SandboxViewOptions & { readonly follow: boolean };

const POLL_MS = 500;

/** Prints what functions wrote; with `--follow` goes on until Ctrl-C, in JSON one object a line. */
export async function sandboxLogsCommand(
  functionName: string | undefined,
  options: SandboxLogsOptions,
  io: CliIo,
): Promise<ExitCode> {
  const client = sandboxClient(options.endpointUrl, io);
  const page = await unlessInterrupted(io.signal, client.logs({ functionName }));
  if (!options.follow) {
    const others = page.lines.length > 0 ? [] : await haveRun(client, io);
    print(io, options.output, { lines: page.lines }, () =>
      page.lines.length === 0 ? [nothingYet(functionName, others)] : page.lines.flatMap(render),
    );
    return 0;
  }
  try {
    for (let { lines, next } = page; ; { lines, next } = await client.logs({ functionName, after: next })) {
      for (const line of lines) {
        if (options.output === 'text') for (const text of render(line)) io.out(text);
        else io.out(JSON.stringify(line));
      }
      await io.clock.sleep(POLL_MS, io.signal);
    }
  } catch (error) {
    if (io.signal.aborted) throw new Interrupted('interrupted', { cause: error });
    throw error;
  }
}

function render({ at, functionName, text }: SandboxLogLine): string[] {
  return clean(text)
    .split('\n')
    .map((line) => `${at} ${functionName}  ${line}`);
}

async function haveRun(client: SandboxClient, io: CliIo): Promise<readonly string[]> {
  const { lines } = await unlessInterrupted(io.signal, client.logs({}));
  return [...new Set(lines.map(({ functionName }) => functionName))].sort();
}

/** A name that was mistyped looks like one of a function that has not run. */
function nothingYet(functionName: string | undefined, others: readonly string[]): string {
  if (functionName === undefined || others.length === 0) return 'No function has run yet.';
  return `No function ${functionName} has run yet; these have: ${others.join(', ')}.`;
}
