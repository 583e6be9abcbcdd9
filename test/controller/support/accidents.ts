import type { Fault } from '../../../src/core/fault.ts';
import { isWriteCall, type FakeAws } from '../../core/support/fake-aws.ts';

/** What can go wrong at a call. */
export type Trouble =
  /** AWS refuses, without effect; for good: every time in this run. */
  | { readonly kind: 'refused'; readonly lasting: 'once' | 'for good' }
  /** Others in the account have used up the pace, and the lane has given up waiting. */
  | { readonly kind: 'throttled'; readonly lasting: 'once' | 'for good' }
  /** The call takes effect, and its answer is lost. */
  | { readonly kind: 'lost answer' }
  /** The process is gone, before or after the call took effect: nothing that it would have done happens any more. */
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' }
  /** Somebody else is at work right before the call. */
  | { readonly kind: 'foreign edit'; readonly edit: (aws: FakeAws) => void };

/** Trouble by the number of the call in a run, the first being 0. Reads of what only we write do not count. */
export type Troubles = ReadonlyMap<number, Trouble>;

const AWAY: Fault = { class: 'transient', reason: 'AwsUnavailable', message: 'AWS does not answer' };
const THROTTLED: Fault = { class: 'throttled', reason: 'Throttled', message: 'AWS takes no more calls for now' };

const counts = (call: string): boolean => isWriteCall(call) || call.startsWith('receiptRules.');

export type Accidents = {
  readonly isDead: () => boolean;
  readonly calls: () => number;
  readonly end: () => void;
};

/**
 * Lets things go wrong at the calls of one run.
 *
 * @param onForeignEdit told after an edit of somebody else, with what does it
 * @param onWrite told after a write of ours took effect
 */
export function accidents(
  aws: FakeAws,
  troubles: Troubles,
  told: { readonly foreignEdit: (edit: () => void) => void; readonly write: (call: string) => void },
): Accidents {
  const refusedForGood = new Map<string, Fault>();
  const after = new Map<string, Trouble>();
  let calls = 0;
  let dead = false;

  const { before: always } = aws;
  const before = (call: string): ReturnType<FakeAws['before']> => {
    if (dead) return AWAY;
    const refusal = refusedForGood.get(call);
    if (refusal !== undefined) return refusal;
    if (!counts(call)) return undefined;
    const trouble = troubles.get(calls);
    calls += 1;
    if (trouble === undefined) return always(call);
    switch (trouble.kind) {
      case 'refused':
      case 'throttled': {
        const fault = trouble.kind === 'throttled' ? THROTTLED : AWAY;
        if (trouble.lasting === 'for good') refusedForGood.set(call, fault);
        return fault;
      }
      case 'crash':
        if (trouble.when === 'after') after.set(call, trouble);
        else dead = true;
        return dead ? AWAY : undefined;
      case 'lost answer':
        after.set(call, trouble);
        return undefined;
      case 'foreign edit':
        told.foreignEdit(() => trouble.edit(aws));
        return undefined;
    }
  };

  aws.before = before;
  aws.after = (call) => {
    if (isWriteCall(call)) told.write(call);
    const trouble = after.get(call);
    after.delete(call);
    if (trouble?.kind === 'crash') dead = true;
    return dead || trouble !== undefined ? AWAY : undefined;
  };
  return {
    isDead: () => dead,
    calls: () => calls,
    end: () => {
      aws.before = always;
      aws.after = () => undefined;
    },
  };
}
