import type { Command } from 'commander';
import type { CliIo, ExitCode } from './io.ts';

/** Makes an action of a command out of what loads the function that does it. */
export type Run = <Args extends unknown[]>(
  load: () => Promise<(...args: [...Args, CliIo]) => Promise<ExitCode>>,
) => (...args: [...Args, Command]) => Promise<void>;
