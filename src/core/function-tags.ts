import { API_GROUP } from './api-group.ts';
import { hex } from './names.ts';
import type { Tags } from './observed.ts';
import { missingTags } from './ownership.ts';

/** Remembers which tags were the user's: a tag that leaves the manifest is told from one that somebody else put there. */
const USER_KEYS_TAG = `${API_GROUP}/tag-keys`;
/** Remembers that the log group is ours, so that it is looked at after the manifest stopped asking for it. */
export const LOG_GROUP_TAG = `${API_GROUP}/log-group`;

const DIGEST_LENGTH = 8;
const digestOf = (key: string): string => hex([key]).slice(0, DIGEST_LENGTH);

/** The user's tags and what remembers them: 32 keys fill the 256 characters that a value may have. */
export function userTags(tags: Tags): Tags {
  const keys = Object.keys(tags);
  return keys.length === 0 ? {} : { ...tags, [USER_KEYS_TAG]: keys.map(digestOf).sort().join('') };
}

export type TagDifference = { readonly put: Tags; readonly gone: readonly string[] };

/** What to write and what to take off, of our own and of what the manifest once listed; tags of others stay. */
export function tagDifference(wanted: Tags, live: Tags): TagDifference {
  const remembered = new Set((live[USER_KEYS_TAG] ?? '').match(new RegExp(`.{${DIGEST_LENGTH}}`, 'g')));
  const wasOurs = (key: string): boolean =>
    key === USER_KEYS_TAG || key === LOG_GROUP_TAG || remembered.has(digestOf(key));
  return {
    put: missingTags(wanted, live),
    gone: Object.keys(live)
      .filter((key) => wanted[key] === undefined && wasOurs(key))
      .sort(),
  };
}
