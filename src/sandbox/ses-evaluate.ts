import type { RuleRecord } from './mail-journal.ts';
import { matchingConditions } from './ses-recipient.ts';
import type { ReceiptRule } from './ses-types.ts';

/** What decides whether a rule looks at a mail. */
export type Arrival = { readonly recipients: readonly string[]; readonly tls: boolean };

/** Whether a rule captures a mail, and why or why not; says nothing about rules before it. */
export function judge(rule: ReceiptRule, { recipients, tls }: Arrival): Pick<RuleRecord, 'outcome' | 'matches'> {
  if (!rule.enabled) return { outcome: 'disabled', matches: {} };
  const matches = Object.fromEntries(
    recipients
      .map((recipient) => [recipient, matchingConditions(rule.recipients, recipient)] as const)
      .filter(([, conditions]) => conditions.length > 0),
  );
  if (Object.keys(matches).length === 0) return { outcome: 'noRecipientMatches', matches };
  return { outcome: rule.tlsPolicy === 'Require' && !tls ? 'tlsRequired' : 'matched', matches };
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
