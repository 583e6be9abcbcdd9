import { byAge } from './claims.ts';
import type { Fault } from './fault.ts';
import type { Output } from './rule-set-output.ts';
import { hasRulesIn, type Resident, type RuleSetsInput } from './rule-set-residents.ts';
import type { StepAction } from './step.ts';

/** Which set is to get the mail. */
export type Target = {
  /** The set that is to be active; undefined: none is, and nobody asks. */
  readonly set: string | undefined;
  /** Who has its way. */
  readonly winner: Wish | undefined;
};

export type Activation = {
  /** The set that will be active once the steps ran. */
  readonly active: string | undefined;
  /** The step that makes it so. */
  readonly step: string | undefined;
  /** The pipeline that had its way. */
  readonly winner: string | undefined;
};

/** What has to wait for it. */
export const stepOf = (activation: Activation | undefined): readonly string[] =>
  activation?.step === undefined ? [] : [activation.step];

/**
 * The set of the oldest pipeline that asks for it is made active, those that say `Always` first. Nobody else's set is
 * switched off unless `Always`, and never one that another pipeline of ours asks for by `Always`.
 */
export function targetOf(input: RuleSetsInput): Target {
  const { active } = input.ruleSets;
  const wishes = wishesOf(input).sort((a, b) => Number(b.always) - Number(a.always) || byAge(a, b));
  const winner = wishes.find(({ ruleSet }) => ruleSet === active) ?? wishes[0];
  // What only neighbours ask for is made active by their own runs.
  const isOurs = wishes.some(({ ours, ruleSet }) => ours && ruleSet === winner?.ruleSet);
  return { set: isOurs ? winner?.ruleSet : active, winner };
}

/** The step that makes the target the active set, after what is made in it. */
export function activate({ ruleSets: { active } }: RuleSetsInput, { set, winner }: Target, out: Output): Activation {
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
export function tellWhoIsElsewhere({ pipelines }: RuleSetsInput, { set, winner }: Target, out: Output): void {
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

function wishesOf({ pipelines, neighbours = [], ruleSets }: RuleSetsInput): Wish[] {
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

function otherSetActive(wanted: string, active: string, rival: string | undefined): Fault {
  const message =
    rival === undefined
      ? `Rule set ${active} is active, so no mail reaches ${wanted}; use it as ruleSet.name, or say ruleSet.activate: Always to switch over`
      : `Pipeline ${rival} asks for ${active} to be the active rule set, so no mail reaches ${wanted}; ${AGREE}`;
  return { class: 'conflict', reason: 'OtherRuleSetActive', message };
}

/** One set is active at a time. */
export const AGREE = 'give both the same ruleSet.name, or take ruleSet.activate: Always out of one';
