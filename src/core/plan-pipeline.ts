import type { Arriving } from './plan.ts';
import { planBucket } from './plan-bucket.ts';
import { planFunction } from './plan-function.ts';
import { planLogGroup } from './plan-log-group.ts';
import { besideFormer } from './plan-replacement.ts';
import { narrowRole, planRole } from './plan-role.ts';
import { createStepList } from './step-list.ts';
import type { Step } from './step.ts';

/** What must be done to one pipeline outside the rule sets. */
export type PipelinePlan = {
  readonly steps: readonly Step[];
  /** Everything a rule of the pipeline needs: stored bodies, an invokable function, a grant. */
  readonly beforeRules: readonly string[];
};

/**
 * Bucket, role, log group, function and permission of one pipeline that has no obstacle in its way, see {@link obstacleTo}.
 *
 * @param ruleSets the sets that hold rules of the pipeline once the plan ran: each has its grants
 */
export function planPipeline({ desired, observed }: Arriving, ruleSets: readonly string[]): PipelinePlan {
  const { steps, add } = createStepList(desired.key, desired.identity.region);
  const bucketReady = planBucket(desired, observed, ruleSets, add);
  const beside = besideFormer(desired, observed);
  const roleReady = planRole(beside, observed.role, add);
  const logReady = planLogGroup(desired.function, observed.logGroup, desired.identity, add);
  const ready = { bucketReady, roleReady, logReady };
  const functionReady = planFunction(desired, observed.function, ruleSets, ready, add);
  narrowRole(beside, observed.role, [...roleReady.policies, ...functionReady], add);
  return { steps, beforeRules: [...bucketReady, ...roleReady.policies, ...functionReady] };
}
