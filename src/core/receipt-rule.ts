import { lowerCaseDomain } from './recipients.ts';

/** A receipt rule as SES holds it, every field present: what is absent on the wire has its default filled in. */
export type ReceiptRule = {
  readonly name: string;
  readonly enabled: boolean;
  readonly tlsPolicy: 'Optional' | 'Require';
  readonly scanEnabled: boolean;
  /** Empty: every recipient of every verified domain. */
  readonly recipients: readonly string[];
  readonly actions: readonly RuleAction[];
};

export type RuleAction =
  | {
      readonly kind: 's3';
      readonly bucketName: string;
      readonly objectKeyPrefix?: string;
      readonly kmsKeyArn?: string;
      readonly topicArn?: string;
      readonly iamRoleArn?: string;
    }
  | {
      readonly kind: 'lambda';
      readonly functionArn: string;
      readonly invocationType: 'Event' | 'RequestResponse';
      readonly topicArn?: string;
    }
  | { readonly kind: 'stop'; readonly topicArn?: string }
  | { readonly kind: 'addHeader'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'bounce';
      readonly smtpReplyCode: string;
      readonly statusCode?: string;
      readonly message: string;
      readonly sender: string;
      readonly topicArn?: string;
    }
  | { readonly kind: 'sns'; readonly topicArn: string; readonly encoding: 'UTF-8' | 'Base64' }
  | { readonly kind: 'workmail'; readonly organizationArn: string; readonly topicArn?: string }
  /** What we never write ourselves: shown by `explain`, carried through untouched. */
  | { readonly kind: 'other'; readonly type: 'connect' | 'unknown'; readonly detail: string };

/** Most actions that a rule may have. @see https://docs.aws.amazon.com/ses/latest/dg/quotas.html */
export const MAX_ACTIONS = 10;

/** Whether the evaluation of the whole set ends at the rule. */
export type Ending =
  | 'always'
  /** A synchronous function answers STOP_RULE_SET, or not. */
  | 'maybe-by-answer'
  /** A bounce or WorkMail has dealt with the mail; AWS does not document whether the rules behind still see it. */
  | 'maybe-undocumented'
  | 'never';

/**
 * How the rule may end the evaluation; a rule that is not enabled ends nothing.
 * @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action.html
 */
export function endingOf(rule: ReceiptRule): Ending {
  if (!rule.enabled) return 'never';
  const endings = rule.actions.map(endingOfAction);
  return (['always', 'maybe-by-answer', 'maybe-undocumented'] as const).find((end) => endings.includes(end)) ?? 'never';
}

function endingOfAction(action: RuleAction): Ending {
  switch (action.kind) {
    case 'stop':
      return 'always';
    case 'lambda':
      return action.invocationType === 'RequestResponse' ? 'maybe-by-answer' : 'never';
    case 'bounce':
    case 'workmail':
      return 'maybe-undocumented';
    case 's3':
    case 'addHeader':
    case 'sns':
    case 'other':
      return 'never';
  }
}

/** Whether the rule ends the evaluation, or may: whoever plans must be right in both cases. */
export function canStop(rule: ReceiptRule): boolean {
  return endingOf(rule) !== 'never';
}

/** Whether the rule stores the bodies of its mail, with no need of another rule that does. */
export const storesItself = (rule: ReceiptRule): boolean => rule.actions.some(({ kind }) => kind === 's3');

/** Whether SES does the same for both; recipients are a set, actions a list. */
export function sameRule(a: ReceiptRule, b: ReceiptRule): boolean {
  if (a === b) return true;
  return (
    a.enabled === b.enabled &&
    a.tlsPolicy === b.tlsPolicy &&
    a.scanEnabled === b.scanEnabled &&
    sameRecipients(a.recipients, b.recipients) &&
    sameActions(a.actions, b.actions)
  );
}

/** Whether both lists name the same recipients; SES takes a domain in any case. */
function sameRecipients(a: readonly string[], b: readonly string[]): boolean {
  return sameMembers(a.map(lowerCaseDomain), b.map(lowerCaseDomain));
}

/** Whether the action lists are equal, member by member. */
export function sameActions(a: readonly RuleAction[], b: readonly RuleAction[]): boolean {
  return a.length === b.length && a.every((action, index) => sameAction(action, b[index]));
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  const members = new Set(a);
  return members.size === new Set(b).size && b.every((member) => members.has(member));
}

/** SES puts a slash between prefix and message id when there is none, so `in` and `in/` store under the same key. */
function sameAction(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>> = {}): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) =>
      name === 'objectKeyPrefix' ? withoutSlash(a[name]) === withoutSlash(b[name]) : a[name] === b[name],
    )
  );
}

const withoutSlash = (prefix: string | undefined): string | undefined => prefix?.replace(/\/$/, '');
