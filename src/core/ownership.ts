import { API_GROUP } from './api-group.ts';
import type { PipelineIdentity } from './names.ts';
import type { Tags } from './observed.ts';
import type { FieldChange } from './step.ts';

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

/** Whether it bears nobody's mark: only with leave to adopt does a plan get as far as to mark it. */
export const isUnmarked = (tags: Tags, identity: PipelineIdentity): boolean =>
  ownershipOf(tags, identity).kind === 'none';

/** Why the tags of something are written. */
export const whyTagged = (tags: Tags, identity: PipelineIdentity): string =>
  isUnmarked(tags, identity) ? 'it is adopted: it has our name and bears nobody’s mark' : 'tags differ';

export type Mark = Pick<PipelineIdentity, 'installation' | 'namespace' | 'name'>;

/** Who marked it, whoever it is; undefined: nobody did, or not wholly. */
export function markIn(tags: Tags): Mark | undefined {
  const [installation, namespace, name] = ['installation', 'namespace', 'name'].map(
    (key) => tags[`${API_GROUP}/${key}`],
  );
  if (installation === undefined || namespace === undefined || name === undefined) return undefined;
  return { installation, namespace, name };
}

/** The tags that `wanted` says and `live` does not; tags of others are left alone. */
export function missingTags(wanted: Tags, live: Tags): Tags {
  return Object.fromEntries(Object.entries(wanted).filter(([key, value]) => live[key] !== value));
}

export const tagChanges = (tags: Tags, live: Tags): FieldChange[] =>
  Object.entries(tags).map(([key, after]) => ({ field: `tags.${key}`, before: live[key], after }));
