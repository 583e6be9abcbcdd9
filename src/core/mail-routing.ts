import type { Desired } from './desired.ts';
import { judgeIdentity, judgeMx, type Judged } from './domain-routing.ts';
import type { ObservedRuleSets } from './observed.ts';
import { domainOf, lowerCaseDomain } from './recipients.ts';
import { mailDomains, type RoutingFacts } from './routing-facts.ts';
import { byWeight, hindranceReason, type RoutingFinding } from './routing-finding.ts';
import { judgeRules } from './rule-routing.ts';
import type { Condition } from './status.ts';

/** Whether mail for a pipeline would arrive. */
export type MailRouting = {
  /** By weight; the same for the same state of the world. */
  readonly findings: readonly RoutingFinding[];
  /** What could not be found out, a sentence; undefined: everything is known. */
  readonly unknown: { readonly reason: Condition['reason']; readonly message: string } | undefined;
  /** DNS was not asked where mail is sent, since it does not lead to this AWS. */
  readonly withoutMx: boolean;
};

/**
 * Judges the way of mail to one pipeline: rule set, identities, MX, rules in front. Informational: nothing is planned
 * by it.
 *
 * @param ruleSets as they are, or as they will be once a plan was run
 */
export function mailRouting(
  { block, ruleSet, identity }: Pick<Desired, 'block' | 'ruleSet' | 'identity'>,
  ruleSets: ObservedRuleSets,
  facts: RoutingFacts,
): MailRouting {
  const { region } = identity;
  const enabled = block.rules.filter((rule) => rule.enabled);
  const recipients = [...new Set(enabled.flatMap((rule) => rule.recipients.map(lowerCaseDomain)))];
  const byDomain = Map.groupBy(recipients, domainOf);
  const domains = mailDomains(recipients);
  const identities = [...byDomain].map(([domain, of]) => judgeIdentity(domain, of, region, facts));
  const catchAll = enabled.find((rule) => rule.recipients.length === 0);
  if (catchAll !== undefined) identities.push(judgeCatchAll(catchAll.name, region, facts));
  const mx = domains.map((domain) => judgeMx(domain, region, facts));
  const set = ruleSets.sets.get(ruleSet.name);
  const findings = [
    ...activity(ruleSet.name, ruleSets.active),
    ...[...identities, ...mx].flatMap(known),
    ...(set === undefined ? [] : judgeRules(block, set)),
  ];
  return {
    findings: findings.sort(byWeight),
    unknown: unknownOf(identities, mx, facts),
    withoutMx: domains.some((domain) => facts.mx.get(domain)?.kind === 'not-asked'),
  };
}

const known = (judged: Judged): readonly RoutingFinding[] => (judged === 'unknown' ? [] : judged);

function activity(name: string, active: string | undefined): readonly RoutingFinding[] {
  if (active === name) return [];
  const instead =
    active === undefined
      ? 'none is. Leave ruleSet.activate out, or switch it on by hand'
      : `${active} is. Name that one as ruleSet.name, or say ruleSet.activate: Always`;
  return [{ kind: 'setNotActive', message: `Rule set ${name} is not the active one, so it gets no mail; ${instead}` }];
}

function judgeCatchAll(rule: string, region: string, { anyDomainVerified }: RoutingFacts): Judged {
  if (anyDomainVerified === undefined) return 'unknown';
  if (anyDomainVerified) return [];
  return [
    {
      kind: 'noVerifiedDomain',
      rule,
      message: `Rule ${rule} takes mail of every verified domain, and SES in ${region} has none. Create an identity for a domain there, and publish the DNS records that SES names`,
    },
  ];
}

function unknownOf(
  identities: readonly Judged[],
  mx: readonly Judged[],
  { fault }: RoutingFacts,
): MailRouting['unknown'] {
  if (identities.includes('unknown'))
    return fault === undefined
      ? { reason: 'NotLookedAt', message: 'SES has not been asked yet whether all domains are verified' }
      : { reason: fault.reason, message: fault.message };
  const open = mx.filter((judged) => judged === 'unknown').length;
  if (open === 0) return undefined;
  const domains = open === 1 ? 'one of the domains' : `${open} of the domains`;
  return { reason: 'NotLookedAt', message: `DNS has not said where mail is sent for ${domains}; it is asked again` };
}

const TOLD = 3;

/** What is so, in one condition; it does not touch `Ready`. */
export function mailRoutedCondition({ findings, unknown, withoutMx }: MailRouting): Condition {
  const type = 'MailRouted';
  const hindering = findings.filter((finding) => hindranceReason(finding) !== undefined);
  const [worst] = hindering;
  const reason = worst && hindranceReason(worst);
  if (reason !== undefined) return { type, status: 'False', reason, message: told(hindering) };
  if (unknown !== undefined) return { type, status: 'Unknown', ...unknown };
  const good = withoutMx ? 'Identities, rule set and rules let mail through; DNS was not asked for MX records' : GOOD;
  return {
    type,
    status: 'True',
    reason: 'Routed',
    message: findings.length === 0 ? good : `${good}. Worth knowing: ${told(findings)}`,
  };
}

const GOOD = 'Every domain is verified and sends its mail to SES, and nothing stands in front of the rules';

function told(findings: readonly RoutingFinding[]): string {
  const more = findings.length > TOLD ? ` (and ${findings.length - TOLD} more; plan names all)` : '';
  return (
    findings
      .slice(0, TOLD)
      .map(({ message }) => message)
      .join('. ') + more
  );
}
