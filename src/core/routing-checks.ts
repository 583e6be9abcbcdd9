import { judgeIdentity, judgeMx, sesExchange, type Judged } from './domain-routing.ts';
import { explainAddress, type Explanation } from './explain.ts';
import type { ObservedRuleSet } from './observed.ts';
import { domainOf, lowerCaseDomain } from './recipients.ts';
import type { RoutingFacts } from './routing-facts.ts';
import { hindranceReason } from './routing-finding.ts';

/** One thing that has to be so for mail to arrive. */
export type RoutingCheck = {
  readonly check: 'mx' | 'identity' | 'ruleSet' | 'rules';
  /** `noted`: worth a look; `unknown`: it was not asked for, or nobody has answered. */
  readonly outcome: 'good' | 'bad' | 'noted' | 'unknown';
  /** What is so, and where it is not good what to do. */
  readonly message: string;
};

/** What happens to mail for an address in a region, and each station of its way there. */
export function explainMail(
  address: string,
  region: string,
  active: ObservedRuleSet | undefined,
  facts: RoutingFacts,
): Explanation & { readonly checks: readonly RoutingCheck[] } {
  const explanation = explainAddress(address, active?.rules);
  return {
    ...explanation,
    checks: [
      { check: 'mx', ...checkMx(domainOf(address), region, facts) },
      { check: 'identity', ...checkIdentity(address, region, facts) },
      { check: 'ruleSet', ...checkRuleSet(active?.name, region) },
      ...(active === undefined ? [] : [{ check: 'rules', ...checkRules(explanation) } as const]),
    ],
  };
}

type Outcome = Omit<RoutingCheck, 'check'>;

function checkMx(domain: string, region: string, facts: RoutingFacts): Outcome {
  if (facts.mx.get(domain)?.kind === 'not-asked')
    return { outcome: 'unknown', message: `DNS was not asked where mail for ${domain} is sent` };
  return outcomeOf(judgeMx(domain, region, facts), {
    good: `Mail for ${domain} is sent to ${sesExchange(region)}`,
    unknown: `DNS has not said where mail for ${domain} is sent. Try again, or ask another server with --dns-servers`,
  });
}

function checkIdentity(address: string, region: string, facts: RoutingFacts): Outcome {
  const domain = domainOf(address);
  return outcomeOf(judgeIdentity(domain, [lowerCaseDomain(address)], region, facts), {
    good: `SES in ${region} takes mail for it: a verified identity covers ${domain} or the address`,
    unknown: facts.fault?.message ?? `SES in ${region} has not said whether ${domain} is verified`,
  });
}

const checkRuleSet = (active: string | undefined, region: string): Outcome =>
  active === undefined
    ? {
        outcome: 'bad',
        message: `No rule set is active in ${region}. Apply a pipeline there, or activate a set by hand`,
      }
    : { outcome: 'good', message: `Rule set ${active} is active` };

function checkRules({ verdicts }: Explanation): Outcome {
  const run = verdicts.filter(({ outcome }) => outcome === 'runs');
  const missed = verdicts.filter(({ outcome }) => outcome === 'not-reached').map(({ rule }) => rule);
  if (run.length === 0)
    return { outcome: 'bad', message: 'No enabled rule takes it. Name it, or its domain, among the recipients of one' };
  const count = run.length === 1 ? '1 rule takes it' : `${run.length} rules take it`;
  if (missed.length === 0) return { outcome: 'good', message: count };
  const others = missed.length === 1 ? missed[0] : `${missed[0]} and ${missed.length - 1} more`;
  return {
    outcome: 'noted',
    message: `${count}, and ${run.at(-1)?.rule} ends the evaluation before ${others}. Where that is not meant so, the stop or the shared recipients have to go`,
  };
}

function outcomeOf(judged: Judged, otherwise: { readonly good: string; readonly unknown: string }): Outcome {
  if (judged === 'unknown') return { outcome: 'unknown', message: otherwise.unknown };
  const [finding] = judged;
  if (finding === undefined) return { outcome: 'good', message: otherwise.good };
  return { outcome: hindranceReason(finding) === undefined ? 'noted' : 'bad', message: finding.message };
}
