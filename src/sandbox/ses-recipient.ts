/**
 * Whether a rule's recipient condition captures an envelope recipient:
 *
 * | condition           | captures                                                    |
 * |---------------------|-------------------------------------------------------------|
 * | `user@example.com`  | that address and its labelled forms (`user+x@example.com`)  |
 * | `user+x@example.com`| that label only                                             |
 * | `example.com`       | every address of the domain, none of its subdomains         |
 * | `.example.com`      | every address of every subdomain, none of the domain itself |
 *
 * Case decides nothing, neither in the domain nor in the local part.
 * https://docs.aws.amazon.com/ses/latest/dg/receiving-email-receipt-rules-console-walkthrough.html
 */
export function recipientMatches(condition: string, recipient: string): boolean {
  const wanted = condition.toLowerCase();
  const address = splitAddress(recipient.toLowerCase());
  if (address === undefined) return false;
  if (!wanted.includes('@')) {
    return wanted.startsWith('.') ? isSubdomain(address.domain, wanted) : address.domain === wanted;
  }
  const asked = splitAddress(wanted);
  if (asked === undefined || asked.domain !== address.domain) return false;
  return address.local === asked.local || withoutLabel(address.local) === asked.local;
}

/** The conditions of a rule that capture a recipient; a rule without conditions captures by `*`. */
export function matchingConditions(conditions: readonly string[], recipient: string): string[] {
  if (conditions.length === 0) return ['*'];
  return conditions.filter((condition) => recipientMatches(condition, recipient));
}

/** The domain of an address, lower case; undefined when it has none. */
export function domainOf(address: string): string | undefined {
  return splitAddress(address.toLowerCase())?.domain;
}

function isSubdomain(domain: string, dotted: string): boolean {
  return domain.length > dotted.length && domain.endsWith(dotted);
}

function splitAddress(address: string): { local: string; domain: string } | undefined {
  const at = address.lastIndexOf('@');
  if (at < 1 || at === address.length - 1) return undefined;
  return { local: address.slice(0, at), domain: address.slice(at + 1) };
}

function withoutLabel(local: string): string {
  const plus = local.indexOf('+');
  return plus < 1 ? local : local.slice(0, plus);
}
