import { endingOf, type Ending, type ReceiptRule, type RuleAction } from './receipt-rule.ts';
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
  /** `always`: nothing behind this rule runs. `maybe`: its function decides, or AWS does not say; see `mayStopBecause`. */
  readonly stops: 'always' | 'maybe' | 'no';
  /** Set where `stops` is `maybe`. */
  readonly mayStopBecause?: string;
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
    const ending = ENDINGS[endingOf({ ...rule, enabled: true })];
    const what = { position, rule: rule.name, does: rule.actions.map(describeRuleAction), ...ending };
    if (!rule.enabled) return { ...what, outcome: 'disabled' };
    if (matchedBy === undefined) return { ...what, outcome: 'no-match' };
    if (!reached) return { ...what, outcome: 'not-reached', matchedBy };
    if (ending.stops === 'always') reached = false;
    return { ...what, outcome: 'runs', matchedBy };
  });
  return { address, verdicts, summary: summarise(address, verdicts) };
}

const ENDINGS: Readonly<Record<Ending, Pick<RuleVerdict, 'stops' | 'mayStopBecause'>>> = {
  always: { stops: 'always' },
  'maybe-by-answer': { stops: 'maybe', mayStopBecause: 'its function may end the evaluation by its answer' },
  'maybe-undocumented': {
    stops: 'maybe',
    mayStopBecause: 'AWS does not document whether a bounce or WorkMail ends the evaluation',
  },
  never: { stops: 'no' },
};

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
    case 'addHeader':
      return `add header ${action.name}: ${action.value}`;
    case 'bounce':
      return `bounce with ${action.smtpReplyCode} ${action.message}`;
    case 'sns':
      return `publish to ${action.topicArn} (${action.encoding})`;
    case 'workmail':
      return `hand over to WorkMail ${action.organizationArn}`;
    case 'other':
      return action.detail;
  }
}
