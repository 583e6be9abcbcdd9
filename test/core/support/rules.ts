import type { RuleChange } from '../../../src/core/plan-rule-set.ts';
import type { RuleBlock } from '../../../src/core/rule-block.ts';
import type { ReceiptRule, RuleAction } from '../../../src/core/receipt-rule.ts';
import { orderTarget } from '../../../src/core/rule-order.ts';

export const BUCKET = 'bodies';
export const PREFIX = 'slp_mail_app_';

export const store = (bucketName = BUCKET): RuleAction => ({ kind: 's3', bucketName });
export const invoke = (functionArn = 'arn:aws:lambda:us-west-2:123456789012:function:app'): RuleAction => ({
  kind: 'lambda',
  functionArn,
  invocationType: 'Event',
});
/** Waits for the function's answer, which may end the evaluation. */
export const ask = (functionArn = 'arn:aws:lambda:us-west-2:123456789012:function:app'): RuleAction => ({
  kind: 'lambda',
  functionArn,
  invocationType: 'RequestResponse',
});
export const stop: RuleAction = { kind: 'stop' };
export const bounce: RuleAction = {
  kind: 'bounce',
  smtpReplyCode: '550',
  message: 'No such user',
  sender: 'postmaster@example.com',
};
export const workmail: RuleAction = {
  kind: 'workmail',
  organizationArn: 'arn:aws:workmail:us-west-2:123456789012:organization/m-1',
};

/** A rule that invokes, with defaults for all that a test does not care about. */
export function rule(name: string, over: Partial<ReceiptRule> = {}): ReceiptRule {
  return {
    name,
    enabled: true,
    tlsPolicy: 'Optional',
    scanEnabled: true,
    recipients: [],
    actions: [invoke()],
    ...over,
  };
}

/** A block of the pipeline mail/app; rule names get its prefix. */
export function block(rules: readonly ReceiptRule[], over: Partial<RuleBlock> = {}): RuleBlock {
  return {
    owner: 'mail/app',
    prefix: PREFIX,
    existingRules: [],
    bucketName: BUCKET,
    position: 'Head',
    priority: 0,
    storageRule: undefined,
    rules,
    ...over,
  };
}

/** What SES does with one change: creates go directly behind `after` or to the head, a Reorder is all or nothing. */
export function applyChange(rules: readonly ReceiptRule[], change: RuleChange): readonly ReceiptRule[] {
  switch (change.kind) {
    case 'createRule': {
      const anchor = change.after.find((name) => rules.some((rule) => rule.name === name));
      const index = anchor === undefined ? 0 : rules.findIndex((rule) => rule.name === anchor) + 1;
      return rules.toSpliced(index, 0, change.rule);
    }
    case 'updateRule':
      return rules.map((rule) => (rule.name === change.rule.name ? change.rule : rule));
    case 'deleteRule':
      return rules.filter((rule) => rule.name !== change.before.name);
    case 'orderRules': {
      const target = orderTarget(rules, change.order);
      if (target.kind !== 'reorder') return rules;
      return target.names.flatMap((name) => rules.find((rule) => rule.name === name) ?? []);
    }
  }
}

/** Every state the set goes through, the first one included. */
export function statesOf(observed: readonly ReceiptRule[], changes: readonly RuleChange[]): readonly ReceiptRule[][] {
  const states = [[...observed]];
  for (const change of changes) states.push([...applyChange(states.at(-1) ?? [], change)]);
  return states;
}
