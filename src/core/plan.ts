import { claimantOf, lostClaims } from './claims.ts';
import type { Desired } from './desired.ts';
import { doublyListed, unconfirmedRule, warnOfFormerRules, withExistingRules } from './existing-rules.ts';
import type { Fault } from './fault.ts';
import type { ObservedPipeline, ObservedRuleSets } from './observed.ts';
import { asNeighbour, type Neighbour } from './neighbour.ts';
import { obstacleTo } from './obstacle.ts';
import { leftoverGrants } from './plan-bucket.ts';
import { planAliasLeft } from './plan-function-version.ts';
import { leftoverPermissions, removeGrant } from './plan-invoke-grants.ts';
import { planPipeline } from './plan-pipeline.ts';
import { planFormerLeft } from './plan-replacement.ts';
import { warnOfGrants } from './plan-rollout.ts';
import { planRuleSets, type RuleSetsPlan } from './plan-rule-sets.ts';
import { keptBucket, planTeardown, type Departing } from './plan-teardown.ts';
import { ownsRule } from './rule-block.ts';
import type { RoutingFindingKind } from './routing-finding.ts';
import { runtimeWarning } from './runtimes.ts';
import { createStepList } from './step-list.ts';
import type { Part, Step } from './step.ts';

/** A pipeline to keep, and what AWS has of it. */
export type Arriving = { readonly desired: Desired; readonly observed: ObservedPipeline };

/** A suspended pipeline: its rules stand as they are, and the recipients that it names stay its own. */
export type Suspended = { readonly block: Neighbour; readonly message: string };

export type PlanInput = {
  readonly region: string;
  readonly pipelines: readonly Arriving[];
  /** Pipelines to take down. */
  readonly departing: readonly Departing[];
  readonly suspended?: readonly Suspended[];
  readonly neighbours?: readonly Neighbour[];
  readonly ruleSets: ObservedRuleSets;
  /** Every switch of sets was overtaken by a change of somebody else: rules are changed in place. */
  readonly contested?: boolean;
};

/** Something that a plan cannot bring about. */
export type Problem = {
  /** `namespace/name`. */
  readonly owner: string;
  readonly part: Part;
  readonly fault: Fault;
  /** True: nothing at all is done for this pipeline. False: the rest of it goes on. */
  readonly stops: boolean;
  /** Of a pipeline under `Observe`, for which nothing would have been done anyway: it need not hold up the others. */
  readonly withheld?: true;
};

export type Plan = {
  readonly steps: readonly Step[];
  /** What pipelines under `Observe` would need. Never run: it is there to be reported. */
  readonly withheld: readonly Step[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
};

export type Warning = {
  readonly owner: string;
  readonly message: string;
  /** Nobody has looked at the pipeline: that nothing is to be done says nothing about it. */
  readonly suspended?: true;
  /** Set where it is about the way of mail to the pipeline, which no plan can change. */
  readonly routing?: RoutingFindingKind | 'unknown';
};

export const EMPTY_PLAN: Plan = { steps: [], withheld: [], problems: [], warnings: [] };

/** Most rules that a set may hold. @see https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
const MAX_RULES = 200;

/**
 * Everything that must be done in one region so that AWS holds what the pipelines say, in an order that can be run from
 * top to bottom. An empty list of steps means that nothing differs.
 *
 * A pipeline under `Observe` is a neighbour to the others, so no step is its own. Its differences are what the same
 * planning finds for it when nobody is held back.
 */
export function plan(input: PlanInput): Plan {
  const suspended = input.suspended ?? [];
  const pipelines = input.pipelines.map(({ desired, observed }): Arriving => {
    return { desired: withExistingRules(desired, observed, input.ruleSets), observed };
  });
  const neighbours = [...(input.neighbours ?? []), ...suspended.map(({ block }) => held(block))];
  const all: Planning = {
    ...input,
    pipelines,
    neighbours,
    doublyListed: doublyListed(pipelines.map(({ desired }) => desired)),
    lost: lostClaims([...pipelines.map(({ desired }) => claimantOf(desired)), ...neighbours]),
  };
  const listed = pipelines.flatMap(({ desired }) => desired.existingRules.map(({ name }) => name));
  const warnings = [
    ...pipelines.flatMap(({ desired }) =>
      [
        ...desired.warnings,
        ...warnOfRuntime(desired, input.ruleSets),
        ...warnOfFormerRules(desired),
        ...warnOfGrants(desired, listed, input.ruleSets),
      ].map((message) => ({ owner: desired.key, message })),
    ),
    ...input.departing.flatMap(({ key, warnings: kept }) => kept.map((message) => ({ owner: key, message }))),
    ...suspended.map(({ block, message }) => ({ owner: block.owner, message, suspended: true }) as const),
  ];
  const watched = pipelines.map(({ desired }) => desired).filter(isWatchedOnly);
  if (watched.length === 0) return { ...planEverything(all), withheld: [], warnings };

  const managed = planEverything({
    ...all,
    pipelines: pipelines.filter(({ desired }) => !isWatchedOnly(desired)),
    neighbours: [
      ...neighbours,
      ...watched.map(({ block, createdAtMs, ruleSet }) => held(asNeighbour(block, createdAtMs, ruleSet))),
    ],
  });
  const unrestrained = planEverything(all);
  const done = new Set(managed.steps.map(({ id }) => id));
  const isWatched = (owner: string | undefined) => watched.some(({ key }) => key === owner);
  return {
    steps: managed.steps,
    withheld: unrestrained.steps.filter(({ owner, id }) => isWatched(owner) || (owner === undefined && !done.has(id))),
    problems: [
      ...managed.problems,
      ...unrestrained.problems
        .filter(({ owner }) => isWatched(owner))
        .map((problem) => ({ ...problem, withheld: true }) as const),
    ],
    warnings,
  };
}

function warnOfRuntime({ function: fn }: Desired, { atMs }: ObservedRuleSets): readonly string[] {
  const { runtime } = fn.configuration;
  const warning = runtime === undefined ? undefined : runtimeWarning(runtime, atMs);
  return warning === undefined ? [] : [warning];
}

const held = (block: Neighbour): Neighbour => ({ ...block, held: true });

const isWatchedOnly = ({ managementPolicy }: Desired): boolean => managementPolicy === 'Observe';

type Planning = Omit<PlanInput, 'suspended'> & {
  readonly neighbours: readonly Neighbour[];
  /** Those who name a recipient of somebody else. */
  readonly lost: ReadonlyMap<string, Fault>;
  /** Those who list a rule that another one lists. */
  readonly doublyListed: ReadonlyMap<string, Fault>;
};

type Planned = Pick<Plan, 'steps' | 'problems'>;

/** The plan when nobody is held back. */
function planEverything(input: Planning): Planned {
  const hindered = input.pipelines.flatMap((pipeline) => hindrances(pipeline, input));
  const able = withoutOwners(input.pipelines, hindered);
  const sets = planRuleSets({ ...input, pipelines: able });
  const homeless = [...overfull(sets), ...sets.problems.filter(({ stops }) => stops)];
  if (homeless.length > 0) {
    // Whose rules have no place is left out altogether, which makes another plan for the rest.
    const rest = planEverything({ ...input, pipelines: withoutOwners(able, homeless) });
    return { ...rest, problems: [...hindered, ...homeless, ...rest.problems] };
  }
  const kept = input.departing.flatMap((leaving): Problem[] => {
    const fault = keptBucket(leaving);
    return fault === undefined ? [] : [{ owner: leaving.key, part: 'bucket', fault, stops: false }];
  });
  return { steps: assemble(input, able, sets), problems: [...hindered, ...sets.problems, ...kept] };
}

function hindrances({ desired, observed }: Arriving, { lost, doublyListed, ruleSets }: Planning): Problem[] {
  const { key: owner } = desired;
  const claimed = lost.get(owner) ?? doublyListed.get(owner) ?? unconfirmedRule(desired, observed, ruleSets);
  const obstacle = obstacleTo(desired, observed);
  return [
    ...(claimed === undefined ? [] : [{ owner, part: 'rules', fault: claimed, stops: true } as const]),
    ...(obstacle === undefined ? [] : [{ owner, ...obstacle, stops: true }]),
  ];
}

function withoutOwners(pipelines: readonly Arriving[], problems: readonly Problem[]): readonly Arriving[] {
  const owners = new Set(problems.map(({ owner }) => owner));
  return pipelines.filter(({ desired }) => !owners.has(desired.key));
}

/** Pipelines side by side, then the rules of all, then what nobody needs any more. */
function assemble(input: Planning, pipelines: readonly Arriving[], sets: RuleSetsPlan): Step[] {
  const steps: Step[] = [];
  const beforeRules = new Map<string, readonly string[]>();
  for (const pipeline of pipelines) {
    const { key } = pipeline.desired;
    const planned = planPipeline(pipeline, sets.setsOf(key));
    steps.push(...planned.steps);
    beforeRules.set(key, planned.beforeRules);
  }
  const known = new Set(steps.map((step) => step.id));
  // Rules that a switch only takes along are not written, so nothing else waits for their grants.
  const readyFor = (action: Step['action']): readonly string[] =>
    action.kind === 'switchRuleSet'
      ? [...beforeRules].flatMap(([key, ready]) => (sets.setsOf(key).includes(action.ruleSet) ? ready : []))
      : [];
  const ruleSteps = sets.steps.map((step): Step => {
    const serves = step.action.kind === 'createRule' || step.action.kind === 'updateRule';
    const before = serves ? (beforeRules.get(step.owner ?? '') ?? []) : readyFor(step.action);
    return { ...step, needs: [...new Set([...before.filter((id) => known.has(id)), ...step.needs])] };
  });
  steps.push(...ruleSteps);
  const called = calledAfter(input.ruleSets, sets);
  for (const { desired, observed } of pipelines)
    steps.push(
      ...leftovers(desired, observed, sets.setsOf(desired.key), called, {
        rules: ruleSteps.filter((step) => concerns(step, desired, input.ruleSets)).map((step) => step.id),
        function: (beforeRules.get(desired.key) ?? []).filter((id) => known.has(id)),
      }),
    );
  for (const departing of input.departing) steps.push(...planTeardown(departing, input.region, ruleSteps));
  return steps;
}

/** Whether the step changes rules of the pipeline, or takes them away with their whole set. */
const concerns = ({ owner, action }: Step, { key, block }: Desired, { sets }: ObservedRuleSets): boolean =>
  owner === key ||
  (action.kind === 'deleteRuleSet' &&
    sets.get(action.ruleSet)?.rules.some(({ name }) => ownsRule(block, name)) === true);

/** What rules invoke in any set that was looked at, once the steps ran. */
function calledAfter(before: ObservedRuleSets, { results, steps }: RuleSetsPlan): ReadonlySet<string> {
  const after = new Map([...[...before.sets].map(([name, { rules }]) => [name, rules] as const), ...results]);
  for (const { action } of steps) if (action.kind === 'deleteRuleSet') after.delete(action.ruleSet);
  const actions = [...after.values()].flat().flatMap((rule) => rule.actions);
  return new Set(actions.flatMap((action) => (action.kind === 'lambda' ? [action.functionArn] : [])));
}

/** A grant, an alias and a function go last: when no rule needs them any more. */
function leftovers(
  desired: Desired,
  observed: ObservedPipeline,
  ruleSets: readonly string[],
  called: ReadonlySet<string>,
  done: { readonly rules: readonly string[]; readonly function: readonly string[] },
): readonly Step[] {
  const { steps, add } = createStepList(desired.key, desired.identity.region, ' (leftover)');
  const needs = done.rules;
  const why = 'no rule of this pipeline needs it any more';
  for (const grant of leftoverPermissions(desired, observed.function, ruleSets, called))
    removeGrant(desired.function, grant, needs, why, add);
  planAliasLeft(desired.function, observed.function, called, needs, add);
  planFormerLeft(desired, observed, called, [...done.function, ...needs], add);
  const removeSids = leftoverGrants(desired, observed.bucket, ruleSets);
  if (removeSids.length > 0)
    add({
      part: 'bucket',
      lane: `bucket ${desired.bucket.name}`,
      needs,
      why,
      action: { kind: 'mergeBucketPolicy', bucket: desired.bucket.name, add: [], removeSids },
      changes: removeSids.map((sid) => ({ field: `policy.${sid}`, before: 'granted' })),
    });
  return steps;
}

/** Those who would make a rule in a set that then holds more than SES allows. */
function overfull(sets: RuleSetsPlan): readonly Problem[] {
  const found = new Map<string, Problem>();
  for (const [ruleSet, rules] of sets.results) {
    if (rules.length <= MAX_RULES) continue;
    const fault: Fault = {
      class: 'invalid',
      reason: 'QuotaExceeded',
      message: `Rule set ${ruleSet} would hold ${rules.length} rules; SES allows ${MAX_RULES}, and the quota cannot be raised. Join rules, or use another account or region`,
    };
    for (const { owner, action } of sets.steps)
      if (owner !== undefined && action.kind === 'createRule' && action.ruleSet === ruleSet)
        found.set(owner, { owner, part: 'rules', fault, stops: true });
  }
  return [...found.values()];
}
