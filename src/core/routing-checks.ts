import { judgeIdentity, judgeMx, sesExchange, type Judged } from './domain-routing.ts';
import { domainOf, lowerCaseDomain } from './recipients.ts';
import type { RoutingFacts } from './routing-facts.ts';
import type { RoutingFinding } from './routing-finding.ts';

/** One thing that has to be so for mail to arrive. */
export type RoutingCheck = {
  readonly check: 'identity' | 'mx';
  /** `unknown`: it was not asked for, or nobody has answered. */
  readonly outcome: 'good' | 'bad' | 'noted' | 'unknown';
  /** What is so, and where it is not good what to do. */
  readonly message: string;
};

/** Whether mail for an address gets as far as the rules of a region. */
export function checksFor(address: string, region: string, facts: RoutingFacts): readonly RoutingCheck[] {
  const domain = domainOf(address);
  const asked = facts.mx.get(domain)?.kind === 'not-asked';
  return [
    {
      check: 'identity',
      ...outcomeOf(judgeIdentity(domain, [lowerCaseDomain(address)], region, facts), {
        good: `SES in ${region} takes mail for ${domain}: a verified identity covers it`,
        unknown: facts.fault?.message ?? `SES has not said whether ${domain} is verified`,
      }),
    },
    {
      check: 'mx',
      ...(asked
        ? ({ outcome: 'unknown', message: `DNS was not asked where mail for ${domain} is sent` } as const)
        : outcomeOf(judgeMx(domain, region, facts), {
            good: `Mail for ${domain} is sent to ${sesExchange(region)}`,
            unknown: `DNS has not said where mail for ${domain} is sent. Try again, or ask another server with --dns-servers`,
          })),
    },
  ];
}

function outcomeOf(
  judged: Judged,
  otherwise: { readonly good: string; readonly unknown: string },
): Omit<RoutingCheck, 'check'> {
  if (judged === 'unknown') return { outcome: 'unknown', message: otherwise.unknown };
  const [finding] = judged;
  if (finding === undefined) return { outcome: 'good', message: otherwise.good };
  return { outcome: isHarmless(finding) ? 'noted' : 'bad', message: finding.message };
}

const isHarmless = ({ kind }: RoutingFinding): boolean => kind === 'mxShared';
