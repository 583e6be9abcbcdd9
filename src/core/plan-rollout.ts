import type { Fault } from './fault.ts';
import { installationMark } from './names.ts';
import type { Neighbour } from './neighbour.ts';
import type { ObservedRuleSets } from './observed.ts';
import { planClone } from './plan-clone.ts';
import type { RuleSetPlan } from './plan-rule-set.ts';
import { ownsRule, type RuleBlock } from './rule-block.ts';
import type { Output } from './rule-set-output.ts';
import type { Resident } from './rule-set-residents.ts';
import type { StepAction } from './step.ts';
import { unlikeRule } from './twin-sets.ts';

/** A set whose pipelines want it changed by a switch, and all who have a say in it. */
export type Shared = {
  readonly name: string;
  readonly twin: string;
  readonly residents: readonly Resident[];
  readonly departing: readonly RuleBlock[];
  readonly neighbours: readonly Neighbour[];
  readonly ruleSets: ObservedRuleSets;
  /** Every switch of this run was overtaken by a change of somebody else. */
  readonly contested: boolean;
};

/**
 * Why the rules of a set are changed in place although somebody asks for a switch: as a clause, and what to do.
 *
 * In the clone a rule is granted nothing that only the name of the first set was granted. So nothing is switched unless
 * every rule of this installation is known to be granted under both names.
 */
export function hindranceOf(shared: Shared): string | undefined {
  const { name, twin, residents, neighbours, ruleSets, contested } = shared;
  const others = [
    ...residents.flatMap(({ key, ruleSet }) => (ruleSet.rollout === 'BlueGreen' ? [] : [key])),
    ...neighbours.flatMap(({ owner, ruleSet }) =>
      ruleSet.name === name && ruleSet.rollout !== 'BlueGreen' ? [owner] : [],
    ),
  ];
  if (others.length > 0)
    return `${others.sort().join(', ')} ${others.length === 1 ? 'does' : 'do'} not ask for it; say ruleSet.rollout: BlueGreen in every pipeline of the set, or InPlace in all`;
  const unsure = rulesOfUnknownGrants(shared)[0];
  if (unsure !== undefined)
    return `it is not known whether rule ${unsure} may use its bucket and function from ${twin} as well; bring its pipeline in order, and apply the pipelines of the set together`;
  const kept = ruleSets.sets.get(twin);
  const unlike = kept && unlikeRule(kept, ruleSets.sets.get(name), isOurs(shared));
  if (unlike !== undefined)
    return `rule ${unlike}, which is not ours, is in ${twin} not as in ${name}, and a switch would lose one of the two; make both the same, or delete rule set ${twin}`;
  return contested
    ? `each time that the clone was about to be made active, somebody else had changed ${name}; let them pause, or leave the set to its pipelines`
    : undefined;
}

export function rolloutFellBack(ruleSet: string, hindrance: string): Fault {
  return {
    class: 'conflict',
    reason: 'RolloutFellBack',
    message: `Rule set ${ruleSet} is changed in place instead of by a switch: ${hindrance}`,
  };
}

/** What a rule of somebody else may lose by a switch, one sentence for all of them. */
export function warnOfGrants(
  { ruleSet, twin, block }: Resident,
  listed: readonly string[],
  { sets }: ObservedRuleSets,
): readonly string[] {
  if (ruleSet.rollout !== 'BlueGreen' || twin === undefined) return [];
  const others = (sets.get(ruleSet.name)?.rules ?? []).filter(
    ({ name, actions }) =>
      !name.startsWith(installationMark(block.prefix)) &&
      !listed.includes(name) &&
      actions.some(({ kind }) => kind === 's3' || kind === 'lambda' || kind === 'sns'),
  );
  if (others.length === 0) return [];
  const named = others.map(({ name }) => name).join(', ');
  return [
    `ruleSet.rollout: BlueGreen takes rules of others along into ${twin} (${named}): what they use must allow that set as well, wherever a policy names ${ruleSet.name} as aws:SourceArn`,
  ];
}

/** Rules of this installation that nobody at hand is known to have granted under both names. */
function rulesOfUnknownGrants(shared: Shared): readonly string[] {
  const { name, residents, departing, neighbours, ruleSets } = shared;
  const sure = [
    ...residents.map(({ block }) => block),
    ...departing,
    ...neighbours.filter(({ isGrantedBoth }) => isGrantedBoth),
  ];
  return (ruleSets.sets.get(name)?.rules ?? [])
    .map((rule) => rule.name)
    .filter((rule) => isOurs(shared)(rule) && !sure.some((block) => ownsRule(block, rule)));
}

/** Whether the rule is one of this installation, be its pipeline at hand or not. */
const isOurs =
  ({ residents, departing, neighbours }: Pick<Shared, 'residents' | 'departing' | 'neighbours'>) =>
  (ruleName: string): boolean =>
    [...residents.map(({ block }) => block), ...departing, ...neighbours].some(
      (block) => ownsRule(block, ruleName) || ruleName.startsWith(installationMark(block.prefix)),
    );

/** Where nobody says how long a set is kept: the controller's own default. */
const DEFAULT_INTERVAL_MS = 10 * 60 * 1000;

/**
 * Whether what a rollout has left may go: nothing would be lost, and it was there to go back to for an interval. A switch
 * comes right after the younger of the two sets was made, so their ages tell it.
 */
export function isLeftover(shared: Omit<Shared, 'contested'>): boolean {
  const { name, twin, residents, neighbours, ruleSets } = shared;
  const [live, kept] = [ruleSets.sets.get(name), ruleSets.sets.get(twin)];
  if (live === undefined || kept === undefined || ruleSets.active === twin) return false;
  if (unlikeRule(kept, live, isOurs(shared)) !== undefined) return false;
  // Either nobody is left to go back to it, or those who are look after it.
  if (residents.length === 0) return neighbours.every(({ ruleSet }) => ruleSet.name !== name);
  const intervalMs = Math.max(...residents.map((desired) => desired.intervalMs ?? DEFAULT_INTERVAL_MS));
  const switchedAtMs = Math.max(live.createdAtMs ?? Infinity, kept.createdAtMs ?? Infinity);
  return (ruleSets.atMs ?? Number.NEGATIVE_INFINITY) - switchedAtMs >= intervalMs;
}

/**
 * Builds the planned rules beside the set in use and makes them the active ones in one call: a mail is handled by the old
 * rules or by the new ones, never by some of each. Until then nothing that is in use is touched, so a run that ends
 * anywhere leaves the old rules whole, and what was built is gone on with.
 *
 * @returns the step that switches
 */
export function planRollout(shared: Shared, planned: RuleSetPlan, out: Output): string {
  const { name, twin, residents, departing, ruleSets } = shared;
  const live = ruleSets.sets.get(name);
  if (live === undefined) throw new Error(`rule set ${name} is to be cloned but was not found`);
  const kept = ruleSets.sets.get(twin);
  const writable = [...residents.map(({ block }) => block), ...departing];
  const ownerOf = (rule: string) => writable.find((block) => ownsRule(block, rule))?.owner;

  const built = planClone(live, kept, planned.result, ownerOf);
  const cleared =
    built.from === 'clone' && kept !== undefined ? [deleteTwin(shared, 'an earlier rollout has left it', out)] : [];
  const clone: StepAction = { kind: 'cloneRuleSet', ruleSet: twin, original: name };
  const base =
    built.from === 'clone'
      ? [out.step(undefined, 'rules', clone, cleared, `${name} stays as it is until all is in place`)]
      : [];
  const edits = built.edits.map((edit) => out.change(twin, edit, base, kept?.rules ?? live.rules, residents));
  const settled = out.step(
    undefined,
    'rules',
    { kind: 'settleClone', ruleSet: twin, rules: planned.result, expected: built.order },
    [...base, ...edits],
    built.order === 'reorder' ? 'its rules are out of order' : 'nothing else may be in it',
    built.order === 'reorder' ? [{ field: 'order', after: planned.result.map((rule) => rule.name) }] : [],
  );
  return out.step(
    undefined,
    'rules',
    { kind: 'switchRuleSet', ruleSet: twin, original: name, rules: live.rules },
    [settled],
    'rollout is BlueGreen',
    [{ field: 'active', before: name, after: twin }],
  );
}

export function deleteTwin({ name, twin }: Pick<Shared, 'name' | 'twin'>, why: string, out: Output): string {
  return out.step(undefined, 'rules', { kind: 'deleteRuleSet', ruleSet: twin, twinOf: name }, [], why);
}
