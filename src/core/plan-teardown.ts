import type { Fault } from './fault.ts';
import type { Manifest, ManifestSpec } from './manifest.ts';
import { existingRuleNames } from './desired-rules.ts';
import { takenRules } from './existing-rules.ts';
import { pipelineKey, rulePrefix, type PipelineIdentity } from './names.ts';
import type { ObservedPipeline } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import type { RuleBlock, RuleInSet } from './rule-block.ts';
import { bucketGrantSidPrefix, statementsOf } from './policy-document.ts';
import { createStepList, type AddStep } from './step-list.ts';
import type { Step } from './step.ts';

/** What lies in a bucket that is to be deleted. */
export type BucketContents = 'empty' | 'setup-only' | 'mail' | 'unknown';

/** A pipeline to take down. */
export type Departing = {
  readonly identity: PipelineIdentity;
  readonly key: string;
  readonly block: RuleBlock;
  /** Rules that it took over under others' names. */
  readonly existingRules: readonly RuleInSet[];
  readonly ruleSet: ManifestSpec['ruleSet'];
  /** The other name of the set, as in `Desired`. */
  readonly twin: string | undefined;
  readonly deletionPolicy: 'Retain' | 'Delete' | 'DeleteWithContents';
  readonly observed: ObservedPipeline;
  readonly contents: BucketContents;
  /** Why it goes, as a clause. */
  readonly because: string;
  /** What stays all the same, one sentence each. */
  readonly warnings: readonly string[];
};

export function departing(
  manifest: Manifest,
  identity: PipelineIdentity,
  observed: ObservedPipeline,
  contents: BucketContents,
): Departing {
  const { spec } = manifest;
  return {
    identity,
    key: pipelineKey(identity),
    block: {
      owner: pipelineKey(identity),
      prefix: rulePrefix(identity),
      existingRules: [],
      bucketName: observed.bucket?.name ?? '',
      position: spec.ruleSet.position,
      priority: spec.ruleSet.priority,
      storageRule: undefined,
      rules: [],
    },
    existingRules: takenRules(existingRuleNames(spec), identity, observed),
    ruleSet: spec.ruleSet,
    twin: undefined,
    deletionPolicy: spec.messageBodyStorage.deletionPolicy,
    observed,
    contents,
    because: 'the pipeline is deleted',
    warnings: [],
  };
}

/** The reverse of a create: rules have gone first, then function, role, and the bucket last. What is not ours stays. */
export function planTeardown(leaving: Departing, region: string, ruleSteps: readonly Step[]): Step[] {
  const { steps, add } = createStepList(leaving.key, region);
  const rules = ruleSteps.filter((step) => step.owner === leaving.key).map((step) => step.id);
  const functionGone = deleteFunctions(leaving, rules, add);
  deleteRole(leaving, [...rules, ...functionGone], add);
  deleteLogGroup(leaving, functionGone, add);
  deleteBucket(leaving, [...rules, ...functionGone], add);
  return steps;
}

/** There are two where one was about to take the place of the other. */
function deleteFunctions(leaving: Departing, needs: readonly string[], add: AddStep): readonly string[] {
  const { function: live, formerFunction } = leaving.observed;
  return [live, formerFunction].flatMap((fn) => {
    if (fn === undefined || ownershipOf(fn.tags, leaving.identity).kind !== 'ours') return [];
    return add({
      part: 'function',
      lane: `function ${fn.name}`,
      needs,
      why: leaving.because,
      action: { kind: 'deleteFunction', fn: fn.name },
      changes: [],
    });
  });
}

/** IAM refuses to delete a role that has anything attached. */
function deleteRole(leaving: Departing, needs: readonly string[], add: AddStep): void {
  const live = leaving.observed.role;
  if (live === undefined || ownershipOf(live.tags, leaving.identity).kind !== 'ours') return;
  const common = {
    part: 'role',
    lane: `role ${live.name}`,
    needs,
    why: leaving.because,
    changes: [],
  } as const;
  const detached = [
    add({ ...common, action: { kind: 'leaveInstanceProfiles', role: live.name } }),
    ...live.managedPolicyArns.map((policyArn) =>
      add({ ...common, action: { kind: 'detachRolePolicy', role: live.name, policyArn } }),
    ),
    ...Object.keys(live.inlinePolicies).map((policyName) =>
      add({ ...common, action: { kind: 'deleteRolePolicy', role: live.name, policyName } }),
    ),
  ];
  add({ ...common, needs: [...needs, ...detached], action: { kind: 'deleteRole', role: live.name } });
}

/** The log goes where the mail goes with its contents; otherwise it stays, and its retention empties it. */
function deleteLogGroup(leaving: Departing, needs: readonly string[], add: AddStep): void {
  const live = leaving.observed.logGroup;
  if (live === undefined || leaving.deletionPolicy !== 'DeleteWithContents') return;
  if (ownershipOf(live.tags, leaving.identity).kind !== 'ours') return;
  add({
    part: 'function',
    lane: `log group ${live.name}`,
    needs,
    why: `deletionPolicy is ${leaving.deletionPolicy}`,
    action: { kind: 'deleteLogGroup', logGroup: live.name },
    changes: [],
  });
}

function deleteBucket(leaving: Departing, needs: readonly string[], add: AddStep): void {
  const live = leaving.observed.bucket;
  if (live === undefined) return;
  const lane = `bucket ${live.name}`;
  const ours = ownershipOf(live.tags, leaving.identity).kind === 'ours';
  const emptied =
    leaving.deletionPolicy === 'Delete' && (leaving.contents === 'empty' || leaving.contents === 'setup-only');
  if (ours && (emptied || leaving.deletionPolicy === 'DeleteWithContents')) {
    const why = `deletionPolicy is ${leaving.deletionPolicy}`;
    const empty =
      leaving.contents === 'empty'
        ? []
        : [add({ part: 'bucket', lane, needs, why, action: { kind: 'emptyBucket', bucket: live.name }, changes: [] })];
    add({
      part: 'bucket',
      lane,
      needs: [...needs, ...empty],
      why,
      action: { kind: 'deleteBucket', bucket: live.name },
      changes: [],
    });
    return;
  }
  const own = bucketGrantSidPrefix(leaving.identity);
  const removeSids = statementsOf(live.policy).flatMap(({ Sid }) => (Sid?.startsWith(own) === true ? [Sid] : []));
  if (removeSids.length > 0)
    add({
      part: 'bucket',
      lane,
      needs,
      why: 'no rule of this pipeline needs it any more; the bucket and the mail in it stay',
      action: { kind: 'mergeBucketPolicy', bucket: live.name, add: [], removeSids },
      changes: removeSids.map((sid) => ({ field: `policy.${sid}`, before: 'granted' })),
    });
}

/** A bucket that stays although its deletion was asked for. */
export function keptBucket(leaving: Departing): Fault | undefined {
  const bucket = leaving.observed.bucket?.name;
  if (bucket === undefined || leaving.deletionPolicy !== 'Delete' || leaving.contents !== 'mail') return undefined;
  return {
    class: 'delete-blocked',
    reason: 'DeletionBlocked',
    message: `Bucket ${bucket} is kept, because there is mail in it and deletionPolicy is Delete; empty it, or say DeleteWithContents to delete the mail as well`,
  };
}
