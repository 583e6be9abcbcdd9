import type { ObservedBucket, ObservedFunction, ObservedLogGroup, ObservedRole } from './observed.ts';
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

/** A function with all that Lambda tells by calls of their own. */
export async function observeFunction(name: string, { functions }: Ports): Promise<ObservedFunction | undefined> {
  const [fn, policy, async] = await Promise.all([functions.get(name), functions.policy(name), functions.async(name)]);
  return fn === undefined ? undefined : { ...fn, policy, async };
}

/** A log group with its tags. */
export async function observeLogGroup(name: string, { logGroups }: Ports): Promise<ObservedLogGroup | undefined> {
  const group = await logGroups.get(name);
  return group === undefined ? undefined : { ...group, tags: await logGroups.tags(group.arn) };
}
