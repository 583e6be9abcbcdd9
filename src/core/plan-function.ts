import { CODE_SOURCE_TAG, type Desired, type DesiredFunction } from './desired.ts';
import { isImage } from './image-uri.ts';
import type { ObservedFunction } from './observed.ts';
import { isUnmarked, missingTags, ownerTags, tagChanges, whyTagged } from './ownership.ts';
import { planVersion } from './plan-function-version.ts';
import { planInvokeGrants } from './plan-invoke-grants.ts';
import type { RoleReady } from './plan-role.ts';
import type { FunctionConfiguration } from './ports.ts';
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
        fn: {
          ...fn.configuration,
          name: fn.name,
          architecture: fn.architecture,
          packageType: fn.packageType,
          tags: fn.tags,
        },
        code: fn.code,
      },
      changes:
        fn.code.kind === 'image'
          ? [{ field: 'imageUri', after: fn.code.uri }]
          : [
              { field: 'runtime', after: fn.configuration.runtime },
              { field: 'handler', after: fn.configuration.handler },
            ],
    });
    const active = awaitFunction(fn, [created], lane, add);
    const alias = planVersion(fn, undefined, true, [active], add);
    const grants = planInvokeGrants(desired, undefined, ruleSets, [created, ...alias], add);
    return [active, ...alias, ...grants];
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
      needs: [...last, ...forgetSource(fn, live, last, lane, add)],
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
  const tagged =
    Object.keys(tags).length === 0
      ? []
      : [
          add({
            part: 'function',
            lane,
            // The tag says which code runs, so it may not come before the code.
            needs: last,
            why: 'tags differ',
            action: { kind: 'tagFunction', fn: fn.name, arn: live.arn, tags },
            changes: tagChanges(tags, live.tags),
          }),
        ];
  const isBehind = code !== undefined || changes.length > 0 || !isPublished(fn, live);
  const alias = planVersion(fn, live, isBehind, [...last, ...tagged], add);
  const grants = planInvokeGrants(desired, live, ruleSets, [...marked, ...alias], add);
  return [...done, ...alias, ...grants];
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

/** Values of the environment are not shown: they may be secrets. */
function configurationChanges(wanted: FunctionConfiguration, live: Omit<ObservedFunction, 'alias'>): FieldChange[] {
  const fields = ['runtime', 'handler', 'memorySize', 'timeout', 'description', 'roleArn'] as const;
  const changes = fields.flatMap((field): FieldChange[] =>
    wanted[field] === live[field] ? [] : [{ field, before: live[field], after: wanted[field] }],
  );
  const names = [...new Set([...Object.keys(wanted.environment), ...Object.keys(live.environment)])].sort();
  for (const name of names) {
    const before = live.environment[name];
    const after = wanted.environment[name];
    if (before === after) continue;
    const field = `environment.${name}`;
    if (before === undefined) changes.push({ field, after: '(set)' });
    else if (after === undefined) changes.push({ field, before: '(set)' });
    else changes.push({ field, before: '(set)', after: '(changed)' });
  }
  return changes;
}
