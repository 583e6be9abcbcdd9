import { API_GROUP } from './api-group.ts';
import type { ManifestSpec } from './manifest.ts';

/** The alias that rules call instead of the function itself. */
export const ALIAS = 'live';

export const aliasArn = (functionArn: string): string => `${functionArn}:${ALIAS}`;

/** On a function of ours from before its alias is made until after it is deleted: only then is an alias looked for. */
export const ALIAS_TAG = `${API_GROUP}/alias`;

/** How many versions are kept to go back to, beside those that an alias leads to. */
export const KEPT_VERSIONS = 10;

/** What stands for a number until it is known: the version that was published last. */
export const NEWEST = 'newest';

/** The alias follows the newest version, or is held at one. */
export type Publishing = { readonly heldAt: string | undefined };

export const publishingOf = ({ publish, version }: ManifestSpec['function']): Publishing | undefined =>
  publish ? { heldAt: version } : undefined;
