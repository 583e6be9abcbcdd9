import { PipelineError } from './fault.ts';
import { functionState } from './function-state.ts';
import { ALL_PUBLIC_ACCESS_BLOCKED, mergePolicy, OWNERSHIP } from './plan-bucket.ts';
import { samePolicy } from './policy-document.ts';
import type { Ports } from './ports.ts';
import type { ReceiptRule } from './receipt-rule.ts';
import { deleteOldVersions, pointAlias } from './perform-versions.ts';
import { orderTarget } from './rule-order.ts';
import type { StepAction } from './step.ts';
import { sameRules } from './twin-sets.ts';

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
      return settleClone(action.ruleSet, action.rules, ports);
    case 'switchRuleSet':
      return switchOver(action, ports);
    case 'activateRuleSet':
      return activate(action.ruleSet, action.onlyIfNone, ports);
    case 'deactivateRuleSet':
      return deactivate(action.ruleSet, ports);
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
      return orderRules(action.ruleSet, action.order, ports);
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

/** Looks once more before it switches receiving on: another tool may have been faster. */
async function activate(ruleSet: string, onlyIfNone: boolean, { receiptRules }: Ports): Promise<void> {
  if (onlyIfNone) {
    const active = await receiptRules.describeActive();
    if (active?.name === ruleSet) return;
    if (active !== undefined)
      throw new PipelineError({
        class: 'conflict',
        reason: 'OtherRuleSetActive',
        message: `Rule set ${active.name} was made active meanwhile, so ${ruleSet} is not; say ruleSet.activate: Always to switch over`,
      });
  }
  await receiptRules.setActive(ruleSet);
}

/** Nothing but the order may be wrong: anything else means that somebody works on the clone as well. */
async function settleClone(
  ruleSet: string,
  rules: readonly ReceiptRule[],
  { receiptRules }: Pick<Ports, 'receiptRules'>,
): Promise<void> {
  const live = (await receiptRules.describe(ruleSet))?.rules ?? [];
  if (sameRules(live, rules)) return;
  const byName = new Map(live.map((rule) => [rule.name, rule]));
  const inOrder = rules.flatMap(({ name }) => byName.get(name) ?? []);
  if (live.length !== rules.length || !sameRules(inOrder, rules)) throw contested(ruleSet);
  await receiptRules.reorder(
    ruleSet,
    rules.map(({ name }) => name),
  );
}

/**
 * Looks once more at the set in use: what others changed in it since it was cloned would be lost. A clone that is out of
 * date is taken away at once, while it is known to hold nothing of theirs but copies.
 */
async function switchOver(
  { ruleSet, original, rules }: StepAction & { readonly kind: 'switchRuleSet' },
  { receiptRules }: Pick<Ports, 'receiptRules'>,
): Promise<void> {
  const active = await receiptRules.describeActive();
  if (active?.name !== original || !sameRules(active.rules, rules)) {
    if (active?.name !== ruleSet) await receiptRules.deleteSet(ruleSet);
    throw contested(original);
  }
  await receiptRules.setActive(ruleSet);
}

function contested(ruleSet: string): PipelineError {
  return new PipelineError({
    class: 'stale',
    reason: 'ChangedMeanwhile',
    message: `Somebody else changed rule set ${ruleSet} while its clone was being built, so the clone was not made active`,
  });
}

/** Switches receiving off only while this set is the one that is on. */
async function deactivate(ruleSet: string, { receiptRules }: Ports): Promise<void> {
  const active = await receiptRules.describeActive();
  if (active?.name === ruleSet) await receiptRules.setActive(undefined);
}

/** Reads the set right before the Reorder, which fails without effect if a rule came or went in between. */
async function orderRules(ruleSet: string, order: readonly string[], { receiptRules }: Ports): Promise<void> {
  const live = await receiptRules.describe(ruleSet);
  const target = orderTarget(live?.rules ?? [], order);
  switch (target.kind) {
    case 'right':
      return;
    case 'reorder':
      return receiptRules.reorder(ruleSet, target.names);
    case 'blocked':
      throw new PipelineError({
        class: 'conflict',
        reason: 'OrderBlocked',
        message: `The rules of ${ruleSet} are out of order, but moving ${target.ours} would carry it past ${target.foreign}, which is not ours and can stop the same mail`,
      });
  }
}
