import { FAULT_REASONS } from '../core/reasons.ts';
import type { ConditionType } from '../core/status.ts';
import { failure, notKnown } from './fault-finding.ts';
import { hasEnded } from './ended-runtimes.ts';
import { byOutcome, type Finding, type Outcome } from './finding.ts';
import { judgeLane } from './lane-load.ts';
import { judgeLease, NO_LEASE } from './lease-health.ts';
import { todoOf } from './todo.ts';
import type { AnyCondition, AwsFacts, ResourceFacts, TraceFacts } from './trace-facts.ts';

/** What each finding is about: a condition, or something that no condition tells. */
export type TraceCheck =
  | ConditionType
  | 'Drifted'
  | 'manifest'
  | 'suspended'
  | 'controller'
  | 'seen'
  | 'lane'
  | 'aws'
  | 'account'
  | 'roleTrust'
  | 'kmsKey'
  | 'throttled'
  | 'runtime';

type TraceFinding = Finding<TraceCheck>;

/** Why a pipeline is not as it should be, or waits, what is worst first; what is in order is left out. */
export function findCauses(facts: TraceFacts): readonly TraceFinding[] {
  const conditions = judgeConditions(facts);
  const deeper = facts.aws?.ok === true ? lookDeeper(facts, facts.aws.value) : [];
  return [
    ...(facts.resource?.issues ?? []).map((issue): TraceFinding => ({
      check: 'manifest',
      outcome: 'fail',
      message: issue,
      ...todoOf('InvalidSpec', 'fail'),
    })),
    ...judgeSuspension(facts),
    ...judgeController(facts),
    ...(facts.aws?.ok === false ? [judgeAws(facts)] : []),
    ...deeper,
    // What lies deeper is why a condition says what it says.
    ...conditions.filter(({ check }) => !deeper.some((cause) => EXPLAINED_BY[cause.check]?.includes(check))),
    ...(facts.lane === undefined
      ? []
      : [facts.lane.ok ? judgeLane(facts.lane.value) : notKnown('lane', facts.lane.fault)]),
  ]
    .filter(({ outcome }) => outcome !== 'ok')
    .sort(byOutcome);
}

const EXPLAINED_BY: Partial<Readonly<Record<TraceCheck, readonly TraceCheck[]>>> = {
  roleTrust: ['FunctionReady'],
  kmsKey: ['RulesReady'],
  runtime: ['FunctionReady'],
};

function judgeSuspension({ suspended, key }: TraceFacts): readonly TraceFinding[] {
  if (!suspended) return [];
  return [
    {
      check: 'suspended',
      outcome: 'warn',
      message: 'The pipeline is suspended: nothing is compared with AWS and nothing is written',
      todo: `Take spec.suspend out of the manifest, or: ses-lambda-pipeline resume ${inWords(key)}`,
    },
  ];
}

const inWords = (key: string): string => {
  const [namespace = '', name = ''] = key.split('/');
  return `${name} -n ${namespace}`;
};

function judgeController({ resource, leases, key }: TraceFacts): readonly TraceFinding[] {
  if (resource === undefined || leases === undefined) return [];
  const judged: readonly TraceFinding[] = leases.ok
    ? leases.value.length === 0
      ? [NO_LEASE]
      : leases.value.map(judgeLease)
    : [notKnown('controller', leases.fault)];
  const works = judged.some(({ outcome }) => outcome === 'ok');
  const told = works ? [] : judged;
  const unseen = whatIsUnseen(resource);
  if (unseen === undefined) return told;
  return [
    ...told,
    {
      check: 'seen',
      // Only with a controller at work it will pass by itself.
      outcome: works ? 'warn' : 'fail',
      message: `${unseen}${works ? '; one is at work' : ''}`,
      todo: works
        ? 'Wait a moment; if it lasts, see whether the controller watches this namespace (--namespaces, --label-selector), and its log'
        : `Start the controller, then: ses-lambda-pipeline trace ${inWords(key)}`,
    },
  ];
}

function whatIsUnseen({ generation, observedGeneration, requestedAt, handledAt }: ResourceFacts): string | undefined {
  if (observedGeneration < 0) return 'No controller has looked at the pipeline yet';
  if (observedGeneration !== generation)
    return `No controller has looked at the last change yet: the status is about generation ${observedGeneration}, and this is ${generation}`;
  if (requestedAt !== undefined && requestedAt !== handledAt)
    return 'No controller has followed the last request to reconcile yet';
  return undefined;
}

/** Whoever asks a cluster need not have credentials for AWS. */
function judgeAws({ aws, resource }: TraceFacts): TraceFinding {
  if (aws === undefined || aws.ok) throw new Error('AWS was looked at');
  return resource === undefined ? failure('aws', aws.fault) : notKnown('aws', aws.fault);
}

const PARTS: readonly TraceCheck[] = [
  'BucketReady',
  'RoleReady',
  'FunctionReady',
  'PermissionReady',
  'RulesReady',
  'RuleSetActive',
  'MailRouted',
];

/** Both what the controller has written and what AWS shows now; what was seen last gives way to what is so. */
function judgeConditions(facts: TraceFacts): readonly TraceFinding[] {
  const stored = facts.resource?.conditions ?? [];
  const live = facts.aws?.ok === true ? facts.aws.value.status?.conditions : undefined;
  const found = PARTS.flatMap((type) =>
    judgeCondition(
      stored.find((condition) => condition.type === type),
      live?.find((condition) => condition.type === type),
      facts,
    ),
  );
  const problems = facts.aws?.ok === true && live === undefined ? facts.aws.value.problems : [];
  const all = [
    ...found,
    ...problems.map(({ fault }) => failure('Ready', fault)),
    ...judgeReady(stored, found.length + problems.length > 0),
    ...judgeDrift(stored),
  ];
  const held = all.filter(({ check, message }) => !isOnlyHeldUp(check, message, stored, live ?? []));
  return onceEach(held.length > 0 ? held : all);
}

function judgeCondition(
  stored: AnyCondition | undefined,
  live: AnyCondition | undefined,
  facts: TraceFacts,
): readonly TraceFinding[] {
  if (live === undefined) return stored === undefined ? [] : told(stored, 'fail', {});
  if (live.status === 'True') {
    if (stored === undefined || stored.status === 'True' || facts.suspended) return [];
    return told(stored, 'warn', {
      message: `${stored.message} (so the controller has seen it; AWS is in order now)`,
      todo: `Ask for another look: ses-lambda-pipeline reconcile ${inWords(facts.key)}`,
    });
  }
  if (isFaultReason(live.reason) || stored === undefined || !isFaultReason(stored.reason))
    return told(live, 'fail', facts.resource === undefined || isFaultReason(live.reason) ? {} : repairOf(live, facts));
  return told(stored, 'fail', {});
}

/** Something differs, and nothing is known that keeps the controller from putting it right. */
function repairOf({ reason }: AnyCondition, { key, suspended }: TraceFacts): Partial<TraceFinding> {
  if (reason !== 'OutOfSync' && reason !== 'NotCreated') return {};
  if (suspended)
    return {
      outcome: 'warn',
      todo: `Nothing is written while it is suspended: ses-lambda-pipeline resume ${inWords(key)}`,
    };
  return {
    todo: `The controller puts it right at its next look; ask for it now: ses-lambda-pipeline reconcile ${inWords(key)}`,
  };
}

const isFaultReason = (reason: string): boolean => Object.hasOwn(FAULT_REASONS, reason);

function told(
  { type, status, reason, message }: AnyCondition,
  outcome: Outcome,
  over: Partial<TraceFinding>,
): readonly TraceFinding[] {
  if (status === 'True') return [];
  // A set that is not to be active, or mail of which nobody could say where it goes, stands in nobody's way.
  const weighed =
    status === 'Unknown' ? 'unknown' : type === 'RuleSetActive' && reason === 'NotActive' ? 'warn' : outcome;
  return [
    {
      check: type as TraceCheck,
      outcome: weighed,
      message: `${reason}: ${message.replace(/\.$/, '')}`,
      ...(reason === 'OutOfSync' || reason === 'NotCreated'
        ? { todo: 'Bring AWS in line: ses-lambda-pipeline apply' }
        : todoOf(reason, weighed)),
      ...(over.message === undefined ? {} : { message: `${reason}: ${over.message}` }),
      ...(over.todo === undefined ? {} : { todo: over.todo }),
      ...(over.outcome === undefined ? {} : { outcome: over.outcome }),
    },
  ];
}

/** The summary says something of its own only where no part says it. */
function judgeReady(stored: readonly AnyCondition[], partsTell: boolean): readonly TraceFinding[] {
  const ready = stored.find(({ type }) => type === 'Ready');
  if (ready === undefined || ready.status === 'True' || (partsTell && !isFaultReason(ready.reason))) return [];
  if (ready.reason === 'Suspended') return [];
  const passing = ['Progressing', 'Deleting'].includes(ready.reason);
  return [
    {
      check: 'Ready',
      outcome: passing ? 'warn' : 'fail',
      message: `${ready.reason}: ${ready.message.replace(/\.$/, '')}`,
      ...(passing ? { todo: 'Wait: work is under way' } : todoOf(ready.reason, 'fail')),
    },
  ];
}

function judgeDrift(stored: readonly AnyCondition[]): readonly TraceFinding[] {
  const drifted = stored.find(({ type }) => type === 'Drifted');
  if (drifted?.status !== 'True') return [];
  return [
    {
      check: 'Drifted',
      outcome: 'warn',
      message: `${drifted.reason}: ${drifted.message}`,
      ...todoOf(drifted.reason, 'warn'),
    },
  ];
}

/** A part that is not there only because another one holds it up is no cause. */
function isOnlyHeldUp(
  check: TraceCheck,
  message: string,
  stored: readonly AnyCondition[],
  live: readonly AnyCondition[],
): boolean {
  const isMissing = message.startsWith('NotCreated: ');
  const others = [...stored, ...live].some(
    ({ type, status, reason }) => type !== check && status === 'False' && isFaultReason(reason),
  );
  return isMissing && others;
}

/** The same cause is told once, by the condition of the part rather than by the summary. */
function onceEach(findings: readonly TraceFinding[]): readonly TraceFinding[] {
  const bare = (message: string): string => message.replace(/ \(also not ready: .*\)$/, '');
  return findings.filter(
    ({ message, check }, index) =>
      !findings.some(
        (other, at) =>
          at !== index &&
          (bare(other.message) === bare(message) || (other.check === 'MailRouted' && check === 'RuleSetActive')) &&
          (check === 'Ready' || check === 'RuleSetActive' || (other.check !== 'Ready' && at < index)),
      ),
  );
}

/** What no condition can tell: it is not looked at while a pipeline is reconciled. */
function lookDeeper({ runtime, resource, region }: TraceFacts, aws: AwsFacts): readonly TraceFinding[] {
  const { observed, givenRole, reservedConcurrency } = aws;
  const found: TraceFinding[] = [];
  if (resource?.account !== undefined && resource.account !== aws.account)
    found.push({
      check: 'account',
      outcome: 'fail',
      message: `The pipeline is in AWS account ${resource.account}, and the credentials at hand belong to ${aws.account}, so what is said of AWS here is about another account`,
      todo: `Use credentials of account ${resource.account}: --profile, or AWS_PROFILE`,
    });
  if (givenRole?.trust.ok === true && givenRole.trust.value === false)
    found.push({
      check: 'roleTrust',
      outcome: 'fail',
      message: `The trust policy of role ${givenRole.arn} does not let Lambda assume it`,
      todo: 'Add to it: {"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}',
    });
  const { encryption, name: bucket } = observed?.bucket ?? {};
  const storing = [...(resource?.conditions ?? []), ...(aws.status?.conditions ?? [])].some(
    ({ type, status, reason }) => type === 'RulesReady' && status === 'False' && reason === 'WaitingForPropagation',
  );
  if (storing && encryption !== undefined && encryption.algorithm !== 'AES256')
    found.push({
      check: 'kmsKey',
      outcome: 'fail',
      message: `SES cannot write to bucket ${bucket}, which is encrypted with ${encryption.kmsKeyArn === undefined ? 'the KMS key aws/s3 of AWS, whose policy never lets SES use it' : `KMS key ${encryption.kmsKeyArn}: most likely its policy does not let SES use it`}`,
      todo:
        encryption.kmsKeyArn === undefined
          ? 'Encrypt the bucket with AES256, or with a KMS key of your own whose policy lets ses.amazonaws.com use it'
          : `Allow ses.amazonaws.com kms:GenerateDataKey* and kms:Decrypt in the policy of the key, with aws:SourceAccount ${aws.account}`,
    });
  if (reservedConcurrency.ok && reservedConcurrency.value === 0 && observed?.function !== undefined)
    found.push({
      check: 'throttled',
      outcome: 'fail',
      message: `Function ${observed.function.name} is throttled: its reserved concurrency is 0, so Lambda runs it for no mail`,
      todo: `aws lambda delete-function-concurrency --region ${region ?? ''} --function-name ${observed.function.name}`,
    });
  if (runtime !== undefined && hasEnded(runtime))
    found.push({
      check: 'runtime',
      outcome: observed?.function?.runtime === runtime ? 'warn' : 'fail',
      message: `Lambda has ended its support of the runtime ${runtime}: it makes no function with it and refuses to change one`,
      todo: 'Say a runtime that is supported as spec.function.runtime, such as nodejs24.x: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html',
    });
  return found;
}
