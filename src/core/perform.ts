import { PipelineError } from './fault.ts';
import { functionState } from './function-state.ts';
import { ALL_PUBLIC_ACCESS_BLOCKED, mergePolicy, OWNERSHIP } from './plan-bucket.ts';
import { samePolicy } from './policy-document.ts';
import type { Ports } from './ports.ts';
import { activate, deactivate, orderRules, settleClone, switchOver } from './perform-rule-sets.ts';
import { deleteOldVersions, pointAlias } from './perform-versions.ts';
import type { StepAction } from './step.ts';

/** Which rules each set holds at this moment, as far as this run knows: the observed ones and what it changed since. */
export type KnownRules = Map<string, Set<string>>;

/**
 * Carries out one step: one AWS call, or the read that a guarded write needs right before it.
 *
 * @throws {PipelineError} as the port threw it
 */
export async function perform(action: StepAction, ports: Ports, known: KnownRules): Promise<void> {
  const { buckets, roles, functions, logGroups, receiptRules } = ports;
  switch (action.kind) {
    case 'createBucket':
      return buckets.create(action.bucket, action.tags);
    case 'putBucketTags':
      return buckets.putTags(action.bucket, action.tags);
    case 'blockPublicAccess':
      return buckets.putPublicAccessBlock(action.bucket, ALL_PUBLIC_ACCESS_BLOCKED);
    case 'putBucketOwnership':
      return buckets.putOwnership(action.bucket, OWNERSHIP);
    case 'putBucketEncryption':
      return buckets.putEncryption(action.bucket, action.encryption);
    case 'putBucketVersioning':
      return buckets.putVersioning(action.bucket, action.status);
    case 'putBucketLifecycle':
      return buckets.putLifecycle(action.bucket, action.rules);
    case 'mergeBucketPolicy': {
      const live = await buckets.policy(action.bucket);
      const merged = mergePolicy(live, action.add, action.removeSids);
      return live !== undefined && samePolicy(live, merged) ? undefined : buckets.putPolicy(action.bucket, merged);
    }
    case 'emptyBucket':
      return emptyBucket(action.bucket, ports);
    case 'deleteBucket':
      return buckets.delete(action.bucket);
    case 'createRole':
      return roles.create(action.role);
    case 'updateRoleTrust':
      return roles.updateTrust(action.role, action.trust);
    case 'updateRoleDescription':
      return roles.updateDescription(action.role, action.description);
    case 'tagRole':
      return roles.tag(action.role, action.tags);
    case 'putRoleBoundary':
      return roles.putBoundary(action.role, action.policyArn);
    case 'deleteRoleBoundary':
      return roles.deleteBoundary(action.role);
    case 'putRolePolicy':
      return roles.putInlinePolicy(action.role, action.policyName, action.document);
    case 'deleteRolePolicy':
      return roles.deleteInlinePolicy(action.role, action.policyName);
    case 'attachRolePolicy':
      return roles.attachPolicy(action.role, action.policyArn);
    case 'detachRolePolicy':
      return roles.detachPolicy(action.role, action.policyArn);
    case 'leaveInstanceProfiles':
      for (const profile of await roles.instanceProfiles(action.role))
        await roles.removeFromInstanceProfile(action.role, profile);
      return;
    case 'deleteRole':
      return roles.delete(action.role);
    case 'createFunction':
      return functions.create(action.fn, action.code);
    case 'updateFunctionCode':
      return functions.updateCode(action.fn, action.architecture, action.code);
    case 'updateFunctionConfiguration':
      return functions.updateConfiguration(action.fn, action.configuration);
    case 'awaitFunction':
      return checkFunction(action.fn, ports);
    case 'tagFunction':
      return functions.tag(action.arn, action.tags);
    case 'untagFunction':
      return functions.untag(action.arn, action.keys);
    case 'publishVersion':
      return functions.publish(action.fn);
    case 'pointAlias':
      return pointAlias(action, functions);
    case 'deleteOldVersions':
      return deleteOldVersions(action, functions);
    case 'deleteAlias':
      return functions.deleteAlias(action.fn, action.alias);
    case 'putAsyncSettings':
      return functions.putAsync(action.fn, action.settings, action.qualifier);
    case 'deleteAsyncSettings':
      return functions.deleteAsync(action.fn, action.qualifier);
    case 'putReservedConcurrency':
      return functions.putConcurrency(action.fn, action.reserved);
    case 'deleteReservedConcurrency':
      return functions.deleteConcurrency(action.fn);
    case 'deleteFunction':
      return functions.delete(action.fn);
    case 'createLogGroup':
      return logGroups.create(action.logGroup, action.tags);
    case 'putLogRetention':
      return logGroups.putRetention(action.logGroup, action.retentionDays);
    case 'deleteLogRetention':
      return logGroups.deleteRetention(action.logGroup);
    case 'tagLogGroup':
      return logGroups.tag(action.arn, action.tags);
    case 'untagLogGroup':
      return logGroups.untag(action.arn, action.keys);
    case 'deleteLogGroup':
      return logGroups.delete(action.logGroup);
    case 'addPermission':
      return functions.addPermission(action.fn, action.grant, action.qualifier);
    case 'removePermission':
      return functions.removePermission(action.fn, action.statementId, action.qualifier);
    case 'createRuleSet':
      return receiptRules.createSet(action.ruleSet);
    case 'cloneRuleSet':
      await receiptRules.cloneSet(action.ruleSet, action.original);
      known.set(action.ruleSet, new Set(namesOf(known, action.original)));
      return;
    case 'settleClone':
      return settleClone(action.ruleSet, action.rules, receiptRules);
    case 'switchRuleSet':
      return switchOver(action, receiptRules);
    case 'activateRuleSet':
      return activate(action.ruleSet, action.onlyIfNone, receiptRules);
    case 'deactivateRuleSet':
      return deactivate(action.ruleSet, receiptRules);
    case 'deleteRuleSet':
      return receiptRules.deleteSet(action.ruleSet);
    case 'createRule': {
      const names = namesOf(known, action.ruleSet);
      const after = action.after.find((name) => names.has(name));
      await receiptRules.create(action.ruleSet, action.rule, after);
      names.add(action.rule.name);
      return;
    }
    case 'updateRule':
      return receiptRules.update(action.ruleSet, action.rule);
    case 'deleteRule':
      await receiptRules.delete(action.ruleSet, action.before.name);
      namesOf(known, action.ruleSet).delete(action.before.name);
      return;
    case 'orderRules':
      return orderRules(action.ruleSet, action.order, receiptRules);
  }
}

function namesOf(known: KnownRules, ruleSet: string): Set<string> {
  const names = known.get(ruleSet) ?? new Set<string>();
  known.set(ruleSet, names);
  return names;
}

async function emptyBucket(bucket: string, { buckets }: Ports): Promise<void> {
  for (;;) {
    const objects = await buckets.list(bucket, 1000);
    if (objects.length === 0) return;
    await buckets.deleteObjects(bucket, objects);
  }
}

/** One look at the function; not ready yet is a `pending` fault, which is looked at again. */
async function checkFunction(name: string, { functions }: Ports): Promise<void> {
  const fn = await functions.get(name);
  if (fn === undefined)
    throw new PipelineError({
      class: 'stale',
      reason: 'ChangedMeanwhile',
      message: `Function ${name} was deleted meanwhile`,
    });
  const state = functionState(fn);
  if (state.kind !== 'ready') throw new PipelineError(state.fault);
}
