import type { Principal } from './service.ts';

/** The tags of a caller's session as condition keys, in lower case. */
export function principalTags(principal: Principal): Readonly<Record<string, string>> {
  if (principal.kind !== 'role') return {};
  const tags = Object.entries(principal.sessionTags ?? {});
  return Object.fromEntries(tags.map(([key, value]) => [`aws:principaltag/${key.toLowerCase()}`, value]));
}
