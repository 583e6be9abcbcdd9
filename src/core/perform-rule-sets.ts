import { PipelineError } from './fault.ts';
import type { ReceiptRules } from './ports.ts';
import type { ReceiptRule } from './receipt-rule.ts';
import { orderTarget } from './rule-order.ts';
import type { StepAction } from './step.ts';
import { sameRules } from './twin-sets.ts';

/** Looks once more before it switches receiving on: another tool may have been faster. */
export async function activate(ruleSet: string, onlyIfNone: boolean, receiptRules: ReceiptRules): Promise<void> {
  if (onlyIfNone) {
    const active = await receiptRules.describeActive();
    if (active?.name === ruleSet) return;
    if (active !== undefined)
      throw new PipelineError({
        class: 'conflict',
        reason: 'OtherRuleSetActive',
        message: `Rule set ${active.name} was made active meanwhile, so ${ruleSet} is not; say ruleSet.activate: Always to switch over`,
      });
  }
  await receiptRules.setActive(ruleSet);
}

/** Nothing but the order may be wrong: anything else means that somebody works on the clone as well. */
export async function settleClone(
  ruleSet: string,
  rules: readonly ReceiptRule[],
  receiptRules: ReceiptRules,
): Promise<void> {
  const live = (await receiptRules.describe(ruleSet))?.rules ?? [];
  if (sameRules(live, rules)) return;
  const byName = new Map(live.map((rule) => [rule.name, rule]));
  const inOrder = rules.flatMap(({ name }) => byName.get(name) ?? []);
  if (live.length !== rules.length || !sameRules(inOrder, rules)) throw contested(ruleSet);
  await receiptRules.reorder(
    ruleSet,
    rules.map(({ name }) => name),
  );
}

/**
 * Looks once more at the set in use: what others changed in it since it was cloned would be lost. A clone that is out of
 * date is taken away at once, while it is known to hold nothing of theirs but copies.
 */
export async function switchOver(
  { ruleSet, original, rules }: StepAction & { readonly kind: 'switchRuleSet' },
  receiptRules: ReceiptRules,
): Promise<void> {
  const active = await receiptRules.describeActive();
  if (active?.name !== original || !sameRules(active.rules, rules)) {
    if (active?.name !== ruleSet) await receiptRules.deleteSet(ruleSet);
    throw contested(original);
  }
  await receiptRules.setActive(ruleSet);
}

function contested(ruleSet: string): PipelineError {
  return new PipelineError({
    class: 'stale',
    reason: 'ChangedMeanwhile',
    message: `Somebody else changed rule set ${ruleSet} while its clone was being built, so the clone was not made active`,
  });
}

/** Switches receiving off only while this set is the one that is on. */
export async function deactivate(ruleSet: string, receiptRules: ReceiptRules): Promise<void> {
  const active = await receiptRules.describeActive();
  if (active?.name === ruleSet) await receiptRules.setActive(undefined);
}

/** Reads the set right before the Reorder, which fails without effect if a rule came or went in between. */
export async function orderRules(ruleSet: string, order: readonly string[], receiptRules: ReceiptRules): Promise<void> {
  const live = await receiptRules.describe(ruleSet);
  const target = orderTarget(live?.rules ?? [], order);
  switch (target.kind) {
    case 'right':
      return;
    case 'reorder':
      return receiptRules.reorder(ruleSet, target.names);
    case 'blocked':
      throw new PipelineError({
        class: 'conflict',
        reason: 'OrderBlocked',
        message: `The rules of ${ruleSet} are out of order, but moving ${target.ours} would carry it past ${target.foreign}, which is not ours and can stop the same mail`,
      });
  }
}
