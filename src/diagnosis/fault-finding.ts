import type { FaultClass } from '../core/fault.ts';
import type { ConditionReason } from '../core/reasons.ts';
import type { Finding, Outcome } from './finding.ts';
import { todoOf } from './todo.ts';

/** `class`: of a fault that a command itself has met; what a condition tells, the controller has. */
type Told = { readonly reason: string; readonly message: string; readonly class?: FaultClass };

/** What a fault or a condition says of itself, and what to do about those of its kind. */
export const findingOf = <Check extends string>(check: Check, outcome: Outcome, told: Told): Finding<Check> => ({
  check,
  outcome,
  reason: told.reason as ConditionReason,
  message: told.message.replace(/\.$/, ''),
  ...nextOf(told, outcome),
});

const UNREACHABLE: ReadonlySet<string> = new Set(['AwsUnavailable', 'KubernetesUnavailable']);

/** A command that has ended tries nothing again, as the controller does. */
function nextOf(told: Told, outcome: Outcome): Pick<Finding, 'todo'> {
  if (told.class === undefined || !UNREACHABLE.has(told.reason)) return todoOf(told.reason, outcome);
  return told.class === 'transient' ? { todo: 'Correct the address if it is wrong, or run this again later' } : {};
}

export const failure = <Check extends string>(check: Check, fault: Told): Finding<Check> =>
  findingOf(check, 'fail', fault);

/** A fault on the way to what was to be looked at. */
export const notKnown = <Check extends string>(check: Check, fault: Told): Finding<Check> =>
  findingOf(check, 'unknown', fault);
