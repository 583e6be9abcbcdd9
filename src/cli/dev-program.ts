import type { Command } from 'commander';
import { examples } from './help.ts';
import { collect, accountId, portNumber, withOutput, withSandbox } from './options.ts';
import type { Run } from './run.ts';

/** `dev`, and the verbs that put mail into a running session, or into any sandbox. */
export function addDevCommands(program: Command, run: Run): void {
  const dev = withOutput(program.command('dev').enablePositionalOptions())
    .description('try a folder of manifests and its code at once: a sandbox, live on every save')
    .option('-f, --filename <folder>', 'folder of manifests', '.')
    .option('-n, --namespace <name>', 'namespace of documents that name none', 'default')
    .option('--port <number>', 'HTTP port of the sandbox', portNumber, 4566)
    .option('--smtp-port <number>', 'port for mail', portNumber, 2525)
    .option('--account <id>', 'whose account the sandbox is', accountId, '123456789012')
    .addHelpText(
      'after',
      examples('dev -f examples/echo', 'dev send mail.eml --to someone@example.com', 'dev replay 6m1c'),
    )
    .action(run(async () => (await import('./dev-command.ts')).devCommand));

  withSandbox(dev.command('send'))
    .description('send a mail to the running session; without a file, a small one is made up')
    .argument('[file]', 'the message, as mail programs save it (.eml); - for standard input')
    .requiredOption('--to <address>', 'envelope recipient; may be repeated', collect)
    .option('--from <address>', 'envelope sender', 'sender@example.com')
    .option('--tls', 'as if it came over TLS', false)
    .addHelpText('after', examples('dev send mail.eml --to someone@example.com', 'dev send --to someone@example.com'))
    .action(run(async () => (await import('./dev-send-command.ts')).devSendCommand));
  withSandbox(dev.command('replay'))
    .description('send once more what came in as a mail, to be judged and handled by what is live now')
    .argument('<id>', 'id of the mail, or the beginning of it')
    .addHelpText('after', examples('dev replay 6m1c'))
    .action(run(async () => (await import('./dev-send-command.ts')).devReplayCommand));
}
