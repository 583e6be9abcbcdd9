import { Command, CommanderError } from 'commander';
import { faultOf } from '../core/fault.ts';
import { NO_TRACING } from '../core/tracing.ts';
import { addCompletionCommands } from './completion-program.ts';
import { controllerCommand } from './controller-command.ts';
import { Interrupted } from './interrupted.ts';
import type { CliIo, ControllerDoor, ExitCode } from './io.ts';
import { addIamPolicyCommand } from './iam-policy-program.ts';
import { addDevCommands } from './dev-program.ts';
import { examples } from './help.ts';
import {
  collect,
  commaSeparated,
  outputAskedFor,
  withConnection,
  withDns,
  withFiles,
  withOutput,
  withPrune,
  type OutputFormat,
} from './options.ts';
import { addOperatorCommands } from './operator-program.ts';
import { addSandboxCommands } from './sandbox-program.ts';
import { refuseUnknownVerb } from './unknown-verb.ts';

/** What the program is called where nobody started it under another name. */
export const PROGRAM = 'ses-lambda-pipeline';

/**
 * Runs one command line. Never throws and never exits.
 *
 * @param args without node and script
 */
export async function runCli(args: readonly string[], io: CliIo, version: string): Promise<ExitCode> {
  let code: ExitCode = 0;
  // For iam-policy it is the name of a policy.
  const isController = args.slice(0, 3).includes('controller') && args[0] !== 'iam-policy';
  const door = isController ? await io.loadController() : undefined;
  const program = createProgram({
    io,
    version,
    door,
    done: (result) => {
      code = result;
    },
  });
  try {
    await refuseUnknownVerb(program, args);
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : refusedUsage(error, args, io);
    io.err(`Error: ${faultOf(error).message}`);
    return 1;
  }
}

/** What the parser refuses it has told already; who reads JSON is told in JSON too. */
async function refusedUsage({ message }: CommanderError, args: readonly string[], io: CliIo): Promise<ExitCode> {
  const output = outputAskedFor(args);
  if (output === 'text') return 1;
  const { CommandFailed } = await import('./command-failed.ts');
  return report(new CommandFailed([{ message: message.replace(/^error: /, '') }]), output, io);
}

/** Of commands that work on pipelines in files. */
const ONLY_THESE = 'only these pipelines of the files, beside the others as they are: NAME, or NAMESPACE/NAME';

type ProgramParts = {
  readonly io: CliIo;
  readonly version: string;
  /** Undefined while another command runs than the controller. */
  readonly door: ControllerDoor | undefined;
  readonly done: (code: ExitCode) => void;
};

/** All verbs with their options and help. */
export function createProgram({ io, version, door, done }: ProgramParts): Command {
  const program = new Command(io.program)
    .description('Inbound mail on AWS as one resource: bucket, role, function and ordered SES receipt rules.')
    .version(version)
    .exitOverride()
    .enablePositionalOptions() // what stands behind a verb is the verb's own
    .showHelpAfterError('Add --help for usage.')
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      outputError: (text, write) => write(text.replace(/^error:/, 'Error:')),
    });
  /** A command is loaded when it is asked for: what one needs takes others time to start. */
  const runWith =
    (around: CliIo['traced']) =>
    <Args extends unknown[]>(load: () => Promise<(...args: [...Args, CliIo]) => Promise<ExitCode>>) =>
    async (...args: [...Args, Command]): Promise<void> => {
      const command = args.at(-1) as Command;
      const given = args.slice(0, -1) as unknown as Args;
      const { output = 'text' } = command.opts<{ output?: OutputFormat }>();
      const code = await around(command.name(), (tracing) => {
        const ended = load().then((start) => start(...given, { ...io, tracing }));
        return ended.catch((error: unknown) => report(error, output, io));
      });
      done(code);
    };
  const run = runWith((_command, work) => work(NO_TRACING));
  const runOnAws = runWith(io.traced);

  withPrune(withOutput(withFiles(withDns(program.command('plan')))))
    .description(
      'show what apply would do, and what Observe only reports; exit code 0: nothing, 2: differences, 1: failed',
    )
    .argument('[names...]', ONLY_THESE)
    .addHelpText('after', examples('plan -f examples/echo', 'plan -f pipelines/ -n mail -o json'))
    .action(runOnAws(async () => (await import('./plan-command.ts')).planCommand));
  withPrune(withOutput(withFiles(withDns(program.command('apply')))))
    .description('make AWS equal to the manifests; nothing is written for those that say Observe or suspend')
    .argument('[names...]', ONLY_THESE)
    .option('--dry-run', 'only show what would be done', false)
    .option('-y, --yes', 'do not ask before something is deleted', false)
    .addHelpText(
      'after',
      examples(
        'apply -f examples/echo',
        'apply -f - --yes < pipeline.yaml',
        'apply -f pipelines/ --prune',
        'apply orders mail/invoices -f pipelines/',
      ),
    )
    .action(runOnAws(async () => (await import('./apply-command.ts')).applyCommand));
  withOutput(withFiles(program.command('delete')))
    .description(
      'take pipelines down; a bucket stays unless its deletionPolicy says otherwise, everything under Observe or NoDelete',
    )
    .argument('[names...]', ONLY_THESE)
    .option('--dry-run', 'only show what would be done', false)
    .option('-y, --yes', 'do not ask', false)
    .addHelpText('after', examples('delete -f examples/echo'))
    .action(runOnAws(async () => (await import('./apply-command.ts')).deleteCommand));
  addOperatorCommands(program, runOnAws);
  withOutput(withConnection(program.command('import')))
    .description('write manifests equal to the rules that run on AWS today; exit code 0: all of them, 2: some left out')
    .option('--rule-set <name>', 'the rule set to read; the active one otherwise')
    .option('--rules <names>', 'only these rules, separated by commas', commaSeparated)
    .option('--function <name>', 'only rules that invoke this function; may be repeated', collect)
    .option('-n, --namespace <name>', 'namespace that the manifests name', 'default')
    .option('--adopt', 'let the manifests take over at once what they name', false)
    .addHelpText(
      'after',
      examples(
        'import --region us-west-2 > pipelines.yaml',
        'import --region us-west-2 --rule-set default-rule-set --rules orders,invoices --adopt',
        'plan -f pipelines.yaml',
      ),
    )
    .action(runOnAws(async () => (await import('./import-command.ts')).importCommand));
  program.addCommand(controllerCommand(door, done).copyInheritedSettings(program));
  addDevCommands(program, run);
  addSandboxCommands(program, run);
  program
    .command('crd')
    .description('print the CustomResourceDefinition for Kubernetes')
    .addHelpText('after', examples('crd | kubectl apply -f -'))
    .action(run(async () => (await import('./crd-command.ts')).crdCommand));
  addIamPolicyCommand(program, run);
  addCompletionCommands(program, run);
  return program;
}

async function report(error: unknown, output: OutputFormat, io: CliIo): Promise<ExitCode> {
  const { reportFailure } = await import('./report-failure.ts');
  return reportFailure(error, output, io);
}
