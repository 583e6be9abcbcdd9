import { canStop, type ReceiptRule } from './receipt-rule.ts';
import { createEvaluator } from './rule-effects.ts';

export type OrderTarget =
  | { readonly kind: 'right' }
  | { readonly kind: 'reorder'; readonly names: readonly string[] }
  | {
      /** The move would carry one of ours past a rule of somebody else that can stop the mail, or be stopped by ours. */
      readonly kind: 'blocked';
      readonly ours: string;
      readonly foreign: string;
    };

/**
 * The complete list that one Reorder call has to name so that our rules stand in order.
 *
 * Rules of others keep their slots: only the slots that ours hold now are dealt out anew.
 *
 * @param rules every rule of the set, as SES evaluates them now
 * @param order our rules as they should follow each other; names that are not in the set are passed over
 */
export function orderTarget(rules: readonly ReceiptRule[], order: readonly string[]): OrderTarget {
  const present = new Set(rules.map((rule) => rule.name));
  const wanted = order.filter((name) => present.has(name));
  const ours = new Set(wanted);
  let next = 0;
  const names = rules.map((rule) => (ours.has(rule.name) ? (wanted[next++] ?? rule.name) : rule.name));
  if (names.every((name, index) => name === rules[index]?.name)) return { kind: 'right' };
  return crossing(rules, names, ours) ?? { kind: 'reorder', names };
}

function crossing(
  rules: readonly ReceiptRule[],
  names: readonly string[],
  ours: ReadonlySet<string>,
): OrderTarget | undefined {
  const foreign = rules.flatMap((rule, index) => (ours.has(rule.name) ? [] : [{ rule, index }]));
  if (foreign.length === 0 || !rules.some(canStop)) return undefined;
  const place = new Map(names.map((name, index) => [name, index]));
  const { addresses } = createEvaluator(rules, () => undefined);
  for (const [from, rule] of rules.entries()) {
    const to = place.get(rule.name) ?? from;
    const passed = foreign.find(
      ({ rule: other, index }) =>
        index > Math.min(from, to) &&
        index < Math.max(from, to) &&
        (canStop(rule) || canStop(other)) &&
        (addresses(rule) & addresses(other)) !== 0n,
    );
    if (passed !== undefined) return { kind: 'blocked', ours: rule.name, foreign: passed.rule.name };
  }
  return undefined;
}
