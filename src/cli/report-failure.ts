import { faultOf } from '../core/fault.ts';
import { CommandFailed, failed } from './command-failed.ts';
import { Interrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { OutputFormat } from './options.ts';
import { print } from './print.ts';

/** Version of the JSON that a command prints which ended before it looked at AWS. */
const FAILURE_FORMAT = 'ses-lambda-pipeline.dev/failure/v1';

/** Whoever reads JSON gets JSON, whatever happens. */
export function reportFailure(error: unknown, output: OutputFormat, io: CliIo): ExitCode {
  if (error instanceof Interrupted) return 130;
  const known = error instanceof CommandFailed ? error : failed(faultOf(error), io);
  print(io, output, { format: FAILURE_FORMAT, problems: known.failures }, () => []);
  return 1;
}
