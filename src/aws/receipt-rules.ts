import {
  CloneReceiptRuleSetCommand,
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  DeleteReceiptRuleCommand,
  DeleteReceiptRuleSetCommand,
  DescribeActiveReceiptRuleSetCommand,
  DescribeReceiptRuleSetCommand,
  ReorderReceiptRuleSetCommand,
  SetActiveReceiptRuleSetCommand,
  UpdateReceiptRuleCommand,
  type ReceiptRule as SdkRule,
  type ReceiptRuleSetMetadata,
  type SESClient,
} from '@aws-sdk/client-ses';
import type { ObservedRuleSet } from '../core/observed.ts';
import type { ReceiptRules } from '../core/ports.ts';
import { absentOn, type Call } from './calls.ts';
import type { Lane } from './lane.ts';
import { fromSdkRule, toSdkRule } from './receipt-rule-mapping.ts';

const NO_SET = ['RuleSetDoesNotExist'];

/** Receipt rules of SES. Every call, reads included, waits its turn in the lane; waiting reads of one set become one. */
export function receiptRules(ses: SESClient, call: Call, lane: Lane): ReceiptRules {
  const read: Call = (operation, resource, send) =>
    lane.run(() => call(operation, resource, send), `${operation} ${resource ?? ''}`);
  const write: Call = (operation, resource, send) => lane.run(() => call(operation, resource, send));

  return {
    describe: async (ruleSet) => {
      const command = new DescribeReceiptRuleSetCommand({ RuleSetName: ruleSet });
      const found = await absentOn(
        NO_SET,
        read('DescribeReceiptRuleSet', setNamed(ruleSet), () => ses.send(command)),
      );
      return found === undefined ? undefined : toRuleSet({ Name: ruleSet, ...found.Metadata }, found.Rules);
    },
    describeActive: async () => {
      const command = new DescribeActiveReceiptRuleSetCommand({});
      const found = await read('DescribeActiveReceiptRuleSet', undefined, () => ses.send(command));
      return toRuleSet(found.Metadata, found.Rules);
    },
    createSet: async (ruleSet) => {
      const command = new CreateReceiptRuleSetCommand({ RuleSetName: ruleSet });
      await write('CreateReceiptRuleSet', setNamed(ruleSet), () => ses.send(command));
    },
    cloneSet: async (ruleSet, original) => {
      const command = new CloneReceiptRuleSetCommand({ RuleSetName: ruleSet, OriginalRuleSetName: original });
      await write('CloneReceiptRuleSet', setNamed(ruleSet), () => ses.send(command));
    },
    deleteSet: async (ruleSet) => {
      const command = new DeleteReceiptRuleSetCommand({ RuleSetName: ruleSet });
      await absentOn(
        NO_SET,
        write('DeleteReceiptRuleSet', setNamed(ruleSet), () => ses.send(command)),
      );
    },
    setActive: async (ruleSet) => {
      const command = new SetActiveReceiptRuleSetCommand({ RuleSetName: ruleSet });
      const resource = ruleSet === undefined ? undefined : setNamed(ruleSet);
      await write('SetActiveReceiptRuleSet', resource, () => ses.send(command));
    },
    create: async (ruleSet, rule, after) => {
      const command = new CreateReceiptRuleCommand({ RuleSetName: ruleSet, Rule: toSdkRule(rule), After: after });
      await write('CreateReceiptRule', ruleNamed(rule.name, ruleSet), () => ses.send(command));
    },
    update: async (ruleSet, rule) => {
      const command = new UpdateReceiptRuleCommand({ RuleSetName: ruleSet, Rule: toSdkRule(rule) });
      await write('UpdateReceiptRule', ruleNamed(rule.name, ruleSet), () => ses.send(command));
    },
    delete: async (ruleSet, rule) => {
      const command = new DeleteReceiptRuleCommand({ RuleSetName: ruleSet, RuleName: rule });
      const gone = [...NO_SET, 'RuleDoesNotExist'];
      await absentOn(
        gone,
        write('DeleteReceiptRule', ruleNamed(rule, ruleSet), () => ses.send(command)),
      );
    },
    reorder: async (ruleSet, names) => {
      const command = new ReorderReceiptRuleSetCommand({ RuleSetName: ruleSet, RuleNames: [...names] });
      await write('ReorderReceiptRuleSet', setNamed(ruleSet), () => ses.send(command));
    },
  };
}

/** With no set active SES answers without metadata. */
function toRuleSet(
  metadata: ReceiptRuleSetMetadata | undefined,
  rules: SdkRule[] | undefined,
): ObservedRuleSet | undefined {
  if (metadata?.Name === undefined) return undefined;
  const createdAtMs = metadata.CreatedTimestamp?.getTime();
  return { name: metadata.Name, createdAtMs, rules: (rules ?? []).map(fromSdkRule) };
}

function setNamed(ruleSet: string): string {
  return `rule set "${ruleSet}"`;
}

function ruleNamed(rule: string, ruleSet: string): string {
  return `rule "${rule}" of rule set "${ruleSet}"`;
}
