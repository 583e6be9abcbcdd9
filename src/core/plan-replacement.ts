import { ROLE_POLICY_NAME } from './desired-role.ts';
import type { Desired } from './desired.ts';
import { withoutQualifier } from './names.ts';
import type { ObservedPipeline } from './observed.ts';
import { withLogOf } from './policy-document.ts';
import type { AddStep } from './step-list.ts';

/**
 * What is wanted while a function of the other package type is still there: until its last mail it writes its own log.
 */
export function besideFormer(desired: Desired, { formerFunction }: ObservedPipeline): Desired {
  const { role, identity } = desired;
  if (formerFunction === undefined || role.kind === 'existing') return desired;
  return { ...desired, role: { ...role, policy: withLogOf(role.policy, identity, formerFunction.name) } };
}

/**
 * Deletes the function that was replaced once no rule calls it: it is the very last to go, so that at every moment each
 * rule calls a function that may be invoked.
 *
 * @param called what the rules invoke once the plan ran; also those of a set that is kept to go back to
 */
export function planFormerLeft(
  desired: Desired,
  { formerFunction }: ObservedPipeline,
  called: ReadonlySet<string>,
  needs: readonly string[],
  add: AddStep,
): void {
  if (formerFunction === undefined) return;
  if ([...called].some((arn) => withoutQualifier(arn) === formerFunction.arn)) return;
  const deleted = add({
    part: 'function',
    lane: `function ${formerFunction.name}`,
    needs,
    why: `it is made of a ${formerFunction.packageType}, which Lambda cannot change, and no rule calls it any more`,
    action: { kind: 'deleteFunction', fn: formerFunction.name, replacedBy: desired.function.name },
    changes: [{ field: 'packageType', before: formerFunction.packageType, after: desired.function.packageType }],
  });
  if (desired.role.kind === 'existing') return;
  const { role, policy } = desired.role;
  add({
    part: 'role',
    lane: `role ${role.name}`,
    needs: [deleted],
    why: 'the function that was replaced writes no log any more',
    action: { kind: 'putRolePolicy', role: role.name, policyName: ROLE_POLICY_NAME, document: policy },
    changes: [{ field: 'policy', after: policy }],
  });
}
