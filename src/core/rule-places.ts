import type { ReceiptRule } from './receipt-rule.ts';
import { rulesOf, type Arrangement, type RuleBlock } from './rule-block.ts';
import { orderTarget } from './rule-order.ts';

/**
 * Where a new rule goes, best first: beside its own block, else behind the block before it, else in front of the next
 * one, else where `position` says. The second place, if there is one, is behind everything that has to come before it.
 *
 * @returns indexes into `rules`
 */
export function placesFor(
  rule: ReceiptRule,
  block: RuleBlock,
  rules: readonly ReceiptRule[],
  all: Arrangement,
): number[] {
  const owners = rules.map((other) => all.blockOf(other.name));
  const placesOf = (names: readonly string[]): number[] => {
    const wanted = new Set(names);
    return rules.flatMap((other, index) => (wanted.has(other.name) ? [index] : []));
  };
  const before = (names: readonly string[]) => placesOf(names.slice(0, names.indexOf(rule.name))).at(-1);
  const behindOwn = before(rulesOf(block).map((other) => other.name));
  const behindAll = before(all.order);
  const beside = behindOwn === undefined ? besideBlock(block, owners, all) : behindOwn + 1;
  return behindAll === undefined ? [beside] : [...new Set([beside, behindAll + 1])];
}

/** In front of the block's rules; without any, where they would be. */
function besideBlock(block: RuleBlock, owners: readonly (RuleBlock | undefined)[], { blocks }: Arrangement): number {
  const own = owners.indexOf(block);
  if (own >= 0) return own;
  const at = blocks.indexOf(block);
  const previous = blocks.slice(0, at).findLast((other) => owners.includes(other));
  if (previous !== undefined) return owners.lastIndexOf(previous) + 1;
  const next = blocks.slice(at + 1).find((other) => owners.includes(other));
  if (next !== undefined) return owners.indexOf(next);
  return block.position === 'Tail' ? owners.length : 0;
}

/** The rule in front of the place; where that one is itself created by this plan and may fail, those in front of it. */
export function anchorsOf(rules: readonly ReceiptRule[], index: number, observed: ReadonlySet<string>): string[] {
  const existing = rules.slice(0, index).findLastIndex((rule) => observed.has(rule.name));
  return rules
    .slice(Math.max(existing, 0), index)
    .reverse()
    .map((rule) => rule.name);
}

/**
 * What the set looks like in the end. New rules find their place while those that go are still there: with a rule of
 * somebody else in between, the place decides who stops whose mail.
 */
export function finalRules(observed: readonly ReceiptRule[], all: Arrangement): readonly ReceiptRule[] {
  let rules: readonly ReceiptRule[] = observed.map((rule) => all.wanted.get(rule.name) ?? rule);
  const present = new Set(rules.map((rule) => rule.name));
  for (const block of all.blocks)
    for (const rule of rulesOf(block)) {
      if (present.has(rule.name)) continue;
      const [place = 0] = placesFor(rule, block, rules, all);
      rules = rules.toSpliced(place, 0, rule);
    }
  const staying = rules.filter(({ name }) => all.wanted.has(name) || all.blockOf(name) === undefined);
  const target = orderTarget(staying, all.order);
  return target.kind === 'reorder' ? inOrder(staying, target.names) : staying;
}

/** The same rules, one after the other as named. */
export function inOrder(rules: readonly ReceiptRule[], names: readonly string[]): readonly ReceiptRule[] {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  return names.flatMap((name) => byName.get(name) ?? []);
}
