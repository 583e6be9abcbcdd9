import type { ConditionReason } from '../core/reasons.ts';
import type { Finding, Outcome } from './finding.ts';
import { todoOf } from './todo.ts';

type Told = { readonly reason: string; readonly message: string };

/** What a fault or a condition says of itself, and what to do about those of its kind. */
export const findingOf = <Check extends string>(
  check: Check,
  outcome: Outcome,
  { reason, message }: Told,
): Finding<Check> => ({
  check,
  outcome,
  reason: reason as ConditionReason,
  message: message.replace(/\.$/, ''),
  ...todoOf(reason, outcome),
});

export const failure = <Check extends string>(check: Check, fault: Told): Finding<Check> =>
  findingOf(check, 'fail', fault);

/** A fault on the way to what was to be looked at. */
export const notKnown = <Check extends string>(check: Check, fault: Told): Finding<Check> =>
  findingOf(check, 'unknown', fault);
