import { CODE_SOURCE_TAG, type Desired, type DesiredFunction } from './desired.ts';
import { grantedByName } from './existing-rules.ts';
import { functionState } from './function-state.ts';
import { tagDifference } from './function-tags.ts';
import type { ObservedFunction } from './observed.ts';
import { isUnmarked, ownerTags, tagChanges, whyTagged } from './ownership.ts';
import {
  configurationChanges,
  configurationToSend,
  needsRights,
  planBesideConfiguration,
  settingsToTell,
} from './plan-function-settings.ts';
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

/** Ids of steps that have to be done before the function may run: `logReady` are those of its log group. */
export type FunctionNeeds = {
  readonly bucketReady: readonly string[];
  readonly roleReady: RoleReady;
  readonly logReady: readonly string[];
};

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
  { bucketReady, roleReady, logReady }: FunctionNeeds,
  add: AddStep,
): readonly string[] {
  const fn = desired.function;
  const lane = `function ${fn.name}`;
  const { policies } = roleReady;
  const rights = needsRights(fn.configuration) ? policies : [];
  const needs = [...bucketReady, ...roleReady.exists, ...rights, ...logReady];
  if (live === undefined) {
    const created = createFunction(fn, needs, lane, add);
    const active = awaitFunction(fn, [created], lane, add);
    const beside = planBesideConfiguration(fn, { live, lane, needs: [active], policies }, add);
    const grants = wantedGrants(desired, ruleSets).map((grant) => addGrant(fn, grant, [created], lane, add));
    return [active, ...beside, ...grants];
  }

  const marked = markUnmarked(desired, live, lane, add);
  const state = functionState(live);
  const first = [...needs, ...marked];
  let last: readonly string[] = state.kind === 'busy' ? [awaitFunction(fn, first, lane, add)] : first;
  const done: string[] = state.kind === 'busy' ? [...last] : [...marked];
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
  // What has failed for a reason that is gone by now succeeds when it is sent once more.
  const again = state.kind === 'failed' && code === undefined;
  if (changes.length > 0 || again) {
    const updated = add({
      part: 'function',
      lane,
      needs: last,
      why: changes.length > 0 ? 'the configuration differs' : 'Lambda could not carry out the last change',
      action: {
        kind: 'updateFunctionConfiguration',
        fn: fn.name,
        configuration: configurationToSend(fn.configuration, live),
      },
      changes,
    });
    last = [awaitFunction(fn, [updated], lane, add)];
    done.push(updated, ...last);
  }
  done.push(...planBesideConfiguration(fn, { live, lane, needs: last, policies }, add));
  planTags(desired, { live, marked: marked.length > 0, needs: [...last, ...logReady] }, lane, add);
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

function createFunction(fn: DesiredFunction, needs: readonly string[], lane: string, add: AddStep): string {
  if (fn.code.kind === 'existing') throw new Error('a function whose code is kept is there, or an obstacle');
  return add({
    part: 'function',
    lane,
    needs,
    why: 'it does not exist',
    action: {
      kind: 'createFunction',
      fn: { ...fn.configuration, name: fn.name, architecture: fn.architecture, tags: fn.tags },
      code: fn.code,
    },
    changes: settingsToTell(fn.configuration),
  });
}

type Tagged = {
  readonly live: ObservedFunction;
  /** Our marks are put on by a step before. */
  readonly marked: boolean;
  /** One tag says which code runs, another that the log group is ours: they may not come, or go, before that is so. */
  readonly needs: readonly string[];
};

function planTags(
  { function: fn, identity }: Desired,
  { live, marked, needs }: Tagged,
  lane: string,
  add: AddStep,
): void {
  const { put, gone } = tagDifference(fn.tags, marked ? { ...live.tags, ...ownerTags(identity) } : live.tags);
  const about = { part: 'function', lane } as const;
  const untagged =
    gone.length === 0
      ? []
      : [
          add({
            ...about,
            needs,
            why: 'the manifest does not list them any more',
            action: { kind: 'untagFunction', fn: fn.name, arn: live.arn, keys: gone },
            changes: gone.map((key) => ({ field: `tags.${key}`, before: live.tags[key] })),
          }),
        ];
  if (Object.keys(put).length > 0)
    add({
      ...about,
      // The tag that remembers which tags were the user's forgets those that are gone.
      needs: [...needs, ...untagged],
      why: 'tags differ',
      action: { kind: 'tagFunction', fn: fn.name, arn: live.arn, tags: put },
      changes: tagChanges(put, live.tags),
    });
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
