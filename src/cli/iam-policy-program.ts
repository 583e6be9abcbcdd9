import { Argument, InvalidArgumentError, type Command } from 'commander';
import { examples } from './help.ts';
import { POLICIES } from './iam-policies.ts';
import { accountId, collect, policyArn, regionNames, withOutput } from './options.ts';
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
    .option('--account <id>', 'account of the pipelines; with --tenants that of the role', accountId)
    .option('--region <name>', 'region of pipelines, besides those of -f; may be repeated', regionNames)
    .option('--installation <name>', 'tells apart installations that share an account', 'slp')
    .option('--permissions-boundary <arn>', 'let it make only roles with this boundary', policyArn)
    .option(
      '-f, --filename <path>',
      'manifests: their regions, and what they name; file, folder or - for standard input; may be repeated',
      collect,
    )
    .option('--tenants <file>', 'the tenants file: with --namespace the role of that entry; for tenants all roles')
    .option(
      '--namespace <name>',
      'only pipelines of this namespace, * at the end for all that begin so',
      namespaceOrPattern,
    )
    .option(
      '--bucket <name>',
      'existing bucket that takes bodies (bucketName), * for any characters; may be repeated',
      names(/^[a-z0-9.*-]+$/, 'a bucket'),
    )
    .option(
      '--code-bucket <name>',
      'bucket with function code (code.s3), * for any characters; may be repeated',
      names(/^[a-z0-9.*-]+$/, 'a bucket'),
    )
    .option(
      '--function <name>',
      'function under a name of its own (function.name); may be repeated',
      names(/^[A-Za-z0-9_*-]+$/, 'a function'),
    )
    .option(
      '--role <arn>',
      'existing role of functions (role.existingArn), or of a tenant; may be repeated',
      arns('iam', 'role/'),
    )
    .option('--layer <arn>', 'layer version of functions (function.layers); may be repeated', arns('lambda', 'layer:'))
    .option('--vpc', 'functions are in a VPC (function.vpc)')
    .option(
      '--image-repository <arn>',
      'repository in ECR that images come from (code.imageUri); may be repeated',
      arns('ecr', 'repository/'),
    )
    .option(
      '--kms-key <arn>',
      'key that encrypts environments (function.kmsKeyArn); may be repeated',
      arns('kms', 'key/'),
    )
    .addHelpText(
      'after',
      examples(
        'iam-policy --account 111122223333 -f pipelines/',
        'iam-policy --account 111122223333 --region us-west-2 --permissions-boundary arn:aws:iam::111122223333:policy/mail-functions',
        'iam-policy function-boundary --account 111122223333 --region us-west-2',
        'iam-policy tenants --tenants tenants.yaml',
        'iam-policy --tenants tenants.yaml --namespace team-a --region us-west-2',
      ),
    )
    .action(run(async () => (await import('./iam-policy-command.ts')).iamPolicyCommand));
}

/** For an option that may be repeated, each time with an ARN of a kind, or a pattern of them. */
const arns =
  (service: string, start: string) =>
  (text: string, before: readonly string[] | undefined): readonly string[] => {
    const [arn, , of, , , ...resource] = text.split(':');
    if (arn !== 'arn' || of !== service || !resource.join(':').startsWith(start))
      throw new InvalidArgumentError(
        `must be an ARN such as arn:aws:${service}:${service === 'iam' ? '' : 'us-west-2'}:111122223333:${start}….`,
      );
    return collect(text, before);
  };

/** For an option that may be repeated, each time with a name, or a pattern of names. */
const names =
  (allowed: RegExp, what: string) =>
  (text: string, before: readonly string[] | undefined): readonly string[] => {
    if (!allowed.test(text)) throw new InvalidArgumentError(`must be the name of ${what}, or a pattern with *.`);
    return collect(text, before);
  };

function namespaceOrPattern(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}\*?$|^\*$/.test(text))
    throw new InvalidArgumentError('must be a namespace, or the beginning of some with * at its end.');
  return text;
}
