import type { RuleChange } from './plan-rule-set.ts';
import type { Arrangement, RuleBlock } from './rule-block.ts';
import type { AddressSet } from './rule-effects.ts';

/** A change together with what it does to the addresses that rules apply to. */
export type Effect = {
  readonly kind: RuleChange['kind'];
  /** Of the changed rule; undefined for a Reorder. */
  readonly rule: string | undefined;
  /** Addresses that some rule applies to only after the change. */
  readonly adds: AddressSet;
  /** Addresses that some rule applies to only before the change. */
  readonly removes: AddressSet;
};

/**
 * Which earlier changes must have succeeded before a change may be made: what stores before what is to be stored, what
 * takes mail over before what gives it up, what made a change harmless that was not harmless before.
 *
 * It names rather too many than too few: what is left out is planned again, what is done cannot be undone.
 */
export function createNeeds({ blockOf, isStorageRule }: Arrangement) {
  const earlier: (Effect & { readonly block: RuleBlock | undefined })[] = [];
  const blockOfRule = (name: string | undefined) => (name === undefined ? undefined : blockOf(name));
  return {
    count: () => earlier.length,
    /** @param harmfulUntil number of changes after which the change still would have done harm; 0: it never would */
    of(effect: Effect, harmfulUntil: number): number[] {
      const { kind, rule, removes } = effect;
      const block = blockOfRule(rule);
      const onStorage = rule !== undefined && isStorageRule(rule);
      const serves = kind === 'createRule' || kind === 'updateRule';
      const givesUp = kind === 'deleteRule' || (kind === 'updateRule' && removes !== 0n);
      return earlier.flatMap((other, index) => {
        const sameBlock = block !== undefined && other.block === block;
        const stores = serves && sameBlock && other.rule !== undefined && isStorageRule(other.rule);
        const usesStorage = givesUp && onStorage && sameBlock;
        const takesOver = givesUp && other.kind !== 'deleteRule' && (sameBlock || (other.adds & removes) !== 0n);
        const enables = index < earlier.length && harmfulUntil > 0 && index >= harmfulUntil - 1;
        return stores || usesStorage || takesOver || enables ? [index] : [];
      });
    },
    add(effect: Effect): void {
      earlier.push({ ...effect, block: blockOfRule(effect.rule) });
    },
  };
}
