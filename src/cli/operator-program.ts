import { Option, type Command } from 'commander';
import { examples } from './help.ts';
import {
  durationMs,
  policyArn,
  withCluster,
  withController,
  withDns,
  withFilesOrCluster,
  withOutput,
  withTenants,
} from './options.ts';
import type { Run } from './run.ts';

const CLUSTER = 'The cluster is that of the kubeconfig, as for kubectl.';

/** The verbs of whoever looks after pipelines: what is so, why it is so, and what may be asked of the controller. */
export function addOperatorCommands(program: Command, run: Run): void {
  withOutput(withTenants(withFilesOrCluster(withDns(program.command('get')))))
    .description('print the status of pipelines: with -f as AWS has it now, without as the cluster has it')
    .argument('[names...]', 'only these pipelines: NAME, or NAMESPACE/NAME')
    .addHelpText('after', examples('get -A', 'get app -n mail -o yaml', 'get -f examples/echo'))
    .action(run(async () => (await import('./get-command.ts')).getCommand));
  withOutput(withTenants(withFilesOrCluster(withDns(program.command('explain')))))
    .description('say whether mail for an address arrives, and which rules of the active set run for it, in order')
    .option('--to <address>', 'recipient to explain')
    .addHelpText(
      'after',
      examples(
        'explain --to someone@example.com              # in the regions of the pipelines of the cluster',
        'explain --to someone@example.com -f examples/echo',
        'explain --to someone@example.com --region eu-west-1 -o json',
      ),
    )
    .action(run(async () => (await import('./explain-command.ts')).explainCommand));
  withOutput(withTenants(withController(withFilesOrCluster(withDns(program.command('trace'))))))
    .description('say of one pipeline what happened, why it waits and what to do next; exit code 2: something is wrong')
    .argument('<name>', 'NAME, or NAMESPACE/NAME')
    .option('--no-aws', 'do not look at AWS, only at what the cluster knows')
    .addHelpText(
      'after',
      examples('trace app -n mail', 'trace mail/app --no-aws', 'trace app -f examples/echo -o json'),
    )
    .action(run(async () => (await import('./trace-command.ts')).traceCommand));
  withOutput(withTenants(withController(withFilesOrCluster(withDns(program.command('doctor'))))))
    .description(
      'check what pipelines need around them: credentials, permissions, quotas, clock, mail, cluster, controller; exit code 2: a check failed',
    )
    .option('--no-cluster', 'check AWS only')
    .option(
      '--check-role <arn>',
      "whose permissions to check, such as the controller's; not set: those of the credentials",
    )
    .option(
      '--permissions-boundary <arn>',
      'boundary that every role carries, as for iam-policy; not set: what all pipelines say',
      policyArn,
    )
    .addHelpText('after', examples('doctor', 'doctor --region us-west-2 --no-cluster', 'doctor -f pipelines/ -o json'))
    .action(run(async () => (await import('./doctor-command.ts')).doctorCommand));
  withOutput(withCluster(program.command('reconcile')))
    .description(
      'ask the controller to look at pipelines at once, and wait for it; exit code 0: Ready, 2: not Ready, 1: no answer',
    )
    .argument('[names...]', 'NAME, or NAMESPACE/NAME')
    .option('--all', 'all pipelines of the namespace', false)
    .option('--no-wait', 'only ask')
    .addOption(
      new Option('--timeout <time>', 'wait so long, such as 90s').argParser(durationMs).default(5 * 60_000, '5m'),
    )
    .addHelpText('after', `\n${CLUSTER}`)
    .addHelpText('after', examples('reconcile app -n mail', 'reconcile --all --no-wait'))
    .action(run(async () => (await import('./reconcile-command.ts')).reconcileCommand));
  withOutput(withCluster(program.command('suspend')))
    .description('let the controller write nothing for pipelines until they are resumed (spec.suspend: true)')
    .argument('[names...]', 'NAME, or NAMESPACE/NAME')
    .option('--all', 'all pipelines of the namespace', false)
    .addHelpText(
      'after',
      `\n${CLUSTER} Mail goes on as AWS has it. A tool that applies the manifest may set the field back.`,
    )
    .addHelpText('after', examples('suspend app -n mail', 'suspend --all -n mail'))
    .action(run(async () => (await import('./suspend-command.ts')).suspendCommand));
  withOutput(withCluster(program.command('resume')))
    .description('let the controller go on with suspended pipelines (spec.suspend: false)')
    .argument('[names...]', 'NAME, or NAMESPACE/NAME')
    .option('--all', 'all pipelines of the namespace', false)
    .addHelpText('after', `\n${CLUSTER}`)
    .addHelpText('after', examples('resume app -n mail', 'resume --all -A'))
    .action(run(async () => (await import('./suspend-command.ts')).resumeCommand));
}
