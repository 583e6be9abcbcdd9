import type { RuleRecord } from './mail-journal.ts';
import { matchingConditions } from './ses-recipient.ts';
import type { ReceiptRule } from './ses-types.ts';

/** What decides whether a rule looks at a mail. */
export type Envelope = { readonly recipients: readonly string[]; readonly tls: boolean };

/** Whether a rule captures a mail, and why or why not; says nothing about rules before it. */
export function judge(
  rule: ReceiptRule,
  { recipients, tls }: Envelope,
): Pick<RuleRecord, 'outcome' | 'matches' | 'why'> {
  if (!rule.enabled) return { outcome: 'disabled', matches: {}, why: 'it is not enabled' };
  const matches = Object.fromEntries(
    recipients
      .map((recipient) => [recipient, matchingConditions(rule.recipients, recipient)] as const)
      .filter(([, conditions]) => conditions.length > 0),
  );
  if (Object.keys(matches).length === 0) {
    return { outcome: 'noRecipientMatches', matches, why: `no recipient matches ${shortened(rule.recipients)}` };
  }
  if (rule.tlsPolicy === 'Require' && !tls) {
    return { outcome: 'tlsRequired', matches, why: 'it requires TLS, and the mail came without' };
  }
  const why = Object.entries(matches).map(([recipient, conditions]) =>
    rule.recipients.length === 0
      ? `${recipient} (it takes every recipient)`
      : `${recipient} by ${conditions.join(', ')}`,
  );
  return { outcome: 'matched', matches, why: `it captures ${why.join('; ')}` };
}

const MAX_NAMED = 5;

function shortened(conditions: readonly string[]): string {
  const more = conditions.length - MAX_NAMED;
  return [...conditions.slice(0, MAX_NAMED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** How far a function's answer ends the evaluation. Anything unknown goes on. Upper and lower case are both in use. */
export function dispositionOf(answer: string): 'CONTINUE' | 'STOP_RULE' | 'STOP_RULE_SET' {
  const parsed = parseJson(answer);
  const disposition = (parsed as { disposition?: unknown } | null | undefined)?.disposition;
  const word = typeof disposition === 'string' ? disposition.toUpperCase() : '';
  return word === 'STOP_RULE' || word === 'STOP_RULE_SET' ? word : 'CONTINUE';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
