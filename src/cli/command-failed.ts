import type { Fault } from '../core/fault.ts';
import type { FileProblem } from '../files/file-problem.ts';
import type { CliIo } from './io.ts';
import { clean } from './render-problems.ts';

/** One reason why a command ended early, as `-o json` prints it. */
export type Failure = Partial<Omit<FileProblem, 'message'>> & { readonly reason?: string; readonly message: string };

/** Something that ends the command before AWS is asked; already told to the user. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly failures: readonly Failure[];

  constructor(failures: readonly Failure[]) {
    super('the command failed');
    this.failures = failures;
  }
}

/** Ends a command because of a fault, which is told here. */
export function failed({ reason, message }: Fault, io: Pick<CliIo, 'err'>): CommandFailed {
  io.err(clean(`Error: ${message}`));
  return new CommandFailed([{ reason, message }]);
}

/** Ends a command because of how it was called, which is told here. */
export function refused(message: string, io: Pick<CliIo, 'err'>): CommandFailed {
  io.err(clean(`Error: ${message}`));
  return new CommandFailed([{ message }]);
}
