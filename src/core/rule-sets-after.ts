import type { ObservedRuleSet, ObservedRuleSets } from './observed.ts';
import { orderTarget } from './rule-order.ts';
import { afterCreate, afterDelete, afterReorder, afterUpdate } from './rule-set-edits.ts';
import type { Step, StepAction } from './step.ts';

/** The rule sets as they will be when all of these steps have succeeded. */
export function ruleSetsAfter(before: ObservedRuleSets, steps: readonly Step[]): ObservedRuleSets {
  const after = new Map(before.sets);
  let activeThen = before.active;
  for (const { action } of steps) {
    if (action.kind === 'activateRuleSet' || action.kind === 'switchRuleSet') activeThen = action.ruleSet;
    else if (action.kind === 'deactivateRuleSet') activeThen = undefined;
    else if (action.kind === 'createRuleSet') after.set(action.ruleSet, { name: action.ruleSet, rules: [] });
    else if (action.kind === 'cloneRuleSet')
      after.set(action.ruleSet, { name: action.ruleSet, rules: after.get(action.original)?.rules ?? [] });
    else if (action.kind === 'deleteRuleSet') after.delete(action.ruleSet);
    else if ('ruleSet' in action) {
      const set = after.get(action.ruleSet);
      if (set !== undefined) after.set(action.ruleSet, edited(set, action));
    }
  }
  return { ...before, active: activeThen, sets: after };
}

function edited(set: ObservedRuleSet, action: StepAction): ObservedRuleSet {
  if (action.kind === 'createRule') {
    const behind = action.after.find((name) => set.rules.some((rule) => rule.name === name));
    return afterCreate(set, action.rule, behind);
  }
  if (action.kind === 'updateRule') return afterUpdate(set, action.rule);
  if (action.kind === 'settleClone') return { ...set, rules: action.rules };
  if (action.kind === 'deleteRule') return afterDelete(set, action.before.name);
  if (action.kind === 'orderRules') {
    const target = orderTarget(set.rules, action.order);
    return target.kind === 'reorder' ? afterReorder(set, target.names) : set;
  }
  return set;
}
