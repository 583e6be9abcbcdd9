import type { Fault, FaultClass } from './fault.ts';
import { isConditionReason } from './reasons.ts';
import type { Condition, ConditionType } from './status.ts';

/** A condition as Kubernetes keeps it. */
export type StoredCondition = {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** RFC 3339; when `status` last changed. */
  readonly lastTransitionTime: string;
  readonly observedGeneration: number;
};

/** Where a pipeline stands after a look at it, before Kubernetes is told. */
export type Phase =
  /** AWS is as the manifest says. */
  | { readonly kind: 'settled' }
  /** Under way, nothing went wrong. */
  | { readonly kind: 'working'; readonly message: string }
  /** Something went wrong that will pass by itself or is tried again. */
  | { readonly kind: 'retrying'; readonly fault: Fault }
  /** Nothing will change until a person does something. */
  | { readonly kind: 'stalled'; readonly fault: Fault }
  /** `managementPolicy: Observe`: AWS differs, and the difference is told and left alone. */
  | {
      readonly kind: 'drifted';
      readonly message: string;
      /** Part of it does not exist at all. */ readonly missing: boolean;
    }
  /** `suspend: true`: nobody looks at AWS, so what was known last is what is known. */
  | { readonly kind: 'suspended' }
  /** The resource is being deleted. */
  | { readonly kind: 'deleting'; readonly fault: Fault | undefined };

/** What kstatus reads, first of all; the parts follow. @see https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md */
type Summary = {
  readonly type: ConditionType | 'Reconciling' | 'Stalled' | 'Suspended' | 'Drifted';
  readonly status: Condition['status'];
  readonly reason: Condition['reason'];
  readonly message: string;
};

/**
 * The conditions of a resource: `Ready` as the summary, `Reconciling` and `Stalled` only while they are true, and one
 * for each part. A time changes only with its status, so writing the same state twice changes nothing.
 *
 * @param previous what the resource says now
 * @param now RFC 3339
 */
export function nextConditions(
  phase: Phase,
  parts: readonly Condition[],
  previous: readonly StoredCondition[],
  context: { readonly now: string; readonly generation: number },
): readonly StoredCondition[] {
  if (phase.kind === 'suspended') return suspendedConditions(previous, context);
  const wanted: readonly Summary[] = [...summaryOf(phase), ...parts.filter((part) => part.type !== 'Ready')];
  return wanted.map((condition) => {
    const before = previous.find((other) => other.type === condition.type);
    const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : context.now;
    return {
      ...condition,
      message: bounded(condition.message),
      lastTransitionTime,
      observedGeneration: context.generation,
    };
  });
}

/** What was known stays as it was, and of the generation it was known of; only that nobody works on it is new. */
function suspendedConditions(
  previous: readonly StoredCondition[],
  { now, generation }: { readonly now: string; readonly generation: number },
): readonly StoredCondition[] {
  const known = previous.filter(({ type }) => type !== 'Reconciling' && type !== 'Suspended');
  const before = previous.find(({ type }) => type === 'Suspended');
  const suspended: StoredCondition = {
    type: 'Suspended',
    status: 'True',
    reason: 'Suspended',
    message: 'spec.suspend is true: nothing is compared with AWS and nothing is written until it is false',
    lastTransitionTime: before?.lastTransitionTime ?? now,
    observedGeneration: generation,
  };
  if (known.some(({ type }) => type === 'Ready')) return [...known, suspended];
  const ready: StoredCondition = {
    type: 'Ready',
    status: 'Unknown',
    reason: 'Suspended',
    message: 'The pipeline was suspended before AWS was looked at',
    lastTransitionTime: now,
    observedGeneration: generation,
  };
  return [ready, ...known, suspended];
}

function summaryOf(phase: Exclude<Phase, { readonly kind: 'suspended' }>): Summary[] {
  switch (phase.kind) {
    case 'settled':
      return [{ type: 'Ready', status: 'True', reason: 'Succeeded', message: 'AWS is as the manifest says' }];
    case 'working':
      return [
        { type: 'Ready', status: 'Unknown', reason: 'Progressing', message: phase.message },
        { type: 'Reconciling', status: 'True', reason: 'Progressing', message: phase.message },
      ];
    case 'retrying':
      return [
        { type: 'Ready', status: 'False', reason: phase.fault.reason, message: phase.fault.message },
        { type: 'Reconciling', status: 'True', reason: 'ProgressingWithRetry', message: phase.fault.message },
      ];
    case 'stalled':
      return [
        { type: 'Ready', status: 'False', reason: phase.fault.reason, message: phase.fault.message },
        { type: 'Stalled', status: 'True', reason: phase.fault.reason, message: phase.fault.message },
      ];
    case 'drifted': {
      const drifted: Summary = { type: 'Drifted', status: 'True', reason: 'DriftDetected', message: phase.message };
      if (!phase.missing)
        return [
          {
            type: 'Ready',
            status: 'True',
            reason: 'Succeeded',
            message: 'Observed only; see Drifted for what differs',
          },
          drifted,
        ];
      // Nothing will bring it about while it is only observed.
      return [
        { type: 'Ready', status: 'False', reason: 'NotCreated', message: phase.message },
        { type: 'Stalled', status: 'True', reason: 'NotCreated', message: phase.message },
        drifted,
      ];
    }
    case 'deleting': {
      const message = phase.fault?.message ?? 'What the pipeline owns on AWS is being deleted';
      const ready: Summary = { type: 'Ready', status: 'False', reason: phase.fault?.reason ?? 'Deleting', message };
      return phase.fault !== undefined && isFinal(phase.fault.class)
        ? [ready, { type: 'Stalled', status: 'True', reason: phase.fault.reason, message }]
        : [ready, { type: 'Reconciling', status: 'True', reason: 'Deleting', message }];
    }
  }
}

/** Classes that only a person can do something about. */
export function isFinal(faultClass: FaultClass): boolean {
  switch (faultClass) {
    case 'conflict':
    case 'denied':
    case 'invalid':
    case 'delete-blocked':
      return true;
    case 'throttled':
    case 'transient':
    case 'propagating':
    case 'pending':
    case 'stale':
    case 'dependency':
    case 'bug':
      return false;
  }
}

const MAX_MESSAGE = 1024;

const bounded = (message: string): string =>
  message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE - 1)}…` : message;

/** What is wrong with a list of conditions: rules of kstatus and of ours, for tests to assert after every write. */
export function conditionFaults(conditions: readonly StoredCondition[]): readonly string[] {
  const faults: string[] = [];
  const of = (type: string) => conditions.find((condition) => condition.type === type);
  const check = (holds: boolean, fault: string) => {
    if (!holds) faults.push(fault);
  };
  const ready = of('Ready');
  check(new Set(conditions.map(({ type }) => type)).size === conditions.length, 'a type stands twice');
  check(ready !== undefined, 'Ready is missing');
  check(
    of('Reconciling') === undefined || of('Reconciling')?.status === 'True',
    'Reconciling is there without being True',
  );
  check(of('Stalled') === undefined || of('Stalled')?.status === 'True', 'Stalled is there without being True');
  check(of('Reconciling') === undefined || of('Stalled') === undefined, 'Reconciling and Stalled stand side by side');
  check(
    ready?.status !== 'True' || (of('Reconciling') === undefined && of('Stalled') === undefined),
    'Ready beside Reconciling or Stalled',
  );
  for (const type of ['Suspended', 'Drifted'])
    check(of(type) === undefined || of(type)?.status === 'True', `${type} is there without being True`);
  check(of('Suspended') === undefined || of('Reconciling') === undefined, 'Suspended beside Reconciling');
  check(
    ready?.status === 'True' || ['Reconciling', 'Stalled', 'Suspended'].some((type) => of(type) !== undefined),
    'not Ready and nothing says why',
  );
  for (const { type, reason, message } of conditions) {
    check(isConditionReason(reason), `${type}: reason ${reason} is not in the list`);
    check(message.length <= MAX_MESSAGE, `${type}: the message is too long`);
    check(!/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-/.test(message), `${type}: the message has a request id in it`);
  }
  return faults;
}
