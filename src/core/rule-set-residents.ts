import type { Desired } from './desired.ts';
import type { Neighbour } from './neighbour.ts';
import type { ObservedRuleSets } from './observed.ts';
import type { Departing } from './plan-teardown.ts';
import type { ReceiptRule } from './receipt-rule.ts';
import { ownsRule, storageRuleName, type RuleBlock } from './rule-block.ts';

/** What a pipeline wants of its rule set. */
export type Resident = Pick<Desired, 'key' | 'createdAtMs' | 'ruleSet' | 'block' | 'existingRules'> &
  Partial<Pick<Desired, 'twin' | 'intervalMs'>>;

/** All that is known of the rule sets of one region, and who wants what of them. */
export type RuleSetsInput = {
  readonly region: string;
  readonly pipelines: readonly { readonly desired: Resident }[];
  readonly departing: readonly (Pick<Departing, 'because' | 'ruleSet' | 'block' | 'existingRules'> &
    Partial<Pick<Departing, 'twin'>>)[];
  readonly neighbours?: readonly Neighbour[];
  readonly ruleSets: ObservedRuleSets;
  /** Every switch of this run was overtaken by a change of somebody else: rules are changed in place. */
  readonly contested?: boolean;
};

/** Both names of the set that a pipeline lives in. */
export const namesOf = ({ ruleSet, twin }: Pick<Resident, 'ruleSet' | 'twin'>): readonly string[] =>
  twin === undefined ? [ruleSet.name] : [ruleSet.name, twin];

/**
 * A neighbour's rules are not ours to change here: the block is as it is now, and only its place among the others counts.
 * Its storage rule has to be known as such, or it would be a rule that nobody wants.
 */
export function asItStands(neighbour: RuleBlock, rules: readonly ReceiptRule[]): RuleBlock {
  const own = rules.filter((rule) => ownsRule(neighbour, rule.name));
  const storageRule = own.find(({ name }) => name === storageRuleName(neighbour));
  const bucketName = storageRule?.actions.find((action) => action.kind === 's3')?.bucketName ?? neighbour.bucketName;
  return { ...neighbour, bucketName, storageRule, rules: own.filter((rule) => rule !== storageRule) };
}

/** Wants no rule; in every set only those are the block's that it holds there. */
export function emptyBlock(
  { block, existingRules }: Pick<Resident, 'block' | 'existingRules'>,
  ruleSet: string,
): RuleBlock {
  const names = existingRules.flatMap((rule) => (rule.ruleSet === ruleSet ? [rule.name] : []));
  return { ...block, existingRules: names, storageRule: undefined, rules: [] };
}

/** Whether rules of a pipeline are in this set once the steps ran. */
export function hasRulesIn(
  name: string,
  desired: Resident,
  out: { readonly results: ReadonlyMap<string, readonly ReceiptRule[]> },
): boolean {
  const block = emptyBlock(desired, name);
  return (out.results.get(name) ?? []).some((rule) => ownsRule(block, rule.name));
}
