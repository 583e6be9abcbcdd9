import { ROLE_POLICY_NAME, type Desired } from './desired.ts';
import type { ObservedRole } from './observed.ts';
import { missingTags, ownershipConflict, ownershipOf } from './ownership.ts';
import type { AddStep } from './plan-pipeline.ts';
import { samePolicy } from './policy-document.ts';

const ROLE_NOT_OURS = 'To run the function as it, name it as role.existingArn';

/** Ids of steps: after `exists` the role can be given to a function, after `policies` it may do what it must. */
export type RoleReady = { readonly exists: readonly string[]; readonly policies: readonly string[] };

/**
 * The role with its policies. A role of ours is ours as a whole: policies that the manifest does not name are taken off.
 *
 * @throws {PipelineError} `conflict` when a role of this name is not ours
 */
export function planRole(desired: Desired, live: ObservedRole | undefined, add: AddStep): RoleReady {
  const wanted = desired.role;
  if (wanted.kind === 'existing') return { exists: [], policies: [] };
  const { role } = wanted;
  const lane = `role ${role.name}`;
  const exists: string[] = [];
  const policies: string[] = [];

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
    const owner = ownershipOf(live.tags, desired.identity);
    if (owner.kind !== 'ours') throw ownershipConflict(`Role ${role.name}`, owner, ROLE_NOT_OURS);
    if (!samePolicy(live.trust, role.trust))
      exists.push(
        add({
          part: 'role',
          lane,
          needs: [],
          why: 'only Lambda may assume it',
          action: { kind: 'updateRoleTrust', role: role.name, trust: role.trust },
          changes: [{ field: 'trust', before: live.trust, after: role.trust }],
        }),
      );
    if (live.description !== role.description)
      add({
        part: 'role',
        lane,
        needs: [],
        why: 'description differs',
        action: { kind: 'updateRoleDescription', role: role.name, description: role.description },
        changes: [{ field: 'description', before: live.description, after: role.description }],
      });
    const tags = missingTags(role.tags, live.tags);
    if (Object.keys(tags).length > 0)
      add({
        part: 'role',
        lane,
        needs: [],
        why: 'tags differ',
        action: { kind: 'tagRole', role: role.name, tags },
        changes: Object.entries(tags).map(([key, after]) => ({ field: `tags.${key}`, before: live.tags[key], after })),
      });
    policies.push(...planBoundary(role, live, lane, add));
  }

  const current = live?.inlinePolicies[ROLE_POLICY_NAME];
  if (current === undefined || !samePolicy(current, wanted.policy))
    policies.push(
      add({
        part: 'role',
        lane,
        needs: exists,
        why: current === undefined ? 'it is missing' : 'it grants something else',
        action: { kind: 'putRolePolicy', role: role.name, policyName: ROLE_POLICY_NAME, document: wanted.policy },
        changes: [{ field: 'policy', before: current, after: wanted.policy }],
      }),
    );
  for (const policyName of Object.keys(live?.inlinePolicies ?? {}).filter((name) => name !== ROLE_POLICY_NAME))
    add({
      part: 'role',
      lane,
      needs: [],
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
      needs: [],
      why: 'the manifest does not name it',
      action: { kind: 'detachRolePolicy', role: role.name, policyArn },
      changes: [{ field: 'managedPolicyArns', before: policyArn }],
    });
  return { exists, policies: [...exists, ...policies] };
}

function planBoundary(
  role: { name: string; permissionsBoundaryArn: string | undefined },
  live: ObservedRole,
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
          needs: [],
          why: 'the manifest names none',
          action: { kind: 'deleteRoleBoundary', role: role.name },
          changes,
        })
      : add({
          part: 'role',
          lane,
          needs: [],
          why: 'the manifest names another',
          action: { kind: 'putRoleBoundary', role: role.name, policyArn: wanted },
          changes,
        }),
  ];
}
