import type { Fault } from './fault.ts';
import {
  activate,
  AGREE,
  stepOf,
  targetOf,
  tellWhoIsElsewhere,
  type Activation,
  type Target,
} from './plan-active-set.ts';
import { planAroundHeld } from './plan-around-held.ts';
import { deleteTwin, hindranceOf, isLeftover, planRollout, rolloutFellBack, type Shared } from './plan-rollout.ts';
import type { RuleChange, RuleSetPlan } from './plan-rule-set.ts';
import type { Problem } from './plan.ts';
import type { ReceiptRule } from './receipt-rule.ts';
import { covers, recipientsOverlap } from './recipients.ts';
import type { RuleBlock } from './rule-block.ts';
import { createOutput, type Output } from './rule-set-output.ts';
import {
  asItStands,
  emptyBlock,
  hasRulesIn,
  namesOf,
  type Resident,
  type RuleSetsInput,
} from './rule-set-residents.ts';
import type { Step } from './step.ts';

export type RuleSetsPlan = {
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  /** Rules of each set once the steps ran. */
  readonly results: ReadonlyMap<string, readonly ReceiptRule[]>;
  /** Sets that hold, or will hold, rules of a pipeline: each needs its grants. */
  readonly setsOf: (owner: string) => readonly string[];
};

/**
 * All rule sets of one region: build what is wanted, make it active where that is asked for, then leave the old sets.
 * One set is active for an account and region, so rules stay in the old set until the new one is the active one.
 */
export function planRuleSets(input: RuleSetsInput): RuleSetsPlan {
  const { pipelines, departing, ruleSets } = input;
  const out = createOutput(input);
  const wantedSets = [...new Set(pipelines.map(({ desired }) => desired.ruleSet.name))].sort();
  const liveSets = [...ruleSets.sets.keys()].filter((name) => !wantedSets.includes(name)).sort();
  const stays = new Map<string, Set<string>>(pipelines.map(({ desired }) => [desired.key, new Set(namesOf(desired))]));
  const target = targetOf(input);
  /** Twins that are dealt with: built anew, or deleted. */
  const settled = new Set<string>();
  const allShared = sharedSets(input);
  for (const shared of allShared) {
    if (shared.residents.length > 0 || !isLeftover(shared)) continue;
    settled.add(shared.twin);
    deleteTwin(shared, 'no pipeline uses it any more', out);
  }

  const build = (name: string, handedOver?: Activation): void => {
    if (settled.has(name)) return;
    const live = ruleSets.sets.get(name);
    const residents = pipelines.map(({ desired }) => desired).filter((desired) => desired.ruleSet.name === name);
    if (live === undefined && !residents.some((desired) => desired.ruleSet.create)) {
      for (const desired of residents) out.problem(desired, ruleSetMissing(name), true);
      return;
    }
    const created =
      live === undefined
        ? [out.step(undefined, 'ruleSet', { kind: 'createRuleSet', ruleSet: name }, [], 'it does not exist')]
        : [];
    const rules = live?.rules ?? [];
    const isTwin = allShared.some(({ twin }) => twin === name);
    const planned = planAroundHeld(rules, blocksIn(name, rules, isTwin, target, input));
    const shared = allShared.find((one) => one.name === name && one.residents.length > 0);
    const way = wayOf(shared, planned, target, out);
    if (way === 'switch' && shared !== undefined) {
      settled.add(shared.twin);
      const switched = planRollout(shared, planned, out);
      out.results.set(shared.twin, planned.result);
      out.tellBlocked(name, planned, residents);
      const leaving = departing.map((one) => emptyBlock(one, name));
      out.changes(name, rules, planAroundHeld(rules, leaving), [], () => [switched]);
      return;
    }
    const served = out.results.get(handedOver?.active ?? '') ?? [];
    out.changes(name, rules, planned, residents, (change) =>
      takesFrom(change, served) ? [...created, ...stepOf(handedOver)] : created,
    );
    if (shared !== undefined && isLeftover(shared)) {
      settled.add(shared.twin);
      deleteTwin(shared, 'the rollout that left it is an interval ago', out);
      // Who asks for no other rollout needs the grants of that name no more.
      for (const { key, ruleSet } of residents)
        if (ruleSet.rollout !== 'BlueGreen') stays.get(key)?.delete(shared.twin);
    }
  };

  // What goes from the set that is switched off goes when the mail comes to the other one.
  const isLast = (name: string): boolean => name === ruleSets.active && name !== target.set;
  const names = [...wantedSets, ...liveSets];
  for (const name of names.filter((one) => !isLast(one))) build(name);
  const activation = activate(input, target, out);
  for (const name of names.filter(isLast)) build(name, activation);
  tellWhoIsElsewhere(input, target, out);
  for (const name of liveSets.concat(wantedSets)) if (!settled.has(name)) leave(name, input, activation, stays, out);
  for (const name of deletableSets(input, out.results)) if (!settled.has(name)) deleteSet(name, activation, out);
  return {
    steps: out.steps,
    problems: out.problems,
    results: out.results,
    setsOf: (owner) => [...(stays.get(owner) ?? [])],
  };
}

/** What each pipeline wants in a set: what it lives by, nothing any more, or what is there already. */
function blocksIn(
  name: string,
  rules: readonly ReceiptRule[],
  isTwin: boolean,
  target: Target,
  { pipelines, departing, neighbours = [], ruleSets }: RuleSetsInput,
): readonly RuleBlock[] {
  const all = pipelines.map(({ desired }) => desired);
  return [
    ...all.filter(({ ruleSet }) => ruleSet.name === name).map(({ block }) => block),
    ...departing.map((leaving) => emptyBlock(leaving, name)),
    // What is kept to go back to keeps its order.
    ...(isTwin ? [] : neighbours.map((neighbour) => asItStands(neighbour, rules))),
    ...all
      .filter((desired) => staysBehind(desired, name, ruleSets.active, target.set))
      .map((desired) => asItStands(emptyBlock(desired, name), rules)),
  ];
}

/** The sets that have, or had, a twin, with all who have a say in them. */
function sharedSets({
  pipelines,
  departing,
  neighbours = [],
  ruleSets,
  contested = false,
}: RuleSetsInput): readonly Shared[] {
  const all = pipelines.map(({ desired }) => desired);
  const twins = new Map<string, string>();
  for (const { ruleSet, twin } of [...all, ...departing]) if (twin !== undefined) twins.set(ruleSet.name, twin);
  return [...twins].map(([name, twin]) => ({
    name,
    twin,
    residents: all.filter((desired) => desired.ruleSet.name === name),
    departing: departing.map((leaving) => emptyBlock(leaving, name)),
    neighbours,
    ruleSets,
    contested,
  }));
}

/** Mail comes through the active set alone, so any other is changed as it stands. */
function wayOf(shared: Shared | undefined, planned: RuleSetPlan, target: Target, out: Output): 'in place' | 'switch' {
  const asking = shared?.residents.filter(({ ruleSet }) => ruleSet.rollout === 'BlueGreen') ?? [];
  if (shared === undefined || asking.length === 0) return 'in place';
  const { name, ruleSets } = shared;
  const hindrance = hindranceOf(shared);
  if (hindrance !== undefined) {
    for (const desired of asking) out.problem(desired, rolloutFellBack(name, hindrance), false);
    return 'in place';
  }
  return ruleSets.active === name && target.set === name && planned.changes.length > 0 ? 'switch' : 'in place';
}

/** Whether the change gives up mail that some of these rules take. */
function takesFrom(change: RuleChange, rules: readonly ReceiptRule[]): boolean {
  const givenUp = givenUpBy(change);
  return givenUp !== undefined && rules.some((rule) => recipientsOverlap(givenUp.recipients, rule.recipients));
}

/** The rule as it was, when it goes or some of its mail does. */
function givenUpBy(change: RuleChange): ReceiptRule | undefined {
  if (change.kind === 'deleteRule') return change.before;
  if (change.kind !== 'updateRule') return undefined;
  const { before, rule } = change;
  return rule.enabled && covers(rule.recipients, before.recipients) ? undefined : before;
}

/**
 * Whether rules of a pipeline that lives in another set are still needed in this one.
 *
 * @param active the set that is active now
 * @param next the set that is active once the steps ran
 */
function staysBehind(desired: Resident, name: string, active: string | undefined, next: string | undefined): boolean {
  if (namesOf(desired).includes(name)) return false;
  return name === next || (name === active && desired.ruleSet.name !== next);
}

/** Takes rules of pipelines that moved to another set out of this one, unless it still is the active one. */
function leave(
  name: string,
  input: RuleSetsInput,
  activation: Activation,
  stays: ReadonlyMap<string, Set<string>>,
  out: Output,
): void {
  const rules = out.results.get(name) ?? [];
  const leaving = input.pipelines
    .map(({ desired }) => desired)
    .filter((desired) => !namesOf(desired).includes(name) && hasRulesIn(name, desired, out));
  if (leaving.length === 0) return;
  const free = leaving.filter((desired) => {
    const isNeeded = staysBehind(desired, name, input.ruleSets.active, activation.active);
    if (isNeeded) {
      stays.get(desired.key)?.add(name);
      const rival = desired.ruleSet.activate === 'Always' ? activation.winner : undefined;
      out.problem(desired, oldSetActive(desired.ruleSet.name, name, rival), false);
    }
    return !isNeeded;
  });
  const planned = planAroundHeld(
    rules,
    free.map((desired) => emptyBlock(desired, name)),
  );
  out.changes(name, rules, planned, free, () => stepOf(activation));
}

/** Sets that our deletion empties and that a departing pipeline asked to have removed then. */
function deletableSets(input: RuleSetsInput, results: ReadonlyMap<string, readonly ReceiptRule[]>): string[] {
  const asked = input.departing.filter(({ ruleSet }) => ruleSet.onDelete === 'DeleteWhenEmpty').flatMap(namesOf);
  const inUse = new Set(input.pipelines.flatMap(({ desired }) => namesOf(desired)));
  return [...new Set(asked)].filter(
    (name) => !inUse.has(name) && input.ruleSets.sets.has(name) && (results.get(name) ?? []).length === 0,
  );
}

/** The active set cannot be deleted; receiving goes off only if no other set was made active instead. */
function deleteSet(name: string, activation: Activation, out: Output): void {
  const emptied = out.steps.filter(({ action }) => 'ruleSet' in action && action.ruleSet === name).map(({ id }) => id);
  const needs = [...emptied, ...stepOf(activation)];
  const off =
    activation.active === name
      ? [out.step(undefined, 'ruleSet', { kind: 'deactivateRuleSet', ruleSet: name }, needs, 'no rule is left in it')]
      : [];
  out.step(undefined, 'ruleSet', { kind: 'deleteRuleSet', ruleSet: name }, [...needs, ...off], 'no rule is left in it');
}

function ruleSetMissing(name: string): Fault {
  return {
    class: 'dependency',
    reason: 'RuleSetMissing',
    message: `Rule set ${name} does not exist and ruleSet.create is false; create it, or leave ruleSet.create out`,
  };
}

function oldSetActive(wanted: string, old: string, rival: string | undefined): Fault {
  const advice =
    rival === undefined
      ? `say ruleSet.activate: Always to switch to ${wanted}`
      : `pipeline ${rival} asks for that, and this one for ${wanted}: ${AGREE}`;
  return {
    class: 'conflict',
    reason: 'OldSetStillActive',
    message: `The rules stay in ${old} as well, because it is still the active rule set; ${advice}`,
  };
}
