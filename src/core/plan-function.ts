import { CODE_SOURCE_TAG, type Desired, type DesiredFunction } from './desired.ts';
import { grantedByName } from './existing-rules.ts';
import type { ObservedFunction } from './observed.ts';
import { isUnmarked, missingTags, ownerTags, tagChanges, whyTagged } from './ownership.ts';
import { configurationChanges } from './plan-function-settings.ts';
import type { RoleReady } from './plan-role.ts';
import {
  invokeGrant,
  invokeGrantIdPrefix,
  ruleSetOfArn,
  samePolicy,
  statementsOf,
  type InvokeGrant,
  type Statement,
} from './policy-document.ts';
import type { AddStep } from './step-list.ts';
import type { FieldChange } from './step.ts';

/**
 * The function with SES's permission to invoke it. It waits for the bucket: no bucket, no function.
 *
 * Code and configuration are two updates with a wait in between, since Lambda refuses one while the other is under way.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 *
 * @returns ids of the steps after which a rule may name the function
 */
export function planFunction(
  desired: Desired,
  live: ObservedFunction | undefined,
  ruleSets: readonly string[],
  ready: { readonly bucketReady: readonly string[]; readonly roleReady: RoleReady },
  add: AddStep,
): readonly string[] {
  const fn = desired.function;
  const lane = `function ${fn.name}`;
  const needs = [...ready.bucketReady, ...ready.roleReady.exists];
  if (live === undefined) {
    if (fn.code.kind === 'existing') throw new Error('a function whose code is kept is there, or an obstacle');
    const created = add({
      part: 'function',
      lane,
      needs,
      why: 'it does not exist',
      action: {
        kind: 'createFunction',
        fn: { ...fn.configuration, name: fn.name, architecture: fn.architecture, tags: fn.tags },
        code: fn.code,
      },
      changes: [
        { field: 'runtime', after: fn.configuration.runtime },
        { field: 'handler', after: fn.configuration.handler },
      ],
    });
    const active = awaitFunction(fn, [created], lane, add);
    const grants = wantedGrants(desired, ruleSets).map((grant) => addGrant(fn, grant, [created], lane, add));
    return [active, ...grants];
  }

  const marked = markUnmarked(desired, live, lane, add);
  // An idle function is Inactive; it wakes by itself and can be changed.
  const settled = (live.state === 'Active' || live.state === 'Inactive') && live.lastUpdateStatus !== 'InProgress';
  const first = [...needs, ...marked];
  let last: readonly string[] = settled ? first : [awaitFunction(fn, first, lane, add)];
  const done: string[] = settled ? [...marked] : [...last];
  const code = codeChange(fn, live);
  if (code !== undefined && fn.code.kind !== 'existing') {
    const updated = add({
      part: 'function',
      lane,
      needs: last,
      why: 'the code differs',
      action: { kind: 'updateFunctionCode', fn: fn.name, architecture: fn.architecture, code: fn.code },
      changes: [code],
    });
    last = [awaitFunction(fn, [updated], lane, add)];
    done.push(updated, ...last);
  }
  const changes = configurationChanges(fn.configuration, live);
  if (changes.length > 0) {
    const updated = add({
      part: 'function',
      lane,
      needs: last,
      why: 'the configuration differs',
      action: { kind: 'updateFunctionConfiguration', fn: fn.name, configuration: fn.configuration },
      changes,
    });
    last = [awaitFunction(fn, [updated], lane, add)];
    done.push(updated, ...last);
  }
  const tags = missingTags(fn.tags, marked.length === 0 ? live.tags : { ...live.tags, ...ownerTags(desired.identity) });
  if (Object.keys(tags).length > 0)
    add({
      part: 'function',
      lane,
      // The tag says which code runs, so it may not come before the code.
      needs: last,
      why: 'tags differ',
      action: { kind: 'tagFunction', fn: fn.name, arn: live.arn, tags },
      changes: tagChanges(tags, live.tags),
    });
  const granted = statementsOf(live.policy);
  const grants = wantedGrants(desired, ruleSets)
    .filter((grant) => !granted.some((statement) => samePolicy(statement, grantStatement(grant, live.arn))))
    .flatMap((grant) => {
      // Somebody changed what stands under our id: there is no update, so it goes and comes back.
      const altered = granted.some(({ Sid }) => Sid === grant.statementId);
      const removed = altered ? [removeGrant(fn, grant.statementId, marked, 'it was altered', lane, add)] : [];
      return [addGrant(fn, grant, [...marked, ...removed], lane, add)];
    });
  return [...done, ...grants];
}

/** Makes an unmarked function ours, before any other change of it. */
function markUnmarked(
  { identity, function: fn }: Desired,
  live: ObservedFunction,
  lane: string,
  add: AddStep,
): readonly string[] {
  if (!isUnmarked(live.tags, identity)) return [];
  const tags = ownerTags(identity);
  return [
    add({
      part: 'function',
      lane,
      needs: [],
      why: whyTagged(live.tags, identity),
      action: { kind: 'tagFunction', fn: fn.name, arn: live.arn, tags },
      changes: tagChanges(tags, live.tags),
    }),
  ];
}

/** Ids of permissions of this pipeline that none of the sets needs. */
export function leftoverPermissions(
  desired: Desired,
  live: ObservedFunction | undefined,
  ruleSets: readonly string[],
): readonly string[] {
  const wanted = new Set(wantedGrants(desired, ruleSets).map((grant) => grant.statementId));
  const own = invokeGrantIdPrefix(desired.identity);
  return statementsOf(live?.policy).flatMap(({ Sid }) =>
    Sid?.startsWith(own) === true && !wanted.has(Sid) ? [Sid] : [],
  );
}

/** The sets that a live function is granted to: where rules of ours may still stand. */
export function grantedRuleSets(live: ObservedFunction | undefined, statementIdPrefix: string): readonly string[] {
  return statementsOf(live?.policy)
    .filter(({ Sid }) => Sid?.startsWith(statementIdPrefix) === true)
    .flatMap((statement) => ruleSetOfArn(JSON.stringify(statement['Condition'] ?? '')) ?? []);
}

export function removeGrant(
  fn: DesiredFunction,
  statementId: string,
  needs: readonly string[],
  why: string,
  lane: string,
  add: AddStep,
): string {
  return add({
    part: 'permission',
    lane,
    needs,
    why,
    action: { kind: 'removePermission', fn: fn.name, statementId },
    changes: [{ field: 'statementId', before: statementId }],
  });
}

function addGrant(
  fn: DesiredFunction,
  grant: InvokeGrant,
  needs: readonly string[],
  lane: string,
  add: AddStep,
): string {
  return add({
    part: 'permission',
    lane,
    needs,
    why: 'SES must be allowed to invoke the function for our rules',
    action: { kind: 'addPermission', fn: fn.name, grant },
    changes: [{ field: 'sourceArn', after: grant.sourceArn }],
  });
}

function awaitFunction(fn: DesiredFunction, needs: readonly string[], lane: string, add: AddStep): string {
  return add({
    part: 'function',
    lane,
    needs,
    why: 'it is busy with its last change',
    action: { kind: 'awaitFunction', fn: fn.name },
    changes: [],
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

function codeChange(fn: DesiredFunction, live: ObservedFunction): FieldChange | undefined {
  if (fn.code.kind === 'existing') return undefined;
  if (live.architecture !== fn.architecture)
    return { field: 'architecture', before: live.architecture, after: fn.architecture };
  if (fn.code.kind === 'zip')
    return live.codeSha256 === fn.code.sha256
      ? undefined
      : { field: 'codeSha256', before: live.codeSha256, after: fn.code.sha256 };
  if (live.tags[CODE_SOURCE_TAG] === fn.tags[CODE_SOURCE_TAG]) return undefined;
  return { field: 'code', after: `s3://${fn.code.bucket}/${fn.code.key}` };
}
