import { BlockList } from 'node:net';
import type { IncomingMail } from './mail-message.ts';
import { judge } from './ses-evaluate.ts';
import { domainOf } from './ses-recipient.ts';
import type { SesRegion } from './ses-operations.ts';
import type { ReceiptFilter } from './ses-types.ts';

/** What is known of a client before it sends its mail. */
export type Session = Pick<IncomingMail, 'tls' | 'clientAddress'>;

/** Whether mail for a recipient is taken; `status` is the enhanced status code of the refusal (RFC 3463). */
export type Admission =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly status: '5.1.1' | '5.7.1' | '5.7.10'; readonly why: string };

const NO_ACTIVE_SET: Admission = { accepted: false, status: '5.1.1', why: 'no rule set is active' };

/** Whether any region takes mail for this recipient from this client; a refusal gives the first region's reason. */
export function admissionBy(regions: readonly SesRegion[], recipient: string, session: Session): Admission {
  const verdicts = regions
    .filter(({ ruleSets }) => ruleSets.active() !== undefined)
    .map((region) => admission(region, recipient, session));
  return verdicts.find(({ accepted }) => accepted) ?? verdicts[0] ?? NO_ACTIVE_SET;
}

/** Whether this region takes it: IP filters, then the identity, then the active rule set. */
export function admission(
  { ruleSets, identities }: SesRegion,
  recipient: string,
  { tls, clientAddress }: Session,
): Admission {
  const active = ruleSets.active();
  if (active === undefined) return NO_ACTIVE_SET;
  if (isBlocked(ruleSets.filters(), clientAddress)) {
    return { accepted: false, status: '5.7.1', why: `a receipt filter blocks ${clientAddress}` };
  }
  const domain = domainOf(recipient) ?? '';
  if (!identities.isVerified(domain)) {
    return { accepted: false, status: '5.1.1', why: `the domain ${domain} is not a verified identity` };
  }
  const verdicts = active.rules.map((rule) => ({
    name: rule.name,
    outcome: judge(rule, { recipients: [recipient], tls }).outcome,
  }));
  if (verdicts.some(({ outcome }) => outcome === 'matched')) return { accepted: true };
  const wantsTls = verdicts.find(({ outcome }) => outcome === 'tlsRequired');
  if (wantsTls !== undefined) {
    const why = `the rule ${wantsTls.name} takes it over TLS only: say STARTTLS first`;
    return { accepted: false, status: '5.7.10', why };
  }
  return { accepted: false, status: '5.1.1', why: `no enabled rule of the active rule set ${active.name} captures it` };
}

/** An Allow filter exempts an address from the Block filters. https://docs.aws.amazon.com/ses/latest/dg/receiving-email-ip-filtering-console-walkthrough.html */
function isBlocked(filters: readonly ReceiptFilter[], address: string): boolean {
  const hit = (policy: ReceiptFilter['policy']): boolean => {
    const list = new BlockList();
    for (const { cidr } of filters.filter((filter) => filter.policy === policy)) {
      const [network = '', bits = '32'] = cidr.split('/');
      list.addSubnet(network, Number(bits));
    }
    return list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  };
  return hit('Block') && !hit('Allow');
}
