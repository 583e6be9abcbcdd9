import { controllerPolicy, functionBoundary, MAX_MANAGED_POLICY, tenantsPolicy } from '../core/controller-policy.ts';
import { INSTALLATION } from '../core/names.ts';
import type { PolicyDocument } from '../core/policy-document.ts';
import { refused } from './command-failed.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { OutputFormat } from './options.ts';
import { print } from './print.ts';

export const POLICIES = ['controller', 'function-boundary', 'tenants'] as const;

type IamPolicyOptions = {
  readonly account?: string;
  readonly region?: readonly string[];
  readonly installation: string;
  readonly permissionsBoundary?: string;
  readonly bucket?: readonly string[];
  readonly codeBucket?: readonly string[];
  readonly function?: readonly string[];
  readonly role?: readonly string[];
  readonly output: OutputFormat;
};

/** Prints an IAM policy; nothing is asked of AWS. */
export async function iamPolicyCommand(
  which: (typeof POLICIES)[number],
  options: IamPolicyOptions,
  io: CliIo,
): Promise<ExitCode> {
  const { output } = options;
  // For people too, it is the document that they paste.
  const policy = policyOf(which, options, io);
  print(io, output === 'text' ? 'json' : output, policy, () => []);
  const { length } = JSON.stringify(policy);
  if (length > MAX_MANAGED_POLICY)
    io.err(
      `Warning: ${length} characters are too many for a managed policy, which has ${MAX_MANAGED_POLICY}. ` +
        'Make one for each region, or put it into the role itself (an inline policy).',
    );
  return 0;
}

function policyOf(which: (typeof POLICIES)[number], options: IamPolicyOptions, io: CliIo): PolicyDocument {
  const { account, region: regions = [], installation, permissionsBoundary, role: roleArns = [] } = options;
  if (which === 'tenants') {
    if (roleArns.length === 0) throw refused('say which roles the tenants have: --role ARN, once for each', io);
    return tenantsPolicy(roleArns);
  }
  if (account === undefined) throw refused('say for which account: --account 111122223333', io);
  const [region] = regions;
  if (region === undefined) throw refused('say for which regions: --region us-west-2, once for each', io);
  if (!INSTALLATION.test(installation))
    throw refused(
      `--installation ${installation}: must be 1 to 8 of a-z, 0-9 and -, beginning and ending with a letter or digit`,
      io,
    );
  const partitions = new Set(regions.map(partitionOf));
  if (partitions.size > 1) throw refused('an account is in one partition: ask for one policy for each', io);
  const scope = {
    partition: partitionOf(region),
    account,
    regions,
    installation,
    roleArns,
    ...(permissionsBoundary !== undefined && { permissionsBoundaryArn: permissionsBoundary }),
    ...(options.bucket !== undefined && { buckets: options.bucket }),
    ...(options.codeBucket !== undefined && { codeBuckets: options.codeBucket }),
    ...(options.function !== undefined && { functions: options.function }),
  };
  return which === 'controller' ? controllerPolicy(scope) : functionBoundary(scope);
}

/** @see https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
