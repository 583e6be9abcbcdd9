import { Argument, type Command } from 'commander';
import { SHELLS } from './completion-command.ts';
import { examples } from './help.ts';
import type { CliIo } from './io.ts';
import type { Run } from './run.ts';

/** `completion`, and what its scripts ask at each Tab. */
export function addCompletionCommands(program: Command, run: Run): void {
  program
    .command('completion')
    .description('print what teaches a shell to complete command lines: verbs, options, choices, names of pipelines')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      `\n${[
        `bash:  source <(${program.name()} completion bash)    # in ~/.bashrc`,
        `zsh:   source <(${program.name()} completion zsh)     # in ~/.zshrc`,
        `fish:  ${program.name()} completion fish | source     # in ~/.config/fish/config.fish`,
        'As a plugin of kubectl nothing is needed but the completion of kubectl itself.',
      ].join('\n')}`,
    )
    .addHelpText('after', examples('completion bash > /etc/bash_completion.d/ses-lambda-pipeline'))
    .action(run(async () => (await import('./completion-command.ts')).completionCommand));
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .action(
      run(async () => {
        const { completeCommand } = await import('./complete-command.ts');
        return (words: readonly string[], _options: object, io: CliIo) => completeCommand(program, words, io);
      }),
    );
}
