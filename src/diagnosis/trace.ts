import type { ConditionReason } from '../core/reasons.ts';
import { failure, notKnown } from './fault-finding.ts';
import { hasEnded } from './ended-runtimes.ts';
import { byOutcome, type Finding } from './finding.ts';
import { judgeConditions, type ConditionCheck } from './judge-conditions.ts';
import { judgeLane } from './lane-load.ts';
import { judgeLease, NO_LEASE } from './lease-health.ts';
import { nextStep } from './next-step.ts';
import { todoOf } from './todo.ts';
import { asController } from './as-controller.ts';
import type { AwsFacts, Elsewhere, ResourceFacts, TraceFacts } from './trace-facts.ts';

/** What each finding is about: a condition, or something that no condition tells. */
export type TraceCheck =
  | ConditionCheck
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
    ...(facts.elsewhere === undefined ? [] : [judgeElsewhere(facts.elsewhere)]),
    ...deeper,
    ...conditions.filter((finding) => !deeper.some((cause) => isExplained(finding, cause))),
    ...(facts.lane === undefined
      ? []
      : [facts.lane.ok ? judgeLane(facts.lane.value) : notKnown('lane', facts.lane.fault)]),
  ]
    .filter(({ outcome }) => outcome !== 'ok')
    .sort(byOutcome);
}

/** What lies deeper is why a condition says what it says: these reasons, where AWS gives no better one. */
const EXPLAINS: Partial<Readonly<Record<TraceCheck, readonly ConditionReason[]>>> = {
  roleTrust: ['WaitingForPropagation', 'InvalidSpec'],
  kmsKey: ['WaitingForPropagation'],
  runtime: ['InvalidSpec'],
};

const isExplained = ({ check, reason }: TraceFinding, cause: TraceFinding): boolean =>
  ['Ready', 'FunctionReady', 'RulesReady'].includes(check) &&
  reason !== undefined &&
  EXPLAINS[cause.check]?.includes(reason) === true;

function judgeSuspension(facts: TraceFacts): readonly TraceFinding[] {
  if (!facts.suspended) return [];
  return [
    {
      check: 'suspended',
      outcome: 'warn',
      message: 'The pipeline is suspended: nothing is compared with AWS and nothing is written',
      todo: `Take spec.suspend out of the manifest, or: ${nextStep('resume', facts)}`,
    },
  ];
}

const judgeLeases = (leases: NonNullable<TraceFacts['leases']>): readonly TraceFinding[] => {
  if (!leases.ok) return [notKnown('controller', leases.fault)];
  return leases.value.length === 0 ? [NO_LEASE] : leases.value.map(judgeLease);
};

const isAtWork = (judged: readonly TraceFinding[]): boolean => judged.some(({ outcome }) => outcome === 'ok');

function judgeController(facts: TraceFacts): readonly TraceFinding[] {
  const { resource, leases } = facts;
  if (resource === undefined || leases === undefined) return [];
  const judged = judgeLeases(leases);
  const works = isAtWork(judged);
  const unseen = whatIsUnseen(resource);
  if (unseen === undefined) return works ? [] : judged;
  return [
    // Who has not been seen at work while there is some most likely is not there.
    ...(works ? [] : judged.map((each) => (each.outcome === 'warn' ? ({ ...each, outcome: 'fail' } as const) : each))),
    {
      check: 'seen',
      // Only with a controller at work it will pass by itself.
      outcome: works ? 'warn' : 'fail',
      message: `${unseen}${works ? '; one is at work' : ''}`,
      todo: works
        ? 'Wait a moment; if it lasts, see whether the controller watches this namespace (--namespaces, --label-selector), and its log'
        : `Start the controller, then: ${nextStep('trace', facts)}`,
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

/** There it would look as if nothing were left of it. */
const judgeElsewhere = ({ account, credentials }: Elsewhere): TraceFinding => ({
  check: 'account',
  outcome: 'unknown',
  message: `AWS was not looked at: the pipeline is in account ${account}, and the credentials at hand belong to account ${credentials}`,
  todo: asController(account),
});

/** What no condition can tell: it is not looked at while a pipeline is reconciled. */
function lookDeeper({ asked, resource, region }: TraceFacts, aws: AwsFacts): readonly TraceFinding[] {
  const { observed, givenRole } = aws;
  const { runtime } = asked ?? {};
  const found: TraceFinding[] = [];
  if (givenRole?.trust.ok === true && givenRole.trust.value === false)
    found.push({
      check: 'roleTrust',
      outcome: 'fail',
      message: `The trust policy of role ${givenRole.arn} does not let Lambda assume it`,
      todo: 'Add to it: {"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}',
    });
  const { encryption, name: bucket } = observed?.bucket ?? {};
  const storing = (resource?.conditions ?? []).some(
    // AWS's own words, which the message quotes.
    ({ status, message }) => status === 'False' && message.includes('Could not write to bucket'),
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
  if (observed?.function?.reservedConcurrency === 0)
    found.push({
      check: 'throttled',
      outcome: 'fail',
      message: `Function ${observed.function.name} is throttled: its reserved concurrency is 0, so Lambda runs it for no mail`,
      todo:
        asked?.reservedConcurrency === 0
          ? 'Take spec.function.reservedConcurrency out of the manifest, or say more than 0'
          : `aws lambda delete-function-concurrency --region ${region ?? ''} --function-name ${observed.function.name}`,
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
