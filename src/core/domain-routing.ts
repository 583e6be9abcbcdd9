import type { MxAnswer, MxRecord, Verification } from './ports.ts';
import { domainNames, type RoutingFacts } from './routing-facts.ts';
import type { RoutingFinding } from './routing-finding.ts';

/** Where mail for SES in a region has to be sent. @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-mx-record.html */
export const sesExchange = (region: string): string => `inbound-smtp.${region}.amazonaws.com`;

/** `unknown`: nobody could say. */
export type Judged = readonly RoutingFinding[] | 'unknown';

/**
 * Whether SES takes mail for these recipients of one domain.
 *
 * @param domain with a leading dot for its subdomains
 * @param recipients whole, as they are asked for: an address may be an identity of its own
 */
export function judgeIdentity(
  domain: string,
  recipients: readonly string[],
  region: string,
  { identities }: Pick<RoutingFacts, 'identities'>,
): Judged {
  const states = domainNames(domain).map((name) => ({ name, state: identities.get(name) }));
  if (states.some(({ state }) => state === 'verified')) return [];
  if (states.some(({ state }) => state === undefined)) return 'unknown';
  const bare = domain.replace(/^\./, '');
  if (bare !== domain)
    return [
      {
        kind: 'subdomainsNotVerified',
        domain,
        message: `SES in ${region} has no verified identity for ${bare}, so of its subdomains mail arrives only for those that are verified themselves. Verify ${bare} to take mail for all of them`,
      },
    ];
  const addresses = recipients.filter((recipient) => recipient.includes('@'));
  if (addresses.length === recipients.length) {
    if (addresses.every((address) => identities.get(address) === 'verified')) return [];
    if (addresses.every((address) => ['verified', undefined].includes(identities.get(address)))) return 'unknown';
  }
  const known = states.find(({ state }) => state !== 'absent');
  const finding = { kind: 'identityNotVerified', domain } as const;
  if (known?.state === undefined)
    return [
      {
        ...finding,
        message: `SES in ${region} has no identity for ${domain}, so it refuses mail for it. Create one for the domain there, and publish the DNS records that SES names`,
      },
    ];
  return [{ ...finding, message: UNVERIFIED[known.state](known.name, region) }];
}

const UNVERIFIED: Readonly<Record<Verification | 'absent', (name: string, region: string) => string>> = {
  pending: (name, region) =>
    `The identity for ${name} in ${region} is not verified yet, so SES refuses mail for it. Publish the DNS records that SES names; it looks for them for 72 hours`,
  failed: (name, region) =>
    `The verification of ${name} in ${region} has failed, so SES refuses mail for it. Publish the DNS records that SES names, and start the verification again`,
  'temporary-failure': (name, region) =>
    `SES in ${region} cannot confirm ${name} any more. See whether the DNS records that it names are still published`,
  verified: () => '',
  absent: () => '',
};

/** Whether senders find SES in the region when they have mail for a domain. */
export function judgeMx(domain: string, region: string, { mx }: Pick<RoutingFacts, 'mx'>): Judged {
  const answer = mx.get(domain);
  if (answer === undefined || answer.kind === 'unanswered') return 'unknown';
  const finding = mxFinding(domain, region, answer);
  return finding === undefined ? [] : [{ domain, ...finding }];
}

function mxFinding(domain: string, region: string, answer: MxAnswer): Omit<RoutingFinding, 'domain'> | undefined {
  const publish = `Publish the MX record "10 ${sesExchange(region)}"`;
  if (answer.kind === 'no-such-domain')
    return {
      kind: 'mxMissing',
      message: `DNS knows no domain ${domain}. Correct its name, or register it. ${publish} there`,
    };
  if (answer.kind !== 'records') return undefined;
  const records = answer.records.map((record) => ({ ...record, exchange: hostName(record.exchange) }));
  if (records.length === 0)
    return {
      kind: 'mxMissing',
      message: `${domain} has no MX record, so nobody sends mail for it to SES. ${publish} for it`,
    };
  if (records.every(({ exchange }) => exchange === ''))
    return {
      kind: 'mxMissing',
      message: `DNS says that ${domain} takes no mail at all (a null MX). ${publish} in its place`,
    };
  const { best, others } = sides(records, sesExchange(region));
  if (best === undefined)
    return {
      kind: 'mxElsewhere',
      message: `Mail for ${domain} is sent to ${named(others, region)}, not to SES in ${region}. ${publish} in its place, or take its recipients out`,
    };
  const earlier = others.filter(({ preference }) => preference < best);
  if (earlier.length > 0)
    return {
      kind: 'mxElsewhere',
      message: `Mail for ${domain} is sent to ${named(earlier, region)} first, and to SES only when nobody answers there. Give ${sesExchange(region)} the lowest preference`,
    };
  const [first] = others;
  if (first === undefined) return undefined;
  const when = first.preference === best ? 'in part' : 'when SES is not reached';
  return {
    kind: 'mxShared',
    message: `Mail for ${domain} is also sent to ${named(others, region)} ${when}. Take that MX record out, unless it is meant so`,
  };
}

const hostName = (exchange: string): string => exchange.toLowerCase().replace(/\.$/, '');

function sides(records: readonly MxRecord[], ours: string) {
  const best = records.filter(({ exchange }) => exchange === ours).map(({ preference }) => preference);
  const others = records.filter(({ exchange }) => exchange !== ours && exchange !== '').sort(byPreference);
  return { best: best.length === 0 ? undefined : Math.min(...best), others };
}

const byPreference = (a: MxRecord, b: MxRecord): number =>
  a.preference - b.preference || (a.exchange < b.exchange ? -1 : a.exchange > b.exchange ? 1 : 0);

const NAMED = 3;

function named(records: readonly MxRecord[], region: string): string {
  const names = [...new Set(records.map(({ exchange }) => exchange))].map((exchange) => {
    const other = /^inbound-smtp\.([a-z0-9-]+)\.amazonaws\.com$/.exec(exchange)?.[1];
    return other === undefined || other === region ? exchange : `SES in ${other}`;
  });
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return names.slice(0, NAMED).join(', ') + more;
}
