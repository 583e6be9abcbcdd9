import type { PipelineIdentity } from './names.ts';
import type { ObservedBucket, ObservedFunction, ObservedLogGroup, ObservedRole } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import { ALIAS, ALIAS_TAG } from './publishing.ts';
import type { Ports } from './ports.ts';

/** A bucket that we did not name; absent also when it cannot be reached. */
export async function observeExistingBucket(
  name: string,
  ports: Ports,
): Promise<{ name: string; live: ObservedBucket | undefined }> {
  const presence = await ports.buckets.head(name);
  return { name, live: presence === 'accessible' ? await observeBucket(name, ports) : undefined };
}

/** A bucket that is there, with all that we set. */
export async function observeBucket(name: string, { buckets }: Ports): Promise<ObservedBucket> {
  const [tags, publicAccessBlock, ownership, encryption, versioning, lifecycle, policy] = await Promise.all([
    buckets.tags(name),
    buckets.publicAccessBlock(name),
    buckets.ownership(name),
    buckets.encryption(name),
    buckets.versioning(name),
    buckets.lifecycle(name),
    buckets.policy(name),
  ]);
  return { name, tags, publicAccessBlock, ownership, encryption, versioning, lifecycle, policy };
}

/** A role with its policies. */
export async function observeRole(name: string, { roles }: Ports): Promise<ObservedRole | undefined> {
  const [role, managedPolicyArns, policyNames] = await Promise.all([
    roles.get(name),
    roles.managedPolicyArns(name),
    roles.inlinePolicyNames(name),
  ]);
  if (role === undefined) return undefined;
  const policies = await Promise.all(
    policyNames.map(async (policy) => [policy, await roles.inlinePolicy(name, policy)] as const),
  );
  const inlinePolicies = Object.fromEntries(
    policies.flatMap(([policy, document]) => (document === undefined ? [] : [[policy, document]])),
  );
  return { ...role, managedPolicyArns, inlinePolicies };
}

/** A function with all that Lambda tells by calls of their own; the tag of its alias is older than the alias. */
export async function observeFunction(name: string, { functions }: Ports): Promise<ObservedFunction | undefined> {
  const [fn, policy, async] = await Promise.all([functions.get(name), functions.policy(name), functions.async(name)]);
  if (fn === undefined) return undefined;
  const observed = { ...fn, policy, async };
  return fn.tags[ALIAS_TAG] === undefined ? observed : { ...observed, alias: await observeAlias(name, functions) };
}

async function observeAlias(name: string, functions: Ports['functions']): Promise<ObservedFunction['alias']> {
  const [version, policy, async] = await Promise.all([
    functions.get(name, ALIAS),
    functions.policy(name, ALIAS),
    functions.async(name, ALIAS),
  ]);
  return version === undefined ? undefined : { ...version, policy, async };
}

/** Our function of the other package type, if it is still there: asked for first, as it hardly ever is. */
export async function observeFormerFunction(
  name: string,
  identity: PipelineIdentity,
  ports: Ports,
): Promise<ObservedFunction | undefined> {
  const found = await ports.functions.get(name);
  if (found === undefined || ownershipOf(found.tags, identity).kind !== 'ours') return undefined;
  return observeFunction(name, ports);
}

/** A log group with its tags. */
export async function observeLogGroup(name: string, { logGroups }: Ports): Promise<ObservedLogGroup | undefined> {
  const group = await logGroups.get(name);
  return group === undefined ? undefined : { ...group, tags: await logGroups.tags(group.arn) };
}
