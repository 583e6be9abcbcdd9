import { ROLE_POLICY_NAME } from './desired-role.ts';
import type { Desired } from './desired.ts';
import type { ObservedRole } from './observed.ts';
import { isUnmarked, missingTags, tagChanges, whyTagged } from './ownership.ts';
import { samePolicy } from './policy-document.ts';
import { withRightsInUse } from './role-rights.ts';
import type { AddStep } from './step-list.ts';

/** Ids of steps: after `exists` the role can be given to a function, after `policies` it may do what it must. */
export type RoleReady = { readonly exists: readonly string[]; readonly policies: readonly string[] };

/**
 * The role with its policies. A role of ours is ours as a whole: policies that the manifest does not name are taken off.
 */
export function planRole(desired: Desired, live: ObservedRole | undefined, add: AddStep): RoleReady {
  const wanted = desired.role;
  if (wanted.kind === 'existing') return { exists: [], policies: [] };
  const { role } = wanted;
  const lane = `role ${role.name}`;
  const exists: string[] = [];
  const policies: string[] = [];
  /** What makes an unmarked role ours comes before any other change of it. */
  const marked: string[] = [];

  if (live === undefined) {
    exists.push(
      add({
        part: 'role',
        lane,
        needs: [],
        why: 'it does not exist',
        action: { kind: 'createRole', role },
        changes: [{ field: 'path', after: role.path }],
      }),
    );
  } else {
    const tags = missingTags(role.tags, live.tags);
    if (Object.keys(tags).length > 0) {
      const tagged = add({
        part: 'role',
        lane,
        needs: [],
        why: whyTagged(live.tags, desired.identity),
        action: { kind: 'tagRole', role: role.name, tags },
        changes: tagChanges(tags, live.tags),
      });
      if (isUnmarked(live.tags, desired.identity)) marked.push(tagged);
    }
    exists.push(...marked);
    if (!samePolicy(live.trust, role.trust))
      exists.push(
        add({
          part: 'role',
          lane,
          needs: marked,
          why: 'only Lambda may assume it',
          action: { kind: 'updateRoleTrust', role: role.name, trust: role.trust },
          changes: [{ field: 'trust', before: live.trust, after: role.trust }],
        }),
      );
    if (live.description !== role.description)
      add({
        part: 'role',
        lane,
        needs: marked,
        why: 'description differs',
        action: { kind: 'updateRoleDescription', role: role.name, description: role.description },
        changes: [{ field: 'description', before: live.description, after: role.description }],
      });
    policies.push(...planBoundary(role, live, marked, lane, add));
  }

  const current = live?.inlinePolicies[ROLE_POLICY_NAME];
  const document = withRightsInUse(wanted.policy, current);
  if (current === undefined || !samePolicy(current, document))
    policies.push(
      add({
        part: 'role',
        lane,
        needs: exists,
        why: current === undefined ? 'it is missing' : 'it grants something else',
        action: { kind: 'putRolePolicy', role: role.name, policyName: ROLE_POLICY_NAME, document },
        changes: [{ field: 'policy', before: current, after: document }],
      }),
    );
  for (const policyName of Object.keys(live?.inlinePolicies ?? {}).filter((name) => name !== ROLE_POLICY_NAME))
    add({
      part: 'role',
      lane,
      needs: marked,
      why: 'the manifest does not name it',
      action: { kind: 'deleteRolePolicy', role: role.name, policyName },
      changes: [{ field: `policies.${policyName}`, before: 'attached' }],
    });
  const attached = live?.managedPolicyArns ?? [];
  for (const policyArn of wanted.managedPolicyArns.filter((arn) => !attached.includes(arn)))
    policies.push(
      add({
        part: 'role',
        lane,
        needs: exists,
        why: 'the manifest names it',
        action: { kind: 'attachRolePolicy', role: role.name, policyArn },
        changes: [{ field: 'managedPolicyArns', after: policyArn }],
      }),
    );
  for (const policyArn of attached.filter((arn) => !wanted.managedPolicyArns.includes(arn)))
    add({
      part: 'role',
      lane,
      needs: marked,
      why: 'the manifest does not name it',
      action: { kind: 'detachRolePolicy', role: role.name, policyArn },
      changes: [{ field: 'managedPolicyArns', before: policyArn }],
    });
  return { exists, policies: [...exists, ...policies] };
}

/** Takes off the role what the function's settings needed before they changed. @param needs the change is done */
export function narrowRole(
  { role: wanted }: Desired,
  live: ObservedRole | undefined,
  needs: readonly string[],
  add: AddStep,
): void {
  const current = live?.inlinePolicies[ROLE_POLICY_NAME];
  if (wanted.kind === 'existing' || current === undefined) return;
  const before = withRightsInUse(wanted.policy, current);
  if (before === wanted.policy) return;
  add({
    part: 'role',
    lane: `role ${wanted.role.name}`,
    needs,
    why: "the function's settings do not need it any more",
    action: {
      kind: 'putRolePolicy',
      role: wanted.role.name,
      policyName: ROLE_POLICY_NAME,
      document: wanted.policy,
    },
    changes: [{ field: 'policy', before, after: wanted.policy }],
  });
}

function planBoundary(
  role: { name: string; permissionsBoundaryArn: string | undefined },
  live: ObservedRole,
  marked: readonly string[],
  lane: string,
  add: AddStep,
): string[] {
  const wanted = role.permissionsBoundaryArn;
  const before = live.permissionsBoundaryArn;
  if (wanted === before) return [];
  const changes = [{ field: 'permissionsBoundaryArn', before, after: wanted }];
  return [
    wanted === undefined
      ? add({
          part: 'role',
          lane,
          needs: marked,
          why: 'none is asked for',
          action: { kind: 'deleteRoleBoundary', role: role.name },
          changes,
        })
      : add({
          part: 'role',
          lane,
          needs: marked,
          why: 'another is asked for',
          action: { kind: 'putRoleBoundary', role: role.name, policyArn: wanted },
          changes,
        }),
  ];
}
