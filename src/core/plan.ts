import { lostClaims } from './claims.ts';
import type { Desired } from './desired.ts';
import type { Fault } from './fault.ts';
import type { ObservedPipeline, ObservedRuleSets } from './observed.ts';
import { leftoverGrants } from './plan-bucket.ts';
import { leftoverPermissions, removeGrant } from './plan-function.ts';
import { planPipeline, stepId, type AddStep } from './plan-pipeline.ts';
import { planRuleSets, type RuleSetsPlan } from './plan-rule-sets.ts';
import { keptBucket, planTeardown, type Departing } from './plan-teardown.ts';
import type { RuleBlock } from './rule-block.ts';
import type { Part, Step } from './step.ts';

/** A pipeline to keep, and what AWS has of it. */
export type Arriving = { readonly desired: Desired; readonly observed: ObservedPipeline };

export type PlanInput = {
  readonly region: string;
  readonly pipelines: readonly Arriving[];
  /** Pipelines to take down. */
  readonly departing: readonly Departing[];
  /** Blocks of other pipelines of ours in this region: they keep their rules, and ours stand in order with them. */
  readonly neighbours?: readonly RuleBlock[];
  readonly ruleSets: ObservedRuleSets;
};

/** Something that a plan cannot bring about. */
export type Problem = {
  /** `namespace/name`. */
  readonly owner: string;
  readonly part: Part;
  readonly fault: Fault;
  /** True: nothing at all is done for this pipeline. False: the rest of it goes on. */
  readonly stops: boolean;
};

export type Plan = {
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
};

export type Warning = { readonly owner: string; readonly message: string };

export const EMPTY_PLAN: Plan = { steps: [], problems: [], warnings: [] };

/** Most rules that a set may hold. @see https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
const MAX_RULES = 200;

/**
 * Everything that must be done in one region so that AWS holds what the pipelines say, in an order that can be run from
 * top to bottom. An empty list of steps means that nothing differs.
 */
export function plan(input: PlanInput): Plan {
  const problems: Problem[] = [];
  const stopped = (owner: string, part: Part, fault: Fault) => problems.push({ owner, part, fault, stops: true });

  const lost = lostClaims(input.pipelines.map(({ desired }) => desired));
  const able = input.pipelines.filter(({ desired, observed }) => {
    const claimed = lost.get(desired.key);
    if (claimed !== undefined) stopped(desired.key, 'rules', claimed);
    const planned = planPipeline(desired, observed, [desired.ruleSet.name]);
    if ('fault' in planned) stopped(desired.key, planned.part, planned.fault);
    return claimed === undefined && !('fault' in planned);
  });
  const sets = planRuleSets({ ...input, pipelines: able });
  const overfull = overfullOwners(sets);
  const missing = new Map(sets.problems.filter((problem) => problem.stops).map((problem) => [problem.owner, problem]));
  for (const [owner, fault] of overfull) stopped(owner, 'rules', fault);
  problems.push(...missing.values());
  if (overfull.size > 0 || missing.size > 0) {
    const rest = able.filter(({ desired }) => !overfull.has(desired.key) && !missing.has(desired.key));
    const planned = plan({ ...input, pipelines: rest });
    return { ...planned, problems: [...problems, ...planned.problems] };
  }
  const kept = input.departing.flatMap((leaving): Problem[] => {
    const fault = keptBucket(leaving);
    return fault === undefined ? [] : [{ owner: leaving.key, part: 'bucket', fault, stops: false }];
  });
  return {
    steps: assemble(input, able, sets),
    problems: [...problems, ...sets.problems, ...kept],
    warnings: input.pipelines.flatMap(({ desired }) =>
      desired.warnings.map((message) => ({ owner: desired.key, message })),
    ),
  };
}

/** Pipelines side by side, then the rules of all, then what nobody needs any more. */
function assemble(input: PlanInput, pipelines: readonly Arriving[], sets: RuleSetsPlan): Step[] {
  const steps: Step[] = [];
  const beforeRules = new Map<string, readonly string[]>();
  for (const { desired, observed } of pipelines) {
    const planned = planPipeline(desired, observed, sets.setsOf(desired.key));
    if ('fault' in planned) continue;
    steps.push(...planned.steps);
    beforeRules.set(desired.key, planned.beforeRules);
  }
  const known = new Set(steps.map((step) => step.id));
  const ruleSteps = sets.steps.map((step): Step => {
    const serves = step.action.kind === 'createRule' || step.action.kind === 'updateRule';
    const before = serves ? (beforeRules.get(step.owner ?? '') ?? []) : [];
    return { ...step, needs: [...new Set([...before.filter((id) => known.has(id)), ...step.needs])] };
  });
  steps.push(...ruleSteps);
  for (const { desired, observed } of pipelines)
    steps.push(...leftovers(desired, observed, sets.setsOf(desired.key), ruleSteps));
  for (const departing of input.departing) steps.push(...planTeardown(departing, input.region, ruleSteps));
  return steps;
}

/** A grant goes last: when no rule stands under it any more. */
function leftovers(
  desired: Desired,
  observed: ObservedPipeline,
  ruleSets: readonly string[],
  ruleSteps: readonly Step[],
): Step[] {
  const steps: Step[] = [];
  const needs = ruleSteps.filter((step) => step.owner === desired.key).map((step) => step.id);
  const add: AddStep = (step) => {
    const id = `${stepId(desired.key, step.action)} (leftover)`;
    steps.push({ id, owner: desired.key, region: desired.identity.region, ...step });
    return id;
  };
  const why = 'no rule of this pipeline needs it any more';
  for (const statementId of leftoverPermissions(desired, observed.function, ruleSets))
    removeGrant(desired.function, statementId, needs, why, `function ${desired.function.name}`, add);
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

function overfullOwners(sets: RuleSetsPlan): ReadonlyMap<string, Fault> {
  const found = new Map<string, Fault>();
  for (const [ruleSet, rules] of sets.results) {
    if (rules.length <= MAX_RULES) continue;
    for (const { owner, action } of sets.steps)
      if (owner !== undefined && action.kind === 'createRule' && action.ruleSet === ruleSet)
        found.set(owner, {
          class: 'invalid',
          reason: 'QuotaExceeded',
          message: `Rule set ${ruleSet} would hold ${rules.length} rules; SES allows ${MAX_RULES}, and the quota cannot be raised. Join rules, or use another account or region`,
        });
  }
  return found;
}
