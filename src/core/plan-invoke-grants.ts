import type { Desired } from './desired.ts';
import type { DesiredFunction } from './desired-function.ts';
import { grantedByName } from './existing-rules.ts';
import type { ObservedFunction } from './observed.ts';
import {
  invokeGrant,
  invokeGrantIdPrefix,
  ruleSetOfArn,
  samePolicy,
  statementsOf,
  type InvokeGrant,
  type PolicyDocument,
  type Statement,
} from './policy-document.ts';
import { ALIAS, aliasArn } from './publishing.ts';
import type { AddStep } from './step-list.ts';

/**
 * SES's permission to invoke what the rules call: the function, or its alias, which has a policy of its own.
 *
 * @param ruleSets the sets that hold rules of the pipeline once the plan ran
 * @returns ids of the steps after which a rule may name the function
 */
export function planInvokeGrants(
  desired: Desired,
  live: ObservedFunction | undefined,
  ruleSets: readonly string[],
  needs: readonly string[],
  add: AddStep,
): readonly string[] {
  const fn = desired.function;
  const { qualifier, arn } = calledBy(fn);
  const granted = statementsOf(qualifier === undefined ? live?.policy : live?.alias?.policy);
  return wantedGrants(desired, ruleSets)
    .filter((grant) => !granted.some((statement) => samePolicy(statement, grantStatement(grant, arn))))
    .flatMap((grant) => {
      // Somebody changed what stands under our id: there is no update, so it goes and comes back.
      const altered = granted.some(({ Sid }) => Sid === grant.statementId);
      const statement = { statementId: grant.statementId, qualifier };
      const removed = altered ? [removeGrant(fn, statement, needs, 'it was altered', add)] : [];
      return [addGrant(fn, grant, qualifier, [...needs, ...removed], add)];
    });
}

/** What the rules name, and under which qualifier its policy is. */
const calledBy = ({ arn, publishing }: DesiredFunction) =>
  publishing === undefined ? { qualifier: undefined, arn } : { qualifier: ALIAS, arn: aliasArn(arn) };

/** A statement in the policy of a function, or of one of its aliases. */
export type GrantOf = { readonly statementId: string; readonly qualifier: string | undefined };

/**
 * Permissions of this pipeline that nothing needs: neither one of its sets, nor a rule that still calls the function
 * itself where the others call the alias, or the other way round.
 *
 * @param called what the rules invoke once the plan ran
 */
export function leftoverPermissions(
  desired: Desired,
  live: ObservedFunction | undefined,
  ruleSets: readonly string[],
  called: ReadonlySet<string>,
): readonly GrantOf[] {
  if (live === undefined) return [];
  const wanted = new Set(wantedGrants(desired, ruleSets).map((grant) => grant.statementId));
  const own = invokeGrantIdPrefix(desired.identity);
  const { qualifier: current } = calledBy(desired.function);
  const leftIn = (policy: PolicyDocument | undefined, arn: string, qualifier: string | undefined): GrantOf[] => {
    const isNeeded = qualifier === current || called.has(arn);
    return statementsOf(policy).flatMap(({ Sid }) =>
      Sid?.startsWith(own) === true && !(isNeeded && wanted.has(Sid)) ? [{ statementId: Sid, qualifier }] : [],
    );
  };
  // An alias that nobody calls goes as a whole, and its policy with it.
  const ofAlias = current === ALIAS ? leftIn(live.alias?.policy, aliasArn(live.arn), ALIAS) : [];
  return [...leftIn(live.policy, live.arn, undefined), ...ofAlias];
}

/** The sets that a live function, or its alias, is granted to: where rules of ours may still stand. */
export function grantedRuleSets(live: ObservedFunction | undefined, statementIdPrefix: string): readonly string[] {
  return [live?.policy, live?.alias?.policy]
    .flatMap(statementsOf)
    .filter(({ Sid }) => Sid?.startsWith(statementIdPrefix) === true)
    .flatMap((statement) => ruleSetOfArn(JSON.stringify(statement['Condition'] ?? '')) ?? []);
}

export function removeGrant(
  fn: DesiredFunction,
  { statementId, qualifier }: GrantOf,
  needs: readonly string[],
  why: string,
  add: AddStep,
): string {
  return add({
    part: 'permission',
    lane: `function ${fn.name}`,
    needs,
    why,
    action: { kind: 'removePermission', fn: fn.name, statementId, ...(qualifier && { qualifier }) },
    changes: [{ field: 'statementId', before: statementId }],
  });
}

function addGrant(
  fn: DesiredFunction,
  grant: InvokeGrant,
  qualifier: string | undefined,
  needs: readonly string[],
  add: AddStep,
): string {
  return add({
    part: 'permission',
    lane: `function ${fn.name}`,
    needs,
    why: 'SES must be allowed to invoke the function for our rules',
    action: { kind: 'addPermission', fn: fn.name, grant, ...(qualifier && { qualifier }) },
    changes: [{ field: 'sourceArn', after: grant.sourceArn }],
  });
}

const wantedGrants = (desired: Desired, ruleSets: readonly string[]): readonly InvokeGrant[] => [
  ...ruleSets.map((ruleSet) => invokeGrant(desired.identity, ruleSet)),
  ...grantedByName(desired, ruleSets).map(({ ruleSet, name }) => invokeGrant(desired.identity, ruleSet, name)),
];

/** How Lambda writes a grant into the resource policy. */
function grantStatement(grant: InvokeGrant, resource: string): Statement {
  return {
    Sid: grant.statementId,
    Effect: 'Allow',
    Principal: { Service: grant.principal },
    Action: grant.action,
    Resource: resource,
    Condition: {
      StringEquals: { 'AWS:SourceAccount': grant.sourceAccount },
      ArnLike: { 'AWS:SourceArn': grant.sourceArn },
    },
  };
}
