import { Command, Option } from 'commander';
import { examples } from './help.ts';
import type { ControllerDoor, ExitCode } from './io.ts';

/**
 * `controller`: its settings come from one schema that also reads the environment, so what was written is handed on as
 * it is; commander only checks that the flags exist and shows the help.
 *
 * @param door undefined while another command runs: its options are then not needed
 */
export function controllerCommand(door: ControllerDoor | undefined, done: (code: ExitCode) => void): Command {
  const command = new Command('controller')
    .description('watch pipelines and keep AWS equal to them: custom resources of Kubernetes, or a folder of manifests')
    .exitOverride()
    .addHelpText(
      'after',
      examples('controller', 'controller --manifests pipelines/ --aws-endpoint-url http://127.0.0.1:4566'),
    );
  for (const { flags, description, default: preset } of door?.options ?? []) {
    command.addOption(new Option(flags, preset === undefined ? description : `${description} (default: ${preset})`));
  }
  return command.action(async (options: Readonly<Record<string, string | boolean | undefined>>) => {
    if (door === undefined) return;
    const written = command.options.flatMap((option) => {
      const value = options[option.attributeName()];
      return value === undefined || option.long === undefined || option.long === null
        ? []
        : [`${option.long}=${String(value)}`];
    });
    done(await door.run(written));
  });
}
