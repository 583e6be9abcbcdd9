import type { DesiredLogGroup } from './desired-settings.ts';
import type { DesiredFunction } from './desired-function.ts';
import { tagDifference } from './function-tags.ts';
import type { PipelineIdentity } from './names.ts';
import type { ObservedLogGroup } from './observed.ts';
import { ownershipOf, tagChanges, whyTagged } from './ownership.ts';
import type { AddStep } from './step-list.ts';

/**
 * The log group of the function, made before it: a group that Lambda makes at the first run bears no tags and keeps
 * everything. One that Lambda made already becomes ours; its name is that of our function.
 *
 * @returns ids of the steps after which the function may write into it
 */
export function planLogGroup(
  { logGroup: wanted }: DesiredFunction,
  live: ObservedLogGroup | undefined,
  identity: PipelineIdentity,
  add: AddStep,
): readonly string[] {
  if (wanted === undefined) return giveBackLogGroup(live, identity, add);
  const lane = `log group ${wanted.name}`;
  if (live === undefined) {
    const created = add({
      part: 'function',
      lane,
      needs: [],
      why: 'it does not exist',
      action: { kind: 'createLogGroup', logGroup: wanted.name, tags: wanted.tags },
      changes: [{ field: 'logGroup', after: wanted.name }],
    });
    return [created, putRetention(wanted, undefined, [created], lane, add)];
  }
  const marked = tagLogGroup(wanted, live, identity, lane, add);
  return live.retentionDays === wanted.retentionDays
    ? marked
    : [...marked, putRetention(wanted, live.retentionDays, marked, lane, add)];
}

function putRetention(
  { name, retentionDays }: DesiredLogGroup,
  before: number | undefined,
  needs: readonly string[],
  lane: string,
  add: AddStep,
): string {
  return add({
    part: 'function',
    lane,
    needs,
    why: 'the manifest says how long the log is kept',
    action: { kind: 'putLogRetention', logGroup: name, retentionDays },
    changes: [{ field: 'logRetentionDays', before, after: retentionDays }],
  });
}

function tagLogGroup(
  wanted: DesiredLogGroup,
  live: ObservedLogGroup,
  identity: PipelineIdentity,
  lane: string,
  add: AddStep,
): readonly string[] {
  const { put, gone } = tagDifference(wanted.tags, live.tags);
  const about = { logGroup: live.name, arn: live.arn };
  const untagged =
    gone.length === 0
      ? []
      : [
          add({
            part: 'function',
            lane,
            needs: [],
            why: 'the manifest does not list them any more',
            action: { kind: 'untagLogGroup', ...about, keys: gone },
            changes: gone.map((key) => ({ field: `tags.${key}`, before: live.tags[key] })),
          }),
        ];
  if (Object.keys(put).length === 0) return untagged;
  const tagged = add({
    part: 'function',
    lane,
    needs: untagged,
    why: whyTagged(live.tags, identity),
    action: { kind: 'tagLogGroup', ...about, tags: put },
    changes: tagChanges(put, live.tags),
  });
  return [...untagged, tagged];
}

/** The manifest says nothing about the log any more: what is in it is kept, as Lambda would. The lines stay. */
function giveBackLogGroup(live: ObservedLogGroup | undefined, identity: PipelineIdentity, add: AddStep): string[] {
  if (live?.retentionDays === undefined || ownershipOf(live.tags, identity).kind !== 'ours') return [];
  return [
    add({
      part: 'function',
      lane: `log group ${live.name}`,
      needs: [],
      why: 'no retention is asked for',
      action: { kind: 'deleteLogRetention', logGroup: live.name },
      changes: [{ field: 'logRetentionDays', before: live.retentionDays }],
    }),
  ];
}
