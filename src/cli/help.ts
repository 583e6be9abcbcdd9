import type { AddHelpTextContext, Command } from 'commander';

/** What follows the options in `--help`. The program is called what it was started as. */
export const examples =
  (...lines: readonly string[]) =>
  ({ command }: AddHelpTextContext): string =>
    `\nExamples:\n${lines.map((line) => `  $ ${called(command)} ${line}`).join('\n')}`;

const called = (command: Command): string => (command.parent === null ? command.name() : called(command.parent));
