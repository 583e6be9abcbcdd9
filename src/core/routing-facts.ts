import { faultOf, type Fault } from './fault.ts';
import type { ManifestSpec } from './manifest.ts';
import type { MxAnswer, Ports, Verification } from './ports.ts';
import { domainOf, lowerCaseDomain } from './recipients.ts';

/** What is known of the way of mail to SES. What is in no map was not found out. */
export type RoutingFacts = {
  /** By the name of a domain or address, as {@link identityNames} spells it. */
  readonly identities: ReadonlyMap<string, Verification | 'absent'>;
  /** Whether SES would take mail for any domain at all; undefined: not known, or nobody wants to know. */
  readonly anyDomainVerified: boolean | undefined;
  readonly mx: ReadonlyMap<string, MxAnswer>;
  /** Why SES could not be asked. */
  readonly fault: Fault | undefined;
};

/** The recipients of each rule that is enabled; an empty list is everybody. */
export type RecipientLists = readonly (readonly string[])[];

export const NO_FACTS: RoutingFacts = {
  identities: new Map(),
  anyDomainVerified: undefined,
  mx: new Map(),
  fault: undefined,
};

export const routedRecipients = ({ receiptRules }: Pick<ManifestSpec, 'receiptRules'>): RecipientLists =>
  receiptRules.filter(({ enabled }) => enabled).map(({ recipients }) => recipients);

/** Addresses that are asked for, where their domain is not verified; one more call is worth that much. */
const MAX_ADDRESSES = 100;

/**
 * Asks SES for the identities of all recipients, and DNS, at the same time, where the world sends their mail. Never
 * throws. Domains are asked for first, since nearly always they are what is verified; single addresses only where no
 * domain is, and all domains of the account only for a rule without recipients.
 */
export async function askAboutMail(
  lists: RecipientLists,
  { mailIdentities, dns }: Pick<Ports, 'mailIdentities' | 'dns'>,
): Promise<RoutingFacts> {
  const recipients = [...new Set(lists.flat().map(lowerCaseDomain))].sort();
  const domains = mailDomains(recipients);
  const [identities, mx] = await Promise.all([
    askSes(recipients, lists.some(isForAll), mailIdentities),
    Promise.all(domains.map(async (domain) => [domain, await dns.mx(domain)] as const)),
  ]);
  return { ...identities, mx: new Map(mx) };
}

const isForAll = (recipients: readonly string[]): boolean => recipients.length === 0;

/** Domains that DNS can be asked about: which subdomains `.example.com` stands for nobody knows. */
export const mailDomains = (recipients: readonly string[]): readonly string[] =>
  [...new Set(recipients.map(domainOf))].filter((domain) => !domain.startsWith('.')).sort();

async function askSes(
  recipients: readonly string[],
  forAll: boolean,
  ports: Ports['mailIdentities'],
): Promise<Omit<RoutingFacts, 'mx'>> {
  const identities = new Map<string, Verification | 'absent'>();
  const ask = async (names: readonly string[]): Promise<void> => {
    if (names.length === 0) return;
    const found = await ports.verification(names);
    for (const name of names) identities.set(name, found.get(name) ?? 'absent');
  };
  const verified = (names: readonly string[]): boolean => names.some((name) => identities.get(name) === 'verified');
  try {
    await ask([...new Set(recipients.map(domainOf).flatMap(domainNames))].sort());
    const addresses = recipients.filter((one) => one.includes('@') && !verified(domainNames(domainOf(one))));
    await ask(addresses.slice(0, MAX_ADDRESSES));
    if (!forAll || verified([...identities.keys()].filter(isDomain)))
      return { identities, anyDomainVerified: forAll ? true : undefined, fault: undefined };
    const all = await ports.domains();
    await ask(all.slice(0, MAX_ADDRESSES));
    const anyDomainVerified = verified(all) || (all.length > MAX_ADDRESSES ? undefined : false);
    return { identities, anyDomainVerified, fault: undefined };
  } catch (error) {
    return { identities, anyDomainVerified: undefined, fault: faultOf(error) };
  }
}

const isDomain = (name: string): boolean => !name.includes('@');

/**
 * The domain and those above it: an identity covers its subdomains.
 * @see https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html#verify-domain-procedure
 */
export function domainNames(domain: string): readonly string[] {
  const labels = domain.replace(/^\./, '').split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}
