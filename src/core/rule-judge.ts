import { canStop, type ReceiptRule } from './receipt-rule.ts';
import type { Arrangement } from './rule-block.ts';
import { createEvaluator, harmBetween, type AddressSet, type Effects } from './rule-effects.ts';

/** How bad a state on the way is for the mail that arrives meanwhile, see {@link harmBetween}. */
export type Harm = 'none' | 'extra' | 'lost';

export type Judge = {
  readonly harm: (rules: readonly ReceiptRule[]) => Harm;
  /** Addresses that some rule applies to in `to` and did not in `from`. */
  readonly added: (from: readonly ReceiptRule[], to: readonly ReceiptRule[]) => AddressSet;
  /** Addresses for which some rule of ours finds the stored body in `to`, and ran without it in `from`. */
  readonly mended: (from: readonly ReceiptRule[], to: readonly ReceiptRule[]) => AddressSet;
  /** Addresses that rules apply to which are not the same in `from` and `to`. */
  readonly touched: (from: readonly ReceiptRule[], to: readonly ReceiptRule[]) => AddressSet;
};

/** Judges states between where we come from and where we go, both with synchronous functions that stop and that do not. */
export function createJudge(
  observed: readonly ReceiptRule[],
  goal: readonly ReceiptRule[],
  { blockOf, isStorageRule }: Arrangement,
): Judge {
  const evaluator = createEvaluator([...observed, ...goal], (name) => blockOf(name)?.bucketName);
  const modes = [...observed, ...goal].some(canStop) ? [true, false] : [true];
  const known = new WeakMap<readonly ReceiptRule[], readonly Effects[]>();
  /** For each mode; a state is asked about more than once. */
  const effectsOf = (rules: readonly ReceiptRule[]): readonly Effects[] => {
    const found = known.get(rules) ?? modes.map((sure) => evaluator.evaluate(rules, sure));
    known.set(rules, found);
    return found;
  };
  const before = effectsOf(observed);
  const after = effectsOf(goal);
  const harm = (rules: readonly ReceiptRule[]): Harm => {
    const found = effectsOf(rules).map((now, mode) =>
      harmBetween(before[mode] ?? now, after[mode] ?? now, now, isStorageRule),
    );
    return found.includes('lost') ? 'lost' : found.includes('extra') ? 'extra' : 'none';
  };
  const added = (from: readonly ReceiptRule[], to: readonly ReceiptRule[]): AddressSet => {
    const was = new Map(from.map((rule) => [rule.name, rule]));
    return to.reduce((sum, rule) => {
      const old = was.get(rule.name);
      if (old === rule) return sum;
      return sum | (evaluator.addresses(rule) & ~(old === undefined ? 0n : evaluator.addresses(old)));
    }, 0n);
  };
  const mended = (from: readonly ReceiptRule[], to: readonly ReceiptRule[]): AddressSet =>
    effectsOf(from).reduce((sum, was, mode) => {
      const is = effectsOf(to)[mode] ?? was;
      return [...was.unstored].reduce(
        (inner, [rule, lacking]) => inner | (lacking & (is.runs.get(rule) ?? 0n) & ~(is.unstored.get(rule) ?? 0n)),
        sum,
      );
    }, 0n);
  const touched = (from: readonly ReceiptRule[], to: readonly ReceiptRule[]): AddressSet => {
    const [was, is] = [new Set(from), new Set(to)];
    const changed = [...from.filter((rule) => !is.has(rule)), ...to.filter((rule) => !was.has(rule))];
    return changed.reduce((sum, rule) => sum | evaluator.addresses(rule), 0n);
  };
  return { harm, added, mended, touched };
}
