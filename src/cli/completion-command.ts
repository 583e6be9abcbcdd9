import { readFileSync } from 'node:fs';
import type { CliIo, ExitCode } from './io.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** Prints what teaches a shell to complete command lines: it asks the program itself at each Tab. */
export function completionCommand(shell: Shell, _options: object, io: CliIo): Promise<ExitCode> {
  io.out(readFileSync(new URL(`../../completions/ses-lambda-pipeline.${shell}`, import.meta.url), 'utf8').trimEnd());
  return Promise.resolve(0);
}
