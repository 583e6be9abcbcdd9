import type { RuleChange } from './plan-rule-set.ts';
import type { Arrangement, RuleBlock } from './rule-block.ts';
import type { AddressSet } from './rule-effects.ts';

/** A change as far as others may depend on it. */
export type Effect = {
  readonly kind: RuleChange['kind'];
  /** Name of the changed rule; undefined for a Reorder. */
  readonly rule: string | undefined;
  /** Addresses that some rule applies to only after the change. */
  readonly adds: AddressSet;
  /** Addresses that some rule applies to only before the change. */
  readonly removes: AddressSet;
  /** Addresses for which some rule of ours finds the stored body only after the change. */
  readonly mends: AddressSet;
  /** Addresses that the changed rule applies to before or after the change. */
  readonly touches: AddressSet;
  /** Whether the changed rule can end the evaluation, before or after the change. */
  readonly stops: boolean;
  /** How many changes had been made when this one would still have done harm; undefined: it never would. */
  readonly refusedAt: number | undefined;
};

export type Needs = {
  /** Adds the next change; returns the indexes of those before it that must have succeeded. */
  readonly add: (effect: Effect) => readonly number[];
};

type Part = { readonly block: RuleBlock | undefined; readonly storage: boolean };

/**
 * Keeps track of which changes must have succeeded before another may be made: what stores before what is to be
 * stored, what takes mail over before what gives it up, what stops mail or no longer does before what that concerns, and what made a
 * change harmless before that change.
 *
 * Rather too many than too few: a change that was left out is planned again, one that was made cannot be undone.
 */
export function createNeeds({ blockOf, isStorageRule }: Arrangement): Needs {
  const earlier: (Effect & Part)[] = [];

  const add = (effect: Effect): readonly number[] => {
    const part = partOf(effect);
    const serves = effect.kind === 'createRule' || effect.kind === 'updateRule';
    const givesUp = effect.kind === 'deleteRule' || (effect.kind === 'updateRule' && effect.removes !== 0n);
    const needs = earlier.flatMap((other, index) => {
      const sameBlock = part.block !== undefined && other.block === part.block;
      const storesForIt = serves && sameBlock && other.storage;
      const wasStored = givesUp && sameBlock && part.storage;
      const serving = other.adds | other.mends;
      const takesOver = givesUp && other.kind !== 'deleteRule' && (sameBlock || (serving & effect.removes) !== 0n);
      const meets =
        effect.kind === 'orderRules' || other.kind === 'orderRules' || (other.touches & effect.touches) !== 0n;
      const letsThrough = meets && (other.stops || effect.stops);
      const reaches = serves && effect.adds !== 0n && other.kind === 'orderRules';
      const clearsTheWay = effect.refusedAt !== undefined && index >= effect.refusedAt;
      return storesForIt || wasStored || takesOver || letsThrough || reaches || clearsTheWay ? [index] : [];
    });
    earlier.push({ ...effect, ...part });
    return needs;
  };

  const partOf = ({ rule }: Effect): Part =>
    rule === undefined ? { block: undefined, storage: false } : { block: blockOf(rule), storage: isStorageRule(rule) };

  return { add };
}
