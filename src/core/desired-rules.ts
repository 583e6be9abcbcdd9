import { invokedArn } from './function-names.ts';
import type { ManifestSpec, ReceiptRuleSpec } from './manifest.ts';
import { pipelineKey, rulePrefix, type PipelineIdentity } from './names.ts';
import { STORAGE_RULE } from './receipt-rule-schema.ts';
import type { ReceiptRule } from './receipt-rule.ts';
import { lowerCaseDomain, union } from './recipients.ts';
import { actionsOf, storeAction } from './rule-actions.ts';
import type { RuleBlock } from './rule-block.ts';

/** Names of rules that the manifest takes over, in its own rule set. */
export const existingRuleNames = ({ receiptRules }: Pick<ManifestSpec, 'receiptRules'>): readonly string[] =>
  receiptRules.flatMap(({ ruleName }) => ruleName ?? []);

/** The rules of a pipeline; a bucket's name is needed only for those that are written. */
export function desiredBlock(spec: ManifestSpec, identity: PipelineIdentity, bucketName: string): RuleBlock {
  const prefix = rulePrefix(identity);
  const head = spec.messageBodyStorage.placement === 'HeadRule' ? storageRule(spec, prefix, bucketName) : undefined;
  return {
    owner: pipelineKey(identity),
    prefix,
    existingRules: existingRuleNames(spec),
    bucketName,
    position: spec.ruleSet.position,
    priority: spec.ruleSet.priority,
    storageRule: head,
    rules: spec.receiptRules.map((rule) => ({
      name: rule.ruleName ?? prefix + rule.name,
      enabled: rule.enabled,
      tlsPolicy: rule.tlsPolicy,
      scanEnabled: rule.scanEnabled,
      recipients: rule.recipients.map(lowerCaseDomain),
      actions: actionsOf(rule, spec, {
        bucketName,
        functionArn: invokedArn(spec, identity),
        stores: rule.storage?.disabled !== true && !(head !== undefined && isStoredByHead(rule, spec)),
      }),
    })),
  };
}

/** The one rule that stores for all that need nothing of their own: enabled ones, with its TLS policy and scan. */
function storageRule(spec: ManifestSpec, prefix: string, bucketName: string): ReceiptRule | undefined {
  const stored = spec.receiptRules.filter((rule) => isStoredByHead(rule, spec));
  if (stored.length === 0) return undefined;
  return {
    name: prefix + STORAGE_RULE,
    enabled: true,
    ...headSettings(spec),
    recipients: stored.map((rule): readonly string[] => rule.recipients.map(lowerCaseDomain)).reduce(union),
    actions: [storeAction(undefined, spec, bucketName)],
  };
}

/** Whether the storage rule at the head stores for this rule. */
export function isStoredByHead(rule: ReceiptRuleSpec, spec: ManifestSpec): boolean {
  const head = headSettings(spec);
  return (
    rule.enabled &&
    rule.storage === undefined &&
    rule.tlsPolicy === head.tlsPolicy &&
    rule.scanEnabled === head.scanEnabled
  );
}

/** Require, and no scan, only where every rule that stores without settings of its own says so. */
function headSettings(spec: ManifestSpec): { tlsPolicy: 'Optional' | 'Require'; scanEnabled: boolean } {
  const rules = spec.receiptRules.filter((rule) => rule.enabled && rule.storage === undefined);
  return {
    tlsPolicy: rules.length > 0 && rules.every((rule) => rule.tlsPolicy === 'Require') ? 'Require' : 'Optional',
    scanEnabled: rules.length === 0 || rules.some((rule) => rule.scanEnabled),
  };
}
