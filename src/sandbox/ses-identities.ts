import { domainOf } from './ses-recipient.ts';

/** Verified identities of one region. */
export type Identities = ReturnType<typeof createIdentities>;

/**
 * Nobody can prove a domain to a sandbox: an identity is verified as soon as it is asked for. Without `verifiedDomains`
 * every domain counts as verified; with them, these and the identities added through the API, subdomains included.
 */
export function createIdentities(verifiedDomains: readonly string[] | undefined) {
  const identities = new Set<string>(verifiedDomains?.map((domain) => domain.toLowerCase()));
  const isVerified = (identity: string): boolean => {
    const wanted = identity.toLowerCase();
    if (verifiedDomains === undefined || identities.has(wanted)) return true;
    const domain = domainOf(wanted) ?? wanted;
    return [...identities].some((known) => domain === known || domain.endsWith(`.${known}`));
  };
  return {
    add: (identity: string): void => {
      identities.add(identity.toLowerCase());
    },
    remove: (identity: string): void => {
      identities.delete(identity.toLowerCase());
    },
    list: (type: string | undefined): string[] =>
      [...identities].filter((identity) => type === undefined || (type === 'EmailAddress') === identity.includes('@')),
    isVerified,
  };
}
