import type { Fault } from './fault.ts';
import type { RuleChange, RuleSetPlan } from './plan-rule-set.ts';
import type { Problem } from './plan.ts';
import { sameRule, type ReceiptRule } from './receipt-rule.ts';
import { arrange, astrayRules, ownsRule } from './rule-block.ts';
import { namesOf, type Resident, type RuleSetsInput } from './rule-set-residents.ts';
import { stepId } from './step-list.ts';
import type { FieldChange, Step, StepAction } from './step.ts';

/** Reasons of problems that are about the rules rather than about which set is active. */
const ABOUT_RULES: ReadonlySet<string> = new Set(['OrderBlocked', 'RolloutFellBack']);

/** Where the parts of a plan of rule sets put what they come to. */
export type Output = ReturnType<typeof createOutput>;

export function createOutput({ region, departing }: Pick<RuleSetsInput, 'region' | 'departing'>) {
  const reasons = new Map<string | undefined, string>(departing.map(({ block, because }) => [block.owner, because]));
  const steps: Step[] = [];
  const problems: Problem[] = [];
  const results = new Map<string, readonly ReceiptRule[]>();
  const taken = new Set<string>();

  const step = (
    owner: string | undefined,
    part: Step['part'],
    action: StepAction,
    needs: readonly string[],
    why: string,
    changes: readonly FieldChange[] = [],
  ): string => {
    const base = stepId(owner ?? region, action);
    let id = base;
    for (let again = 2; taken.has(id); again += 1) id = `${base} #${again}`;
    taken.add(id);
    steps.push({ id, owner, part, region, action, needs, lane: `ses ${region}`, why, changes });
    return id;
  };

  const problem = (desired: Resident, fault: Fault, stops: boolean) =>
    problems.push({ owner: desired.key, part: ABOUT_RULES.has(fault.reason) ? 'rules' : 'ruleSet', fault, stops });

  const change = (
    ruleSet: string,
    planned: RuleChange,
    needs: readonly string[],
    observed: readonly ReceiptRule[],
    residents: readonly Resident[],
  ): string => {
    const { owner, needs: _, ...action } = planned;
    const resident = residents.find(({ key }) => key === owner);
    const why = whyOf(planned, ruleSet, resident ?? reasons.get(owner));
    return step(owner, 'rules', { ...action, ruleSet }, needs, why, changesOf(planned, observed));
  };

  const changes = (
    ruleSet: string,
    observed: readonly ReceiptRule[],
    planned: RuleSetPlan,
    residents: readonly Resident[],
    before: (change: RuleChange) => readonly string[],
  ) => {
    const ids: string[] = [];
    for (const one of planned.changes) {
      const ownNeeds = one.needs.flatMap((index) => ids[index] ?? []);
      ids.push(change(ruleSet, one, [...before(one), ...ownNeeds], observed, residents));
    }
    results.set(ruleSet, planned.result);
    tellBlocked(ruleSet, planned, residents);
  };

  const tellBlocked = (ruleSet: string, planned: RuleSetPlan, residents: readonly Resident[]) => {
    if (planned.blocked !== undefined) {
      const { ours, foreign } = planned.blocked;
      const owner = residents.find((desired) => ownsRule(desired.block, ours));
      // The rule of a neighbour may be what keeps ours from their order; the neighbour is told by its own run.
      const told = owner === undefined ? outOfOrder(residents, planned.result) : [owner];
      for (const desired of told) problem(desired, orderBlocked(ruleSet, ours, foreign), false);
    }
  };

  return { steps, problems, results, step, problem, change, changes, tellBlocked };
}

/** @param owner whose rule it is; for one that goes with its pipeline, why that goes */
function whyOf(change: RuleChange, ruleSet: string, owner: Resident | string | undefined): string {
  switch (change.kind) {
    case 'createRule':
      return 'it does not exist';
    case 'updateRule':
      return 'it differs';
    case 'deleteRule':
      if (owner === undefined || typeof owner === 'string') return owner ?? 'the manifest does not name it';
      return namesOf(owner).includes(ruleSet)
        ? 'the manifest does not name it'
        : `its pipeline uses rule set ${owner.ruleSet.name}`;
    case 'orderRules':
      return change.expected === 'reorder' ? 'our rules are out of order' : 'rules were created';
  }
}

function changesOf(change: RuleChange, observed: readonly ReceiptRule[]): FieldChange[] {
  switch (change.kind) {
    case 'createRule':
      return [
        { field: 'recipients', after: change.rule.recipients },
        { field: 'actions', after: change.rule.actions },
        { field: 'after', after: change.after[0] ?? '(head of the set)' },
      ];
    case 'updateRule': {
      const { before, rule } = change;
      const fields = ['enabled', 'tlsPolicy', 'scanEnabled', 'recipients', 'actions'] as const;
      return fields.flatMap((field) =>
        sameRule(before, { ...before, [field]: rule[field] })
          ? []
          : [{ field, before: before[field], after: rule[field] }],
      );
    }
    case 'deleteRule':
      return [{ field: 'recipients', before: change.before.recipients }];
    case 'orderRules': {
      if (change.expected === 'right') return [];
      const names = new Set(change.order);
      return [
        {
          field: 'order',
          before: observed.map((rule) => rule.name).filter((name) => names.has(name)),
          after: change.order,
        },
      ];
    }
  }
}

/** Those of whom some rule stands on the wrong side of another of theirs, or of each other's. */
function outOfOrder(residents: readonly Resident[], live: readonly ReceiptRule[]): readonly Resident[] {
  const astray = astrayRules(arrange(residents.map(({ block }) => block)), live);
  return residents.filter(({ block }) => astray.some((name) => ownsRule(block, name)));
}

function orderBlocked(ruleSet: string, ours: string, foreign: string): Fault {
  return {
    class: 'conflict',
    reason: 'OrderBlocked',
    message: `The rules of ${ruleSet} are out of order, but moving ${ours} would carry it past ${foreign}, which is not ours and can stop the same mail; its owner can move it, or take the stop or the shared recipients out of it`,
  };
}
