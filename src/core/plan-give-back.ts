import type { Desired } from './desired.ts';
import type { ObservedRuleSets } from './observed.ts';
import { sameRule, storesItself, type ReceiptRule } from './receipt-rule.ts';
import { union } from './recipients.ts';
import { ownsRule, type RuleBlock } from './rule-block.ts';
import { stepId } from './step-list.ts';
import type { Step, StepAction } from './step.ts';

/**
 * Takes storage rules back to what the rules that do exist need. Called when a rule could not be made or changed: the
 * storage rule accepts a recipient right before the rule that needs it, and that rule is not coming.
 */
export function planGiveBack(pipelines: readonly Desired[], ruleSets: ObservedRuleSets): Step[] {
  return pipelines.flatMap((desired) => {
    const ruleSet = desired.ruleSet.name;
    const change = narrowed(desired.block, ruleSets.sets.get(ruleSet)?.rules ?? []);
    if (change === undefined) return [];
    const { region } = desired.identity;
    const action: StepAction = { ...change, ruleSet };
    const id = `${stepId(desired.key, action)} (given back)`;
    const why = 'the rule that needed more could not be made';
    return [
      {
        id,
        owner: desired.key,
        part: 'rules',
        region,
        action,
        needs: [],
        lane: `ses ${region}`,
        why,
        changes: [],
      } as const,
    ];
  });
}

type Narrowed =
  | { readonly kind: 'updateRule'; readonly before: ReceiptRule; readonly rule: ReceiptRule }
  | { readonly kind: 'deleteRule'; readonly before: ReceiptRule };

function narrowed(block: RuleBlock, rules: readonly ReceiptRule[]): Narrowed | undefined {
  const before = rules.find((rule) => rule.name === block.storageRule?.name);
  if (before === undefined) return undefined;
  const relying = rules.filter(
    (rule) => rule !== before && ownsRule(block, rule.name) && rule.enabled && !storesItself(rule),
  );
  if (relying.length === 0) return { kind: 'deleteRule', before };
  const rule = { ...before, recipients: relying.map(({ recipients }) => recipients).reduce(union) };
  return sameRule(rule, before) ? undefined : { kind: 'updateRule', before, rule };
}
