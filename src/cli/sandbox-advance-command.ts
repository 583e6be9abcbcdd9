import { parseDurationMs } from '../core/duration.ts';
import { refused } from './command-failed.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import { print } from './print.ts';
import { sandboxClient } from './sandbox-client.ts';
import type { SandboxViewOptions } from './sandbox-mails-command.ts';

/** Puts the clock of a running sandbox forward, so that nobody has to wait for a retry. */
export async function sandboxAdvanceCommand(
  duration: string,
  options: SandboxViewOptions,
  io: CliIo,
): Promise<ExitCode> {
  const ms = parseDurationMs(duration) ?? 0;
  if (ms === 0) throw refused(`${duration} is not a duration: write it as 90s, 2m or 1h`, io);
  const time = await unlessInterrupted(io.signal, sandboxClient(options.endpointUrl, io).advance(ms / 1000));
  print(io, options.output, time, () => [`It is ${time.now} in the sandbox.`]);
  return 0;
}
