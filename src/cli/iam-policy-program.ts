import { Argument, InvalidArgumentError, type Command } from 'commander';
import { examples } from './help.ts';
import { POLICIES } from './iam-policy-command.ts';
import { accountId, collect, regionNames, withOutput } from './options.ts';
import type { Run } from './run.ts';

/** `iam-policy`, for whoever sets up what the controller runs as. */
export function addIamPolicyCommand(program: Command, run: Run): void {
  withOutput(program.command('iam-policy'))
    .description('print the IAM policy that the controller needs, and no more; AWS is not asked')
    .addArgument(
      new Argument('[which]', 'the controller’s; the boundary of the roles it makes; its own where tenants have roles')
        .choices(POLICIES)
        .default('controller'),
    )
    .option('--account <id>', 'account of the pipelines', accountId)
    .option('--region <name>', 'region of pipelines; may be repeated', regionNames)
    .option('--installation <name>', 'tells apart installations that share an account', 'slp')
    .option('--permissions-boundary <arn>', 'let it make only roles with this boundary', policyArn)
    .option(
      '--bucket <name>',
      'existing bucket that takes bodies (bucketName), * for any characters; may be repeated',
      collect,
    )
    .option(
      '--code-bucket <name>',
      'bucket with function code (code.s3), * for any characters; may be repeated',
      collect,
    )
    .option('--function <name>', 'function under a name of its own (function.name); may be repeated', collect)
    .option('--role <arn>', 'existing role of functions (role.existingArn), or of a tenant; may be repeated', collect)
    .addHelpText(
      'after',
      examples(
        'iam-policy --account 111122223333 --region us-west-2',
        'iam-policy --account 111122223333 --region us-west-2 --permissions-boundary arn:aws:iam::111122223333:policy/mail-functions',
        'iam-policy function-boundary --account 111122223333 --region us-west-2',
        'iam-policy tenants --role arn:aws:iam::111122223333:role/ses-lambda-pipeline-team-a',
      ),
    )
    .action(run(async () => (await import('./iam-policy-command.ts')).iamPolicyCommand));
}

function policyArn(text: string): string {
  if (!/^arn:[a-z-]+:iam::(\d{12}|aws):policy\/.+$/.test(text))
    throw new InvalidArgumentError(
      'must be the ARN of a policy such as arn:aws:iam::111122223333:policy/mail-functions.',
    );
  return text;
}
