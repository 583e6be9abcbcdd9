import type { Fault } from '../core/fault.ts';
import type { Finding } from './finding.ts';
import { todoOf } from './todo.ts';

type Told = Pick<Fault, 'reason' | 'message'>;

/** What a fault says of itself, and what to do about faults of its kind. */
export const failure = <Check extends string>(check: Check, fault: Told): Finding<Check> => tell(check, 'fail', fault);

/** A fault on the way to what was to be looked at. */
export const notKnown = <Check extends string>(check: Check, fault: Told): Finding<Check> =>
  tell(check, 'unknown', fault);

const tell = <Check extends string>(
  check: Check,
  outcome: 'fail' | 'unknown',
  { reason, message }: Told,
): Finding<Check> => ({
  check,
  outcome,
  message: `${reason}: ${message.replace(/\.$/, '')}`,
  ...todoOf(reason, outcome),
});
