import type { Fault } from '../core/fault.ts';
import type { MailRouting } from '../core/mail-routing.ts';
import type { ObservedRuleSet } from '../core/observed.ts';
import { isFault, type Caller, type Probes } from '../core/probes.ts';
import type { Answer } from './answer.ts';
import { asController } from './as-controller.ts';
import { judgeCrd, type OwnDefinition } from './crd-difference.ts';
import { failure, notKnown } from './fault-finding.ts';
import type { Finding } from './finding.ts';
import { judgeLane, type LaneLoad } from './lane-load.ts';
import { judgeRouting } from './judge-routing.ts';
import { judgeLease, NO_LEASE, type LeaseFacts } from './lease-health.ts';
import { judgePermissions, type PermissionFacts } from './permissions.ts';
import { judgeQuotas, type QuotaFacts } from './quotas.ts';
import { counted, duration, someOf } from './words.ts';

export type DoctorCheck =
  | 'cluster'
  | 'crd'
  | 'controller'
  | 'lane'
  | 'region'
  | 'credentials'
  | 'clock'
  | 'permissions'
  | 'receiving'
  | 'activeSet'
  | 'quota'
  | 'MailRouted';

export type RegionFacts = {
  readonly region: string;
  /** The role as which it was looked at; undefined: the credentials themselves. */
  readonly roleArn: string | undefined;
  readonly signIn: Awaited<ReturnType<Probes['signIn']>>;
  /** Pipelines of the region that live in other accounts, of which these credentials say nothing. */
  readonly elsewhere: readonly { readonly account: string; readonly keys: readonly string[] }[];
  /** Undefined where nobody could sign in, or all pipelines are elsewhere. */
  readonly account?: {
    readonly permissions: PermissionFacts;
    readonly receivingHost: Awaited<ReturnType<Probes['receivingHost']>>;
    readonly active: Answer<ObservedRuleSet | undefined>;
    readonly quotas: QuotaFacts;
    readonly pipelines: readonly { readonly key: string; readonly routing: MailRouting }[];
  };
};

export type ClusterFacts = {
  readonly context: string;
  /** How many there are. */
  readonly pipelines: Answer<number>;
  readonly crd: Answer<unknown>;
  readonly leases: Answer<readonly LeaseFacts[]>;
};

export type DoctorFacts = {
  /** This machine's clock. */
  readonly nowMs: number;
  /** Undefined: only files are looked at. */
  readonly cluster: Answer<ClusterFacts> | undefined;
  readonly definition: OwnDefinition;
  readonly lane: Answer<LaneLoad> | undefined;
  readonly regions: readonly RegionFacts[];
  /** Why nobody works for some pipelines: the tenants file has no entry for their namespace. */
  readonly refused: readonly { readonly key: string; readonly fault: Fault }[];
};

type DoctorFinding = Finding<DoctorCheck>;

/** Everything that was looked at, in the order in which one thing needs another. */
export function examine(facts: DoctorFacts): readonly DoctorFinding[] {
  return [
    ...examineCluster(facts),
    ...(facts.lane === undefined
      ? []
      : [facts.lane.ok ? judgeLane(facts.lane.value) : notKnown('lane', facts.lane.fault)]),
    ...facts.refused.map(({ key, fault }) => ({ ...failure('credentials' as const, fault), about: key })),
    ...(facts.regions.length === 0 && facts.refused.length === 0
      ? [NO_REGION]
      : facts.regions.flatMap((region) => examineRegion(region, facts.nowMs))),
  ];
}

const NO_REGION: DoctorFinding = {
  check: 'region',
  outcome: 'unknown',
  message: 'AWS was not looked at: there is no pipeline that names a region',
  todo: 'Say which: --region us-west-2',
};

function examineCluster({ cluster, definition }: DoctorFacts): readonly DoctorFinding[] {
  if (cluster === undefined) return [];
  if (!cluster.ok) return [failure('cluster', cluster.fault)];
  const { context, pipelines, crd, leases } = cluster.value;
  // Who is not there, or lets nobody in, says nothing of all the rest either.
  if (!pipelines.ok && !isDefinitionMissing(crd)) {
    const refusal = failure('cluster', pipelines.fault);
    if (pipelines.fault.reason !== 'AccessDenied') return [refusal];
    return [refusal, ...examineInstallation(crd, leases, definition)];
  }
  const many = pipelines.ok ? `, and has ${counted(pipelines.value, 'pipeline')}` : '';
  return [
    { check: 'cluster', outcome: 'ok', message: `The API server of context ${context} answers${many}` },
    ...examineInstallation(crd, leases, definition),
  ];
}

const isDefinitionMissing = (crd: Answer<unknown>): boolean => crd.ok && crd.value === undefined;

const examineInstallation = (
  crd: ClusterFacts['crd'],
  leases: ClusterFacts['leases'],
  definition: DoctorFacts['definition'],
): readonly DoctorFinding[] => [
  crd.ok ? judgeCrd(definition, crd.value) : notKnown('crd', crd.fault),
  ...(leases.ok ? judgeLeases(leases.value) : [notKnown('controller', leases.fault)]),
];

const judgeLeases = (leases: readonly LeaseFacts[]): readonly DoctorFinding[] =>
  leases.length === 0 ? [NO_LEASE] : leases.map(judgeLease);

function examineRegion(
  { region, roleArn, signIn, elsewhere, account }: RegionFacts,
  nowMs: number,
): readonly DoctorFinding[] {
  const findings = [
    judgeCredentials(signIn.caller),
    judgeClock(signIn.awsTimeMs, nowMs),
    ...elsewhere.map((each) => judgeElsewhere(each, signIn.caller)),
    ...(account === undefined
      ? []
      : [
          ...judgePermissions(account.permissions),
          judgeReceiving(region, account.receivingHost),
          judgeActive(region, account.active),
          ...judgeQuotas(account.quotas),
          ...account.pipelines.flatMap(({ key, routing }) =>
            judgeRouting(routing).map((finding) => ({ ...finding, about: key })),
          ),
        ]),
  ];
  const about = roleArn === undefined ? region : `${region} as ${roleArn}`;
  return findings.map((finding) => ({ about, ...finding }));
}

function judgeElsewhere({ account, keys }: RegionFacts['elsewhere'][number], caller: Caller | Fault): DoctorFinding {
  const own = isFault(caller) ? 'another one' : caller.account;
  return {
    check: 'credentials',
    outcome: 'unknown',
    message: `${someOf(keys, TOLD)} ${keys.length === 1 ? 'is' : 'are'} in account ${account}, and the credentials at hand belong to ${own}: there was no look at ${account}`,
    todo: asController(account),
  };
}

const TOLD = 5;

function judgeCredentials(caller: Caller | Fault): DoctorFinding {
  if (isFault(caller)) return failure('credentials', caller);
  return { check: 'credentials', outcome: 'ok', message: `AWS account ${caller.account}, as ${caller.arn}` };
}

const SKEW_NOTED_MS = 30_000;
/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv4-troubleshooting.html#signature-v4-troubleshooting-credential-scope */
const SKEW_REFUSED_MS = 5 * 60_000;

function judgeClock(awsTimeMs: number | undefined, nowMs: number): DoctorFinding {
  const check = 'clock';
  if (awsTimeMs === undefined)
    return { check, outcome: 'unknown', message: 'AWS has not answered, so its time is not known' };
  const skewMs = nowMs - awsTimeMs;
  if (Math.abs(skewMs) < SKEW_NOTED_MS)
    return { check, outcome: 'ok', message: 'This machine and AWS agree on the time' };
  const which = skewMs > 0 ? 'ahead of' : 'behind';
  return {
    check,
    outcome: Math.abs(skewMs) < SKEW_REFUSED_MS ? 'warn' : 'fail',
    message: `The clock of this machine is ${duration(skewMs)} ${which} that of AWS, which refuses requests that are more than 5 min off`,
    todo: 'Set the clock right, and switch time synchronisation on (timedatectl set-ntp true)',
  };
}

function judgeReceiving(region: string, host: Awaited<ReturnType<Probes['receivingHost']>>): DoctorFinding {
  const check = 'receiving';
  switch (host) {
    case 'there':
      return { check, outcome: 'ok', message: `SES receives mail in ${region}` };
    case 'absent':
      return {
        check,
        outcome: 'fail',
        message: `SES does not receive mail in ${region}: there is no inbound-smtp.${region}.amazonaws.com`,
        todo: 'Choose a region that does: https://docs.aws.amazon.com/general/latest/gr/ses.html',
      };
    case 'unanswered':
      return {
        check,
        outcome: 'unknown',
        message: `DNS has not said whether SES receives mail in ${region}`,
        todo: 'Try again, or ask another server with --dns-servers',
      };
    case 'not-asked':
      return { check, outcome: 'unknown', message: `DNS was not asked whether SES receives mail in ${region}` };
  }
}

function judgeActive(region: string, active: Answer<ObservedRuleSet | undefined>): DoctorFinding {
  const check = 'activeSet';
  if (!active.ok) return failure(check, active.fault);
  if (active.value !== undefined) return { check, outcome: 'ok', message: `Rule set ${active.value.name} is active` };
  return {
    check,
    outcome: 'warn',
    message: `No rule set is active in ${region}, so SES receives no mail there`,
    todo: 'Apply a pipeline there, or activate a set by hand',
  };
}
