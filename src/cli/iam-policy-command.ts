import { controllerPolicy, MAX_MANAGED_POLICY, tenantsPolicy } from '../core/controller-policy.ts';
import { functionBoundary } from '../core/function-boundary.ts';
import type { PolicyDocument } from '../core/policy-document.ts';
import { refused } from './command-failed.ts';
import type { POLICIES } from './iam-policies.ts';
import { readScope, tenantsOf, type ScopeOptions } from './iam-policy-scope.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { OutputFormat } from './options.ts';
import { print } from './print.ts';

type Which = (typeof POLICIES)[number];

/** Prints an IAM policy; nothing is asked of AWS. */
export async function iamPolicyCommand(
  which: Which,
  options: ScopeOptions & { readonly output: OutputFormat },
  io: CliIo,
): Promise<ExitCode> {
  const { output } = options;
  // For people too, it is the document that they paste.
  const policy = await policyOf(which, options, io);
  print(io, output === 'text' ? 'json' : output, policy, () => []);
  const { length } = JSON.stringify(policy);
  if (length > MAX_MANAGED_POLICY)
    io.err(
      `Warning: ${length} characters are too many for a managed policy, which has ${MAX_MANAGED_POLICY}. ` +
        'Make one for each region, or put it into the role itself (an inline policy).',
    );
  return 0;
}

async function policyOf(which: Which, options: ScopeOptions, io: CliIo): Promise<PolicyDocument> {
  switch (which) {
    case 'tenants':
      return ownOfController(options, io);
    case 'controller':
      return controllerPolicy(await readScope(options, io));
    case 'function-boundary':
      return functionBoundary(await readScope(options, io));
  }
}

/** All that its own policy is about are the roles that it takes. */
const OF_ITS_OWN: ReadonlySet<string> = new Set(['tenants', 'role', 'installation', 'output']);

async function ownOfController(options: ScopeOptions, io: CliIo): Promise<PolicyDocument> {
  const idle = Object.keys(options).find((name) => !OF_ITS_OWN.has(name));
  if (idle !== undefined)
    throw refused(`--${idle.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} would do nothing here`, io);
  const { tenants: file, role = [] } = options;
  const tenants = file === undefined ? [] : await tenantsOf(file, io);
  const roleArns = [...new Set([...role, ...tenants.map(({ roleArn }) => roleArn)])];
  if (roleArns.length === 0)
    throw refused('say which roles the tenants have: --tenants FILE, or --role ARN, once for each', io);
  // Of a role that is only named, it is not known whether its sessions have tags.
  const sessionTags = role.length > 0 || tenants.some((tenant) => Object.keys(tenant.sessionTags).length > 0);
  return tenantsPolicy(roleArns, { sessionTags });
}
