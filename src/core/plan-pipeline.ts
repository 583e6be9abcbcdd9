import type { Desired } from './desired.ts';
import { PipelineError, type Fault } from './fault.ts';
import type { ObservedPipeline } from './observed.ts';
import { planBucket } from './plan-bucket.ts';
import { planFunction } from './plan-function.ts';
import { planRole } from './plan-role.ts';
import type { Part, Step } from './step.ts';

/** Adds a step; returns its id for others to need. */
export type AddStep = (step: Omit<Step, 'id' | 'owner' | 'region'>) => string;

/** What must be done to one pipeline outside the rule sets. */
export type PipelinePlan = {
  readonly steps: readonly Step[];
  /** Everything a rule of the pipeline needs: stored bodies, an invokable function, a grant. */
  readonly beforeRules: readonly string[];
};

/**
 * Bucket, role, function and permission of one pipeline.
 *
 * @param ruleSets the sets that hold rules of the pipeline once the plan ran: each has its grants
 * @returns a fault when something is in the way that must not be touched; then there are no steps
 */
export function planPipeline(
  desired: Desired,
  observed: ObservedPipeline,
  ruleSets: readonly string[],
): PipelinePlan | { readonly fault: Fault; readonly part: Part } {
  const steps: Step[] = [];
  const add: AddStep = (step) => {
    const id = stepId(desired.key, step.action);
    steps.push({ id, owner: desired.key, region: desired.identity.region, ...step });
    return id;
  };
  let part: Part = 'bucket';
  try {
    const bucketReady = planBucket(desired, observed, ruleSets, add);
    part = 'role';
    const roleReady = planRole(desired, observed.role, add);
    part = 'function';
    const functionReady = planFunction(desired, observed.function, ruleSets, { bucketReady, roleReady }, add);
    return { steps, beforeRules: [...bucketReady, ...roleReady.policies, ...functionReady] };
  } catch (error) {
    if (error instanceof PipelineError) return { fault: error.fault, part };
    throw error;
  }
}

/** The same for the same thing in every plan: kind and what it is about. */
export function stepId(owner: string, action: Step['action']): string {
  const about = Object.entries(action).flatMap(([key, value]) => {
    if (key === 'kind') return [];
    if (typeof value === 'string') return [value];
    if (key === 'role' || key === 'fn' || key === 'rule' || key === 'before') return [(value as { name: string }).name];
    return key === 'grant' ? [(value as { statementId: string }).statementId] : [];
  });
  return [owner, action.kind, ...new Set(about)].join(' ');
}
