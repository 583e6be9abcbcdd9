import { PipelineError } from './fault.ts';
import { API_GROUP } from './manifest.ts';
import type { PipelineIdentity } from './names.ts';
import type { Tags } from './observed.ts';

/** Tags that mark what a pipeline owns; they are part of the create call. */
export function ownerTags(identity: PipelineIdentity): Tags {
  return {
    [`${API_GROUP}/installation`]: identity.installation,
    [`${API_GROUP}/namespace`]: identity.namespace,
    [`${API_GROUP}/name`]: identity.name,
  };
}

/** `none`: no mark at all, so it was made by hand or by another tool. */
export type Ownership =
  | { readonly kind: 'ours' }
  | { readonly kind: 'none' }
  | { readonly kind: 'other'; readonly owner: string };

export function ownershipOf(tags: Tags, identity: PipelineIdentity): Ownership {
  const marks = Object.entries(ownerTags(identity));
  if (marks.every(([key, value]) => tags[key] === value)) return { kind: 'ours' };
  const found = marks.map(([key]) => tags[key]);
  if (found.every((value) => value === undefined)) return { kind: 'none' };
  const [installation = '?', namespace = '?', name = '?'] = found;
  return { kind: 'other', owner: `pipeline ${namespace}/${name} of installation ${installation}` };
}

/** The tags that `wanted` says and `live` does not; tags of others are left alone. */
export function missingTags(wanted: Tags, live: Tags): Tags {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => live[key] !== value));
}

/**
 * Why something is left untouched that bears a name of ours and not our mark.
 *
 * @param thing what it is, with its name: `Bucket abc`
 * @param advice a sentence that says what to do, without its full stop
 */
export function ownershipConflict(thing: string, owner: Ownership, advice: string): PipelineError {
  const who = owner.kind === 'other' ? `belongs to ${owner.owner}` : 'was not made by ses-lambda-pipeline';
  return new PipelineError({
    class: 'conflict',
    reason: 'OwnershipConflict',
    message: `${thing} ${who}; it is left untouched. ${advice}`,
  });
}
