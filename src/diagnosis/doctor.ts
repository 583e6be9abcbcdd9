import type { Fault } from '../core/fault.ts';
import type { MailRouting } from '../core/mail-routing.ts';
import type { ObservedRuleSet } from '../core/observed.ts';
import { isFault, type Caller, type Probes, type Simulated } from '../core/probes.ts';
import type { Answer } from './answer.ts';
import { judgeCrd } from './crd-difference.ts';
import { failure, notKnown } from './fault-finding.ts';
import type { Finding } from './finding.ts';
import { judgeLane, type LaneLoad } from './lane-load.ts';
import { judgeRouting } from './judge-routing.ts';
import { judgeLease, NO_LEASE, type LeaseFacts } from './lease-health.ts';
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

/** How it was found out what the credentials may do. */
export type PermissionFacts =
  /** IAM was asked; of each action whether every pipeline needs it. */
  | {
      readonly kind: 'simulated';
      readonly principal: string;
      readonly results: readonly (Simulated & { readonly always: boolean })[];
    }
  /** IAM may not be asked, or does not know such a principal: some reads were tried. */
  | { readonly kind: 'tried'; readonly because: string; readonly reads: readonly Answer<unknown>[] };

export type RegionFacts = {
  readonly region: string;
  readonly signIn: Awaited<ReturnType<Probes['signIn']>>;
  /** What follows is undefined where nobody could sign in. */
  readonly account?: {
    readonly permissions: PermissionFacts;
    readonly receivingHost: Awaited<ReturnType<Probes['receivingHost']>>;
    readonly active: Answer<ObservedRuleSet | undefined>;
    readonly ruleSets: Answer<readonly string[]>;
    /** Those that pipelines name, and the active one. */
    readonly sets: readonly ObservedRuleSet[];
    readonly buckets: Answer<number>;
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
  /** The definition that this program brings, and its version. */
  readonly definition: { readonly crd: unknown; readonly version: string };
  readonly lane: Answer<LaneLoad> | undefined;
  readonly regions: readonly RegionFacts[];
};

type DoctorFinding = Finding<DoctorCheck>;

/** Everything that was looked at, in the order in which one thing needs another. */
export function examine(facts: DoctorFacts): readonly DoctorFinding[] {
  return [
    ...examineCluster(facts),
    ...(facts.lane === undefined
      ? []
      : [facts.lane.ok ? judgeLane(facts.lane.value) : notKnown('lane', facts.lane.fault)]),
    ...(facts.regions.length === 0
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
  crd.ok ? judgeCrd(definition.crd, crd.value, definition.version) : notKnown('crd', crd.fault),
  ...(leases.ok ? judgeLeases(leases.value) : [notKnown('controller', leases.fault)]),
];

const judgeLeases = (leases: readonly LeaseFacts[]): readonly DoctorFinding[] =>
  leases.length === 0 ? [NO_LEASE] : leases.map(judgeLease);

function examineRegion({ region, signIn, account }: RegionFacts, nowMs: number): readonly DoctorFinding[] {
  const findings = [
    judgeCredentials(signIn.caller),
    judgeClock(signIn.awsTimeMs, nowMs),
    ...(account === undefined
      ? []
      : [
          ...judgePermissions(account.permissions),
          judgeReceiving(region, account.receivingHost),
          judgeActive(region, account.active),
          ...judgeQuotas(account),
          ...account.pipelines.flatMap(({ key, routing }) =>
            judgeRouting(routing).map((finding) => ({ ...finding, about: key })),
          ),
        ]),
  ];
  return findings.map((finding) => ({ about: region, ...finding }));
}

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

const TOLD = 5;

function judgePermissions(facts: PermissionFacts): readonly DoctorFinding[] {
  const check = 'permissions';
  if (facts.kind === 'tried') {
    const refused = facts.reads.flatMap((read) => (read.ok ? [] : [read.fault]));
    if (refused.length > 0) return refused.map((fault) => failure(check, fault));
    return [
      {
        check,
        outcome: 'unknown',
        message: `What was read may be read; what may be written is not known, since IAM cannot be asked (${facts.because.replace(/\.$/, '')})`,
        todo: 'To have every permission checked, allow iam:SimulatePrincipalPolicy, or name a role with --check-role',
      },
    ];
  }
  const { principal, results } = facts;
  const missing = results.filter(({ decision }) => decision !== 'allowed');
  const needed = missing.filter(({ always }) => always);
  if (missing.length === 0)
    return [{ check, outcome: 'ok', message: `${principal} may make all calls that a pipeline needs` }];
  const told = [...new Set((needed.length > 0 ? needed : missing).map(({ action }) => action))];
  const denied = missing.filter(({ decision }) => decision === 'forbidden').map(({ action }) => action);
  const why = denied.length > 0 ? `; a policy explicitly denies ${someOf(denied, TOLD)}` : '';
  return [
    {
      check,
      outcome: needed.length > 0 ? 'fail' : 'warn',
      message:
        `${principal} may not ${someOf(told, TOLD)}${why}` +
        (needed.length > 0 ? '' : ', which only some pipelines need'),
      todo: `Allow ${told.length === 1 ? 'it' : 'them'} in the policy of ${principal}${denied.length > 0 ? ', and take the Deny out' : ''}`,
    },
  ];
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

/** Quotas that AWS cannot raise, and the one of buckets. @see https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
const MOST = { rules: 200, ruleSets: 40, buckets: 10_000 } as const;
const NEARLY = 0.9;

function judgeQuotas({ sets, ruleSets, buckets }: NonNullable<RegionFacts['account']>): readonly DoctorFinding[] {
  return [
    ...sets.map(({ name, rules }) =>
      used(`rules of set ${name}`, rules.length, MOST.rules, 'Join rules, or use another account or region'),
    ),
    ruleSets.ok
      ? used('rule sets', ruleSets.value.length, MOST.ruleSets, 'Delete sets that nobody needs')
      : notKnown('quota', ruleSets.fault),
    buckets.ok
      ? used('buckets', buckets.value, MOST.buckets, 'Ask AWS for more in Service Quotas, or delete what nobody needs')
      : notKnown('quota', buckets.fault),
  ];
}

function used(what: string, count: number, most: number, todo: string): DoctorFinding {
  const check = 'quota';
  const message = `${count} of ${most} ${what}`;
  if (count >= most) return { check, outcome: 'fail', message: `The quota is used up: ${message}`, todo };
  if (count >= most * NEARLY) return { check, outcome: 'warn', message: `Little is left of a quota: ${message}`, todo };
  return { check, outcome: 'ok', message };
}
