import { byAge } from './claims.ts';
import type { Desired } from './desired.ts';
import type { Fault } from './fault.ts';
import type { ObservedRuleSets } from './observed.ts';
import type { Problem } from './plan.ts';
import { planAroundHeld } from './plan-around-held.ts';
import { deleteTwin, hindranceOf, isLeftover, planRollout, rolloutFellBack, type Shared } from './plan-rollout.ts';
import type { RuleChange, RuleSetPlan } from './plan-rule-set.ts';
import { ownsRule, storageRuleName, type RuleBlock } from './rule-block.ts';
import { stepId } from './step-list.ts';
import type { Neighbour } from './neighbour.ts';
import type { Departing } from './plan-teardown.ts';
import { sameRule, type ReceiptRule } from './receipt-rule.ts';
import { covers, recipientsOverlap } from './recipients.ts';
import type { FieldChange, Step, StepAction } from './step.ts';

export type RuleSetsPlan = {
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  /** Rules of each set once the steps ran. */
  readonly results: ReadonlyMap<string, readonly ReceiptRule[]>;
  /** Sets that hold, or will hold, rules of a pipeline: each needs its grants. */
  readonly setsOf: (owner: string) => readonly string[];
};

/** What a pipeline wants of its rule set. */
export type Resident = Pick<Desired, 'key' | 'createdAtMs' | 'ruleSet' | 'block' | 'existingRules'> &
  Partial<Pick<Desired, 'twin' | 'intervalMs'>>;

type Input = {
  readonly region: string;
  readonly pipelines: readonly { readonly desired: Resident }[];
  readonly departing: readonly (Pick<Departing, 'because' | 'ruleSet' | 'block' | 'existingRules'> &
    Partial<Pick<Departing, 'twin'>>)[];
  readonly neighbours?: readonly Neighbour[];
  readonly ruleSets: ObservedRuleSets;
  /** Every switch of this run was overtaken by a change of somebody else: rules are changed in place. */
  readonly contested?: boolean;
};

/**
 * All rule sets of one region: build what is wanted, make it active where that is asked for, then leave the old sets.
 * One set is active for an account and region, so rules stay in the old set until the new one is the active one.
 */
export function planRuleSets(input: Input): RuleSetsPlan {
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
    const blocks = [
      ...residents.map((desired) => desired.block),
      ...departing.map((leaving) => emptyBlock(leaving, name)),
      // What is kept to go back to keeps its order.
      ...(allShared.some(({ twin }) => twin === name) ? [] : (input.neighbours ?? [])).map((neighbour) =>
        asItStands(neighbour, rules),
      ),
      ...pipelines.flatMap(({ desired }) =>
        staysBehind(desired, name, ruleSets.active, target.set) ? [asItStands(emptyBlock(desired, name), rules)] : [],
      ),
    ];
    const planned = planAroundHeld(rules, blocks);
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

/** Both names of the set that a pipeline lives in. */
const namesOf = ({ ruleSet, twin }: Pick<Resident, 'ruleSet' | 'twin'>): readonly string[] =>
  twin === undefined ? [ruleSet.name] : [ruleSet.name, twin];

/** The sets that have, or had, a twin, with all who have a say in them. */
function sharedSets({ pipelines, departing, neighbours = [], ruleSets, contested = false }: Input): readonly Shared[] {
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

type Target = {
  /** The set that is to be active; undefined: none is, and nobody asks. */
  readonly set: string | undefined;
  /** Who has its way. */
  readonly winner: Wish | undefined;
};

type Activation = {
  /** The set that will be active once the steps ran. */
  readonly active: string | undefined;
  /** The step that makes it so. */
  readonly step: string | undefined;
  /** The pipeline that had its way. */
  readonly winner: string | undefined;
};

const stepOf = (activation: Activation | undefined): readonly string[] =>
  activation?.step === undefined ? [] : [activation.step];

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
 * The set of the oldest pipeline that asks for it is made active, those that say `Always` first. Nobody else's set is
 * switched off unless `Always`, and never one that another pipeline of ours asks for by `Always`.
 */
function targetOf(input: Input): Target {
  const { active } = input.ruleSets;
  const wishes = wishesOf(input).sort((a, b) => Number(b.always) - Number(a.always) || byAge(a, b));
  const winner = wishes.find(({ ruleSet }) => ruleSet === active) ?? wishes[0];
  // What only neighbours ask for is made active by their own runs.
  const isOurs = wishes.some(({ ours, ruleSet }) => ours && ruleSet === winner?.ruleSet);
  return { set: isOurs ? winner?.ruleSet : active, winner };
}

function activate({ ruleSets: { active } }: Input, { set, winner }: Target, out: Output): Activation {
  if (set === undefined || set === active) return { active: set, step: undefined, winner: winner?.owner };
  const switching = active !== undefined;
  const needs = out.steps
    .filter(
      ({ action }) => 'ruleSet' in action && action.ruleSet === set && (switching || action.kind === 'createRuleSet'),
    )
    .map(({ id }) => id);
  const action: StepAction = { kind: 'activateRuleSet', ruleSet: set, onlyIfNone: !switching };
  const why = switching ? `${active} is active, and activate is Always` : 'no rule set is active';
  const step = out.step(undefined, 'ruleSet', action, needs, why, [{ field: 'active', before: active, after: set }]);
  return { active: set, step, winner: winner?.owner };
}

/** Whose set is not the one that gets the mail. */
function tellWhoIsElsewhere({ pipelines }: Input, { set, winner }: Target, out: Output): void {
  for (const { desired } of pipelines) {
    const { name, activate: wish } = desired.ruleSet;
    const rival = wish === 'Always' ? winner : undefined;
    const other = rival?.ruleSet ?? set;
    if (wish === 'Never' || other === undefined || name === other) continue;
    // Who still has rules in the active set is told so when the old set is looked at.
    if (set !== undefined && hasRulesIn(set, desired, out)) continue;
    out.problem(desired, otherSetActive(name, other, rival?.owner), false);
  }
}

/** A pipeline that asks for its set to be made active. */
type Wish = {
  readonly owner: string;
  readonly createdAtMs: number | undefined;
  readonly ruleSet: string;
  readonly always: boolean;
  /** False: a neighbour's. */
  readonly ours: boolean;
};

function wishesOf({ pipelines, neighbours = [], ruleSets }: Input): Wish[] {
  const asks = ({ ruleSet: { activate } }: Resident): boolean =>
    activate === 'Always' || (activate === 'IfNone' && ruleSets.active === undefined);
  const ours = pipelines
    .map(({ desired }) => desired)
    .filter(asks)
    .map(({ key: owner, createdAtMs, ruleSet: { name, activate } }) => ({
      owner,
      createdAtMs,
      ruleSet: name,
      always: activate === 'Always',
      ours: true,
    }));
  const theirs = neighbours.flatMap(({ owner, createdAtMs, activates }) =>
    activates === undefined ? [] : [{ owner, createdAtMs, ruleSet: activates, always: true, ours: false }],
  );
  return [...ours, ...theirs];
}

function hasRulesIn(name: string, desired: Resident, out: Output): boolean {
  const block = emptyBlock(desired, name);
  return (out.results.get(name) ?? []).some((rule) => ownsRule(block, rule.name));
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
  input: Input,
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
function deletableSets(input: Input, results: ReadonlyMap<string, readonly ReceiptRule[]>): string[] {
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

/** Reasons of problems that are about the rules rather than about which set is active. */
const ABOUT_RULES: ReadonlySet<string> = new Set(['OrderBlocked', 'RolloutFellBack']);

export type Output = ReturnType<typeof createOutput>;

function createOutput({ region, departing }: Pick<Input, 'region' | 'departing'>) {
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
      if (owner !== undefined) problem(owner, orderBlocked(ruleSet, ours, foreign), false);
    }
  };

  return { steps, problems, results, step, problem, change, changes, tellBlocked };
}

/**
 * A neighbour's rules are not ours to change here: the block is as it is now, and only its place among the others counts.
 * Its storage rule has to be known as such, or it would be a rule that nobody wants.
 */
function asItStands(neighbour: RuleBlock, rules: readonly ReceiptRule[]): RuleBlock {
  const own = rules.filter((rule) => ownsRule(neighbour, rule.name));
  const storageRule = own.find(({ name }) => name === storageRuleName(neighbour));
  const bucketName = storageRule?.actions.find((action) => action.kind === 's3')?.bucketName ?? neighbour.bucketName;
  return { ...neighbour, bucketName, storageRule, rules: own.filter((rule) => rule !== storageRule) };
}

/** Wants no rule; in every set only those are the block's that it holds there. */
function emptyBlock({ block, existingRules }: Pick<Resident, 'block' | 'existingRules'>, ruleSet: string): RuleBlock {
  const names = existingRules.flatMap((rule) => (rule.ruleSet === ruleSet ? [rule.name] : []));
  return { ...block, existingRules: names, storageRule: undefined, rules: [] };
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

function ruleSetMissing(name: string): Fault {
  return {
    class: 'dependency',
    reason: 'RuleSetMissing',
    message: `Rule set ${name} does not exist and ruleSet.create is false; create it, or leave ruleSet.create out`,
  };
}

function otherSetActive(wanted: string, active: string, rival: string | undefined): Fault {
  const message =
    rival === undefined
      ? `Rule set ${active} is active, so no mail reaches ${wanted}; use it as ruleSet.name, or say ruleSet.activate: Always to switch over`
      : `Pipeline ${rival} asks for ${active} to be the active rule set, so no mail reaches ${wanted}; ${AGREE}`;
  return { class: 'conflict', reason: 'OtherRuleSetActive', message };
}

/** One set is active at a time. */
const AGREE = 'give both the same ruleSet.name, or take ruleSet.activate: Always out of one';

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

function orderBlocked(ruleSet: string, ours: string, foreign: string): Fault {
  return {
    class: 'conflict',
    reason: 'OrderBlocked',
    message: `The rules of ${ruleSet} are out of order, but moving ${ours} would carry it past ${foreign}, which is not ours and can stop the same mail; its owner can move it, or take the stop or the shared recipients out of it`,
  };
}
