import { Interrupted, unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import { print } from './print.ts';
import { clean } from './render-problems.ts';
import { sandboxClient, type SandboxLogLine } from './sandbox-client.ts';
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
    print(io, options.output, { lines: page.lines }, () =>
      page.lines.length === 0 ? [nothingYet(functionName)] : page.lines.flatMap(render),
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

function nothingYet(functionName: string | undefined): string {
  return functionName === undefined ? 'No function has run yet.' : `The function ${functionName} has not run yet.`;
}
