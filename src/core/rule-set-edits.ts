import type { ObservedRuleSet } from './observed.ts';
import { sameRule, type ReceiptRule } from './receipt-rule.ts';

/**
 * What a rule set holds after a call that succeeded. Without `after` a rule goes to the head.
 * @see https://docs.aws.amazon.com/ses/latest/APIReference/API_CreateReceiptRule.html
 */
export function afterCreate(set: ObservedRuleSet, rule: ReceiptRule, after: string | undefined): ObservedRuleSet {
  const index = set.rules.findIndex(({ name }) => name === after) + 1;
  return { ...set, rules: set.rules.toSpliced(index, 0, rule) };
}

export function afterUpdate(set: ObservedRuleSet, rule: ReceiptRule): ObservedRuleSet {
  return { ...set, rules: set.rules.map((other) => (other.name === rule.name ? rule : other)) };
}

export function afterDelete(set: ObservedRuleSet, rule: string): ObservedRuleSet {
  return { ...set, rules: set.rules.filter(({ name }) => name !== rule) };
}

export function afterReorder(set: ObservedRuleSet, names: readonly string[]): ObservedRuleSet {
  const byName = new Map(set.rules.map((rule) => [rule.name, rule]));
  return { ...set, rules: names.flatMap((name) => byName.get(name) ?? []) };
}

/** The rules that are not, or stand not, as they did: all that both have when their order is another. */
export function changedRules(before: ObservedRuleSet, now: ObservedRuleSet | undefined): readonly string[] {
  const then = new Map(before.rules.map((rule) => [rule.name, rule]));
  const live = new Map((now?.rules ?? []).map((rule) => [rule.name, rule]));
  const kept = before.rules.filter(({ name }) => live.has(name)).map(({ name }) => name);
  const keptNow = [...live.keys()].filter((name) => then.has(name));
  const moved = kept.every((name, index) => keptNow[index] === name) ? [] : kept;
  const edited = [...new Set([...then.keys(), ...live.keys()])].filter((name) => {
    const [a, b] = [then.get(name), live.get(name)];
    return a === undefined || b === undefined || !sameRule(a, b);
  });
  return [...new Set([...edited, ...moved])];
}
