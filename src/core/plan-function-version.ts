import type { DesiredFunction } from './desired-function.ts';
import type { ObservedFunction } from './observed.ts';
import { ALIAS, ALIAS_TAG, aliasArn, KEPT_VERSIONS, NEWEST } from './publishing.ts';
import type { AddStep } from './step-list.ts';

/**
 * The version that the rules call. What was changed is published as a version, and the alias moves to it; held at one,
 * the alias stays there and nothing is published.
 *
 * @param isBehind whether the alias leads to something else than what the function is once the plan ran
 * @returns ids of the steps after which a rule may name the alias
 */
export function planVersion(
  fn: DesiredFunction,
  live: ObservedFunction | undefined,
  isBehind: boolean,
  needs: readonly string[],
  add: AddStep,
): readonly string[] {
  if (fn.publishing === undefined) return [];
  const { heldAt } = fn.publishing;
  const before = live?.alias?.version;
  const common = { part: 'function', lane: `function ${fn.name}` } as const;
  const point = (version: string, after: readonly string[]): string =>
    add({
      ...common,
      needs: after,
      why: heldAt === undefined ? 'the rules call what was published last' : 'function.version holds it there',
      action: { kind: 'pointAlias', fn: fn.name, alias: ALIAS, version, isNew: before === undefined },
      changes: [{ field: 'version', before, after: version }],
    });
  if (heldAt !== undefined) return before === heldAt ? [] : [point(heldAt, needs)];
  if (!isBehind) return [];
  const published = add({
    ...common,
    needs,
    why: before === undefined ? 'function.publish is true' : 'code or configuration has changed since the last one',
    action: { kind: 'publishVersion', fn: fn.name },
    changes: [],
  });
  const pointed = point(NEWEST, [published]);
  // Numbers are counted from 1, so below that there is nothing to delete.
  if (Number(before) >= KEPT_VERSIONS)
    add({
      ...common,
      needs: [pointed],
      why: `the newest ${KEPT_VERSIONS} versions are kept to go back to`,
      action: { kind: 'deleteOldVersions', fn: fn.name, keep: KEPT_VERSIONS },
      changes: [],
    });
  return [published, pointed];
}

/**
 * Takes the alias away once no rule calls it, and last the tag by which it is found.
 *
 * @param called what the rules invoke once the plan ran
 */
export function planAliasLeft(
  fn: DesiredFunction,
  live: ObservedFunction | undefined,
  called: ReadonlySet<string>,
  needs: readonly string[],
  add: AddStep,
): void {
  if (fn.publishing !== undefined || live?.tags[ALIAS_TAG] === undefined || called.has(aliasArn(live.arn))) return;
  const common = { part: 'function', lane: `function ${fn.name}` } as const;
  const deleted =
    live.alias === undefined
      ? []
      : [
          add({
            ...common,
            needs,
            why: 'function.publish is false, and no rule calls it any more',
            action: { kind: 'deleteAlias', fn: fn.name, alias: ALIAS },
            changes: [{ field: 'alias', before: ALIAS }],
          }),
        ];
  add({
    ...common,
    needs: deleted,
    why: 'there is no alias any more',
    action: { kind: 'untagFunction', fn: fn.name, arn: live.arn, keys: [ALIAS_TAG] },
    changes: [{ field: `tags.${ALIAS_TAG}`, before: ALIAS }],
  });
}
