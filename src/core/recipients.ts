/**
 * How SES matches a recipient of a rule with an envelope address.
 *
 * - `user@example.com`: that address and its labelled forms (`user+label@example.com`)
 * - `user+label@example.com`: that form alone
 * - `example.com`: every address of the domain, not of its subdomains
 * - `.example.com`: every address of every subdomain, not of the domain itself
 *
 * Case is ignored throughout: for domains SES does, and for local parts treating two spellings as one is the safe side.
 * @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-receipt-rules-console-walkthrough.html
 */
export function recipientMatches(recipient: string, address: string): boolean {
  return recipientsFor(address).includes(normaliseRecipient(recipient));
}

/** Domains are compared without case; written alike, AWS cannot give them back differently. */
export function lowerCaseDomain(recipient: string): string {
  const at = recipient.lastIndexOf('@');
  return recipient.slice(0, at + 1) + recipient.slice(at + 1).toLowerCase();
}

/** The form in which recipients are claimed. */
export function normaliseRecipient(recipient: string): string {
  return recipient.toLowerCase();
}

/** `example.com`, or `.example.com` for a recipient that means all its subdomains. */
export const domainOf = (recipient: string): string =>
  normaliseRecipient(recipient).slice(recipient.lastIndexOf('@') + 1);

/** Every recipient, normalised, that would match the address; a catch-all aside. */
export function recipientsFor(address: string): readonly string[] {
  const [local = '', domain = ''] = splitAddress(address.toLowerCase());
  const unlabelled = local.split('+')[0] ?? local;
  const addresses = unlabelled === local ? [`${local}@${domain}`] : [`${local}@${domain}`, `${unlabelled}@${domain}`];
  const labels = domain.split('.');
  const parents = labels.slice(1).map((_, index) => `.${labels.slice(index + 1).join('.')}`);
  return [...addresses, domain, ...parents];
}

/** Whether some address matches both lists; an empty list matches every address. */
export function recipientsOverlap(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === 0 || b.length === 0) return true;
  return sampleAddressesOf([...a, ...b]).some((address) => matchesAny(a, address) && matchesAny(b, address));
}

/** Whether a rule with these recipients applies to mail for the address; an empty list matches every address. */
export function matchesAny(recipients: readonly string[], address: string): boolean {
  if (recipients.length === 0) return true;
  const matching = new Set(recipientsFor(address));
  return recipients.some((recipient) => matching.has(normaliseRecipient(recipient)));
}

/** Whether every recipient of `narrow` is named by `wide`; an empty list is everybody. */
export function covers(wide: readonly string[], narrow: readonly string[]): boolean {
  if (wide.length === 0) return true;
  const members = new Set(wide);
  return narrow.length > 0 && narrow.every((recipient) => members.has(recipient));
}

/** Every recipient that one of the lists has; an empty list is everybody. */
export function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return a.length === 0 || b.length === 0 ? [] : [...new Set([...a, ...b])];
}

/** Stands for a local part or subdomain that nobody writes into a rule. */
const ANY = '*';
const ELSEWHERE = `${ANY}@${ANY}`;

/**
 * Addresses that between them tell apart everything that rules with these recipients can do: if two lists of rules
 * treat the samples alike, they treat every address alike.
 *
 * One for each recipient is enough, because recipients that share an address lie within each other: every address is
 * treated like the sample of the narrowest recipient that it matches.
 */
export function sampleAddressesOf(recipients: Iterable<string>): readonly string[] {
  const samples = new Set([ELSEWHERE]);
  for (const recipient of recipients) samples.add(sampleAddress(normaliseRecipient(recipient)));
  return [...samples];
}

function sampleAddress(recipient: string): string {
  if (recipient.includes('@')) return recipient;
  return recipient.startsWith('.') ? `${ANY}@${ANY}${recipient}` : `${ANY}@${recipient}`;
}

function splitAddress(address: string): readonly [string, string] | readonly [undefined, undefined] {
  const at = address.lastIndexOf('@');
  return at < 0 ? [undefined, undefined] : [address.slice(0, at), address.slice(at + 1)];
}
