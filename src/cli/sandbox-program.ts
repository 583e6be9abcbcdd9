import { Option, type Command } from 'commander';
import { examples } from './help.ts';
import type { Run } from './run.ts';
import { accountId, ipAddress, portNumber, withSandbox } from './options.ts';

/** `sandbox`, and the verbs that look into a running one. */
export function addSandboxCommands(program: Command, run: Run): void {
  const sandbox = program
    .command('sandbox')
    .description('run an embedded AWS on this machine: S3, IAM, Lambda, SES receiving, and a door for mail')
    .option('--port <number>', 'HTTP port of AWS', portNumber, 4566)
    .option('--smtp-port <number>', 'port for mail', portNumber, 2525)
    .option('--account <id>', 'whose account it is', accountId, '123456789012')
    .option('--data-dir <path>', 'keep the state in this folder, through restarts and crashes; default: in memory')
    .option('--faults <file|json>', 'trouble from the start, as /_sandbox/faults takes it; see docs/sandbox.md')
    .addOption(new Option('--listen-address <ip>', 'where to listen').argParser(ipAddress).default('127.0.0.1'))
    .option('--allow-network-access', 'needed with an address that other machines reach', false)
    .addHelpText(
      'after',
      examples(
        'sandbox',
        'sandbox --data-dir ./sandbox-data',
        'sandbox --port 0 --smtp-port 0',
        `sandbox --faults '{"sesCallsPerSecond":1}'`,
      ),
    )
    .action(run(async () => (await import('./sandbox-command.ts')).sandboxCommand));

  withSandbox(sandbox.command('mails'))
    .description('list the mails that came in, and the recipients that were turned away')
    .addHelpText('after', examples('sandbox mails', 'sandbox mails -o json'))
    .action(run(async () => (await import('./sandbox-mails-command.ts')).sandboxMailsCommand));
  withSandbox(sandbox.command('show'))
    .description('show one mail: its rules and why they ran or not, its actions, the logs of its functions')
    .argument('<id>', 'id of the mail, or the beginning of it')
    .addHelpText('after', examples('sandbox show 6m1c', 'sandbox show 6m1c -o json'))
    .action(run(async () => (await import('./sandbox-show-command.ts')).sandboxShowCommand));
  withSandbox(sandbox.command('advance'))
    .description('put the clock of the sandbox forward: retries that are due by then are made now')
    .argument('<duration>', 'how far, such as 90s, 2m or 1h')
    .addHelpText('after', examples('sandbox advance 1m'))
    .action(run(async () => (await import('./sandbox-advance-command.ts')).sandboxAdvanceCommand));
  withSandbox(sandbox.command('logs'))
    .description('print what functions wrote')
    .argument('[function]', 'name of one function')
    .option('--follow', 'go on until Ctrl-C', false)
    .addHelpText('after', examples('sandbox logs', 'sandbox logs my-function --follow'))
    .action(run(async () => (await import('./sandbox-logs-command.ts')).sandboxLogsCommand));
}
