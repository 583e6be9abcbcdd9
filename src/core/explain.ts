import { canStop, type ReceiptRule, type RuleAction } from './receipt-rule.ts';
import { normaliseRecipient, recipientsFor } from './recipients.ts';

/** What one rule of the live set would do with a mail for an address. */
export type RuleVerdict = {
  /** Counted from 1. */
  readonly position: number;
  readonly rule: string;
  readonly outcome: 'runs' | 'disabled' | 'no-match' | 'not-reached';
  /** The recipient that matches; `*` for a rule without recipients. */
  readonly matchedBy?: string;
  readonly does: readonly string[];
  /** `always`: nothing behind this rule runs. `maybe`: its function decides. */
  readonly stops: 'always' | 'maybe' | 'no';
};

export type Explanation = {
  readonly address: string;
  readonly verdicts: readonly RuleVerdict[];
  /** One sentence. */
  readonly summary: string;
};

/**
 * Which rules of the active set run for an address, in order, and where it ends.
 *
 * @param rules every rule of the active set; undefined when no set is active
 */
export function explainAddress(address: string, rules: readonly ReceiptRule[] | undefined): Explanation {
  if (rules === undefined)
    return {
      address,
      verdicts: [],
      summary: `No rule set is active in this region, so mail for ${address} is refused.`,
    };
  let reached = true;
  const verdicts = rules.map((rule, index): RuleVerdict => {
    const position = index + 1;
    const matchedBy = matching(rule, address);
    const stops = rule.actions.some((action) => action.kind === 'stop') ? 'always' : canStop(rule) ? 'maybe' : 'no';
    const does = rule.actions.map(describeRuleAction);
    if (!rule.enabled) return { position, rule: rule.name, outcome: 'disabled', does, stops };
    if (matchedBy === undefined) return { position, rule: rule.name, outcome: 'no-match', does, stops };
    if (!reached) return { position, rule: rule.name, outcome: 'not-reached', matchedBy, does, stops };
    if (stops === 'always') reached = false;
    return { position, rule: rule.name, outcome: 'runs', matchedBy, does, stops };
  });
  return { address, verdicts, summary: summarise(address, verdicts) };
}

function matching(rule: ReceiptRule, address: string): string | undefined {
  if (rule.recipients.length === 0) return '*';
  const candidates = new Set(recipientsFor(address));
  return rule.recipients.find((recipient) => candidates.has(normaliseRecipient(recipient)));
}

function summarise(address: string, verdicts: readonly RuleVerdict[]): string {
  const run = verdicts.filter((verdict) => verdict.outcome === 'runs');
  if (run.length === 0) return `No enabled rule matches ${address}, so SES refuses mail for it.`;
  const last = run.at(-1);
  const end = last?.stops === 'always' ? `${last.rule} ends the evaluation` : 'no rule ends the evaluation early';
  return `${run.length} of ${verdicts.length} rules run for ${address}; ${end}.`;
}

/** What an action does, in a few words. */
export function describeRuleAction(action: RuleAction): string {
  switch (action.kind) {
    case 's3':
      return `store in s3://${action.bucketName}/${action.objectKeyPrefix ?? ''}`;
    case 'lambda':
      return `invoke ${action.functionArn} (${action.invocationType})`;
    case 'stop':
      return 'stop the rule set';
    case 'other':
      return action.detail;
  }
}
