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
  /** What we never write ourselves: shown by `explain`, carried through untouched. */
  | {
      readonly kind: 'other';
      readonly type: 'addHeader' | 'bounce' | 'sns' | 'workmail' | 'connect' | 'unknown';
      readonly detail: string;
    };

/** Whether the rule may end the evaluation: a stop action, or a synchronous function that can answer STOP_RULE_SET. */
export function canStop(rule: ReceiptRule): boolean {
  return (
    rule.enabled &&
    rule.actions.some(
      (action) => action.kind === 'stop' || (action.kind === 'lambda' && action.invocationType === 'RequestResponse'),
    )
  );
}

/** Whether SES does the same for both; recipients are a set, actions a list. */
export function sameRule(a: ReceiptRule, b: ReceiptRule): boolean {
  return (
    a.enabled === b.enabled &&
    a.tlsPolicy === b.tlsPolicy &&
    a.scanEnabled === b.scanEnabled &&
    sameMembers(a.recipients, b.recipients) &&
    sameActions(a.actions, b.actions)
  );
}

/** Whether the action lists are equal, member by member. */
export function sameActions(a: readonly RuleAction[], b: readonly RuleAction[]): boolean {
  return a.length === b.length && a.every((action, index) => actionText(action) === actionText(b[index]));
}

export function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  const members = new Set(a);
  return members.size === new Set(b).size && b.every((member) => members.has(member));
}

function actionText(action: RuleAction | undefined): string {
  return JSON.stringify(Object.entries(action ?? {}).sort(([a], [b]) => a.localeCompare(b)));
}
