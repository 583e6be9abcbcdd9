import type { ReceiptRuleSpecInput, RuleActionSpecInput } from './manifest.ts';
import { MAX_ACTIONS, type ReceiptRule, type RuleAction } from './receipt-rule.ts';

/** A live rule in the words of a manifest: what it invokes, where it stores, and what else it does. */
export type ImportedRule = {
  readonly functionArn: string;
  readonly invocationType: 'Event' | 'RequestResponse';
  /** Undefined: it does not store. */
  readonly store: Stored | undefined;
  readonly live: ReceiptRule;
  readonly actions: readonly RuleActionSpecInput[];
  readonly stop: boolean;
};

type Stored = Extract<RuleAction, { kind: 's3' }>;

/** Reads a rule as a rule of a pipeline: store, what is listed, invoke, stop. @returns why it cannot be one, as a clause */
export function readRule(live: ReceiptRule): ImportedRule | { readonly why: string } {
  const rest = [...live.actions];
  const store = rest[0]?.kind === 's3' ? (rest.shift() as Stored) : undefined;
  const ending = rest.at(-1)?.kind === 'stop' ? rest.pop() : undefined;
  const invoked = rest.filter((action) => action.kind === 'lambda');
  const last = rest.pop();

  if (invoked.length === 0) return { why: 'it invokes no function, and a rule of a pipeline does' };
  if (invoked.length > 1) return { why: `it invokes ${invoked.length} functions, and a pipeline has one` };
  if (last?.kind !== 'lambda')
    return { why: `it does more after it has invoked its function: ${last?.kind ?? 'nothing'}` };
  if (last.topicArn !== undefined) return { why: 'its Lambda action tells a topic, which a manifest cannot say' };
  if (ending?.kind === 'stop' && ending.topicArn !== undefined)
    return { why: 'its stop action tells a topic, which a manifest cannot say' };
  if (store?.iamRoleArn !== undefined) return { why: 'its S3 action uses a role, which a manifest cannot say' };
  if (rest.length > MAX_ACTIONS - 3)
    return { why: `it has ${rest.length} actions beside ours, and a manifest takes 7` };
  const actions: RuleActionSpecInput[] = [];
  for (const action of rest) {
    const listed = listedAction(action);
    if ('why' in listed) return listed;
    actions.push(listed);
  }
  const { functionArn, invocationType } = last;
  return { functionArn, invocationType, store, live, actions, stop: ending !== undefined };
}

function listedAction(action: RuleAction): RuleActionSpecInput | { readonly why: string } {
  switch (action.kind) {
    case 'addHeader':
      return { addHeader: { name: action.name, value: action.value } };
    case 'bounce': {
      const { kind, ...bounce } = action;
      return { [kind]: bounce };
    }
    case 'sns':
      return { sns: { topicArn: action.topicArn, ...(action.encoding === 'UTF-8' ? {} : { encoding: 'Base64' }) } };
    case 'workmail': {
      const { kind, ...workmail } = action;
      return { [kind]: workmail };
    }
    case 's3':
      return { why: 'its S3 action does not stand first, or it has several' };
    case 'stop':
      return { why: 'it goes on after its stop action' };
    case 'lambda':
      return { why: 'it invokes several functions' };
    case 'other':
      return { why: `it has a ${action.type} action, which a manifest cannot say` };
  }
}

/** What all rules of a pipeline have in common, so that a rule need not say it. */
export type Common = {
  readonly objectKeyPrefix: string;
  readonly invocationType: 'Event' | 'RequestResponse';
};

/** The rule as a manifest lists it; defaults and what is common are left out. */
export function ruleSpec(rule: ImportedRule, name: string, common: Common): ReceiptRuleSpecInput {
  const { live, store, actions, stop, invocationType } = rule;
  const own = storageOf(store, common);
  return {
    name,
    ruleName: live.name,
    recipients: [...live.recipients],
    ...(live.tlsPolicy === 'Optional' ? {} : { tlsPolicy: live.tlsPolicy }),
    ...(live.scanEnabled ? {} : { scanEnabled: false }),
    ...(live.enabled ? {} : { enabled: false }),
    ...(invocationType === common.invocationType ? {} : { invocationType }),
    ...(actions.length === 0 ? {} : { actions: [...actions] }),
    ...(stop ? { stop: true } : {}),
    ...(own === undefined ? {} : { storage: own }),
  };
}

function storageOf(store: Stored | undefined, { objectKeyPrefix }: Common): ReceiptRuleSpecInput['storage'] {
  if (store === undefined) return { disabled: true };
  const prefix = store.objectKeyPrefix ?? '';
  const { kmsKeyArn, topicArn } = store;
  const own = {
    ...(prefix === objectKeyPrefix ? {} : { objectKeyPrefix: prefix }),
    ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }),
    ...(topicArn === undefined ? {} : { topicArn }),
  };
  return Object.keys(own).length === 0 ? undefined : own;
}
