import { CODE_SOURCE_TAG, type DesiredFunction } from './desired-function.ts';
import type { Desired } from './desired.ts';
import { functionState } from './function-state.ts';
import { tagDifference } from './function-tags.ts';
import { isImage } from './image-uri.ts';
import type { ObservedFunction } from './observed.ts';
import { isUnmarked, ownerTags, tagChanges, whyTagged } from './ownership.ts';
import {
  configurationChanges,
  configurationToSend,
  needsRights,
  planBesideConfiguration,
  settingsToTell,
} from './plan-function-settings.ts';
import { planVersion } from './plan-function-version.ts';
import { planInvokeGrants } from './plan-invoke-grants.ts';
import type { RoleReady } from './plan-role.ts';
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
    const alias = planVersion(fn, undefined, true, [active], add);
    const beside = planBesideConfiguration(fn, { live, lane, needs: [active, ...alias], policies }, add);
    const grants = planInvokeGrants(desired, undefined, ruleSets, [created, ...alias], add);
    return [active, ...alias, ...beside, ...grants];
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
      needs: [...last, ...forgetSource(fn, live, last, lane, add)],
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
  const tagged = planTags(desired, { live, marked: marked.length > 0, needs: [...last, ...logReady] }, lane, add);
  const isBehind = code !== undefined || changes.length > 0 || !isPublished(fn, live);
  const alias = planVersion(fn, live, isBehind, [...last, ...tagged], add);
  done.push(...alias, ...planBesideConfiguration(fn, { live, lane, needs: [...last, ...alias], policies }, add));
  const grants = planInvokeGrants(desired, live, ruleSets, [...marked, ...alias], add);
  return [...done, ...grants];
}

/** What the tag says is no longer so with the next code, and would be believed if the manifest went back to S3. */
function forgetSource(
  fn: DesiredFunction,
  live: ObservedFunction,
  needs: readonly string[],
  lane: string,
  add: AddStep,
): readonly string[] {
  if (fn.code.kind === 's3' || live.tags[CODE_SOURCE_TAG] === undefined) return [];
  return [
    add({
      part: 'function',
      lane,
      needs,
      why: 'its code comes from elsewhere now',
      action: { kind: 'untagFunction', fn: fn.name, arn: live.arn, keys: [CODE_SOURCE_TAG] },
      changes: [{ field: `tags.${CODE_SOURCE_TAG}`, before: live.tags[CODE_SOURCE_TAG] }],
    }),
  ];
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
      fn: {
        ...fn.configuration,
        name: fn.name,
        architecture: fn.architecture,
        packageType: fn.packageType,
        tags: fn.tags,
      },
      code: fn.code,
    },
    changes: [
      ...(fn.code.kind === 'image' ? [{ field: 'imageUri', after: fn.code.uri }] : []),
      ...settingsToTell(fn.configuration),
    ],
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
): readonly string[] {
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
  if (Object.keys(put).length === 0) return untagged;
  return [
    ...untagged,
    add({
      ...about,
      // The tag that remembers which tags were the user's forgets those that are gone.
      needs: [...needs, ...untagged],
      why: 'tags differ',
      action: { kind: 'tagFunction', fn: fn.name, arn: live.arn, tags: put },
      changes: tagChanges(put, live.tags),
    }),
  ];
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

function codeChange(fn: DesiredFunction, live: ObservedFunction): FieldChange | undefined {
  if (fn.code.kind === 'existing') return undefined;
  if (live.architecture !== fn.architecture)
    return { field: 'architecture', before: live.architecture, after: fn.architecture };
  if (fn.code.kind === 'zip')
    return live.codeSha256 === fn.code.sha256
      ? undefined
      : { field: 'codeSha256', before: live.codeSha256, after: fn.code.sha256 };
  if (fn.code.kind === 'image')
    return isImage(fn.code.uri, live.image)
      ? undefined
      : { field: 'imageUri', before: live.image?.uri, after: fn.code.uri };
  if (live.tags[CODE_SOURCE_TAG] === fn.tags[CODE_SOURCE_TAG]) return undefined;
  return { field: 'code', after: `s3://${fn.code.bucket}/${fn.code.key}` };
}

/** Whether the alias leads to a version of the code that the function has, with the configuration that it should have. */
function isPublished(fn: DesiredFunction, { alias, ...latest }: ObservedFunction): boolean {
  return (
    alias !== undefined &&
    alias.version !== latest.version &&
    alias.codeSha256 === latest.codeSha256 &&
    alias.architecture === latest.architecture &&
    configurationChanges(fn.configuration, alias).length === 0
  );
}
