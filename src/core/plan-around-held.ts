import { planRuleSet, type RuleSetPlan } from './plan-rule-set.ts';
import type { ReceiptRule } from './receipt-rule.ts';
import { arrange, astrayRules, ownsRule, type RuleBlock } from './rule-block.ts';

/**
 * {@link planRuleSet} that moves no rule of a held block.
 *
 * Held blocks that stand in order lend the others their place among them. Where they do not, or where the others could
 * only be had in order by moving them, they are taken for strangers: rules of strangers keep their slots.
 */
export function planAroundHeld(observed: readonly ReceiptRule[], blocks: readonly RuleBlock[]): RuleSetPlan {
  const movable = blocks.filter((block) => block.held !== true);
  if (movable.length === blocks.length) return planRuleSet(observed, blocks);
  if (standOutOfOrder(observed, blocks)) return planRuleSet(observed, movable);
  const planned = planRuleSet(observed, blocks);
  const fixedOf = (rules: readonly ReceiptRule[]) =>
    rules.map(({ name }) => name).filter((name) => !movable.some((block) => ownsRule(block, name)));
  const before = fixedOf(observed);
  const keepsThem = fixedOf(planned.result).every((name, index) => name === before[index]);
  return keepsThem && planned.blocked === undefined ? planned : planRuleSet(observed, movable);
}

/** Whether a rule of a held block stands on the wrong side of any other rule of ours. */
function standOutOfOrder(observed: readonly ReceiptRule[], blocks: readonly RuleBlock[]): boolean {
  const arrangement = arrange(blocks);
  return astrayRules(arrangement, observed).some((name) => arrangement.blockOf(name)?.held === true);
}
