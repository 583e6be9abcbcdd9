import { Resolver } from 'node:dns/promises';
import { GetAccountSummaryCommand, SimulatePrincipalPolicyCommand, type EvaluationResult } from '@aws-sdk/client-iam';
import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ListReceiptRuleSetsCommand } from '@aws-sdk/client-ses';
import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import { sesExchange } from '../core/domain-routing.ts';
import type { DnsServers } from '../core/dns-servers.ts';
import { faultOf } from '../core/fault.ts';
import type { Probes, Simulated } from '../core/probes.ts';
import { everyPage, type Call } from './calls.ts';
import type { AwsClients } from './clients.ts';
import type { AwsService } from './error-row.ts';
import type { Lane } from './lane.ts';

type ProbeOptions = {
  readonly clients: AwsClients;
  readonly calls: (service: AwsService) => Call;
  readonly lane: Lane;
  readonly region: string;
  readonly dnsServers: DnsServers;
};

const DNS_TIMEOUT_MS = 3_000;

/** Of the keys that are asked with, those whose values are no text. */
const BOOLEAN_KEYS: ReadonlySet<string> = new Set(['kms:GrantIsForAWSResource']);

/** What a person asks AWS who looks for the cause of something. */
export function probes({ clients, calls, lane, region, dnsServers }: ProbeOptions): Probes {
  return {
    signIn: () => signIn(clients.sts, calls('sts')),
    ruleSets: () =>
      everyPage(async (marker) => {
        const command = new ListReceiptRuleSetsCommand({ NextToken: marker });
        const page = await lane.run(() =>
          calls('ses')('ListReceiptRuleSets', undefined, () => clients.ses.send(command)),
        );
        return { items: (page.RuleSets ?? []).flatMap(({ Name }) => Name ?? []), next: page.NextToken };
      }),
    buckets: async () => {
      const found = await everyPage(async (marker) => {
        const command = new ListBucketsCommand({ ContinuationToken: marker });
        const page = await calls('s3')('ListBuckets', undefined, () => clients.s3.send(command));
        return { items: page.Buckets ?? [], next: page.ContinuationToken };
      });
      return found.length;
    },
    functionUse: async () => {
      const command = new GetAccountSettingsCommand({});
      const answer = await calls('lambda')('GetAccountSettings', undefined, () => clients.lambda.send(command));
      const { AccountLimit: limit, AccountUsage: usage } = answer;
      return {
        functions: usage?.FunctionCount ?? 0,
        codeBytes: usage?.TotalCodeSize ?? 0,
        mostCodeBytes: limit?.TotalCodeSize ?? Infinity,
        concurrency: limit?.ConcurrentExecutions ?? Infinity,
        unreserved: limit?.UnreservedConcurrentExecutions ?? Infinity,
      };
    },
    roleUse: async () => {
      const command = new GetAccountSummaryCommand({});
      const { SummaryMap: all = {} } = await calls('iam')('GetAccountSummary', undefined, () =>
        clients.iam.send(command),
      );
      return {
        roles: all.Roles,
        mostRoles: all.RolesQuota,
        mostAttachedPolicies: all.AttachedPoliciesPerRoleQuota,
        mostInlineCharacters: all.RolePolicySizeQuota,
      };
    },
    simulate: (principalArn, { actions, resources, context }) =>
      everyPage(async (marker) => {
        const command = new SimulatePrincipalPolicyCommand({
          PolicySourceArn: principalArn,
          ActionNames: [...actions],
          ResourceArns: [...resources],
          ContextEntries: Object.entries(context).map(([ContextKeyName, value]) => ({
            ContextKeyName,
            ContextKeyValues: [value],
            ContextKeyType: BOOLEAN_KEYS.has(ContextKeyName) ? 'boolean' : 'string',
          })),
          Marker: marker,
        });
        const call = calls('iam')('SimulatePrincipalPolicy', principalArn, () => clients.iam.send(command));
        const { EvaluationResults = [], IsTruncated, Marker } = await call;
        return { items: EvaluationResults.map(simulated), next: IsTruncated === true ? Marker : undefined };
      }),
    receivingHost: () => receivingHost(region, dnsServers),
  };
}

const simulated = (result: EvaluationResult): Simulated => ({
  action: result.EvalActionName ?? '',
  decision: DECISIONS[result.EvalDecision ?? 'implicitDeny'],
  limits: [
    ...(result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false ? ['boundary' as const] : []),
    ...(result.OrganizationsDecisionDetail?.AllowedByOrganizations === false ? ['organization' as const] : []),
  ],
});

const DECISIONS = { allowed: 'allowed', implicitDeny: 'denied', explicitDeny: 'forbidden' } as const;

/** The time is taken from the answer itself, whatever it says: a refusal bears it too. */
async function signIn(sts: STSClient, call: Call): ReturnType<Probes['signIn']> {
  let awsTimeMs: number | undefined;
  const command = new GetCallerIdentityCommand({});
  command.middlewareStack.add(
    (next) => async (args) => {
      const noted = (response: unknown): void => {
        const { headers } = (response ?? {}) as { readonly headers?: Readonly<Record<string, string>> };
        const timeMs = Date.parse(headers?.['date'] ?? '');
        if (!Number.isNaN(timeMs)) awsTimeMs = timeMs;
      };
      try {
        const result = await next(args);
        noted(result.response);
        return result;
      } catch (error) {
        noted((error as { readonly $response?: unknown } | undefined)?.$response);
        throw error;
      }
    },
    { step: 'deserialize', name: 'noteTheTime', priority: 'high' },
  );
  try {
    const { Account = '', Arn = '' } = await call('GetCallerIdentity', undefined, () => sts.send(command));
    return { caller: { account: Account, partition: Arn.split(':')[1] ?? 'aws', arn: Arn }, awsTimeMs };
  } catch (error) {
    return { caller: faultOf(error), awsTimeMs };
  }
}

/** Only regions that receive mail have this host. */
async function receivingHost(region: string, servers: DnsServers): ReturnType<Probes['receivingHost']> {
  if (servers === 'none') return 'not-asked';
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 1 });
  if (servers.length > 0) resolver.setServers(servers);
  try {
    await resolver.resolve4(sesExchange(region));
    return 'there';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOTFOUND' || code === 'ENODATA' ? 'absent' : 'unanswered';
  }
}
