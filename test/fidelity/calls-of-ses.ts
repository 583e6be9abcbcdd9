import * as sesClient from '@aws-sdk/client-ses';
import { callsOf } from './script.ts';

const ses = callsOf('ses', sesClient);
const RuleSetName = 'fidelity';
const missing = { RuleSetName: 'missing' };
const Actions = [{ AddHeaderAction: { HeaderName: 'X-Seen', HeaderValue: 'yes' } }];
const rule = (Name: string, more = {}) => ({
  Name,
  Enabled: true,
  ScanEnabled: true,
  TlsPolicy: 'Optional' as const,
  Recipients: ['a@example.com'],
  Actions,
  ...more,
});

const ruleSets = [
  ses('DescribeActiveReceiptRuleSet', 'with none active', {}),
  ses('CreateReceiptRuleSet', 'that is new', { RuleSetName }),
  ses('CreateReceiptRuleSet', 'that is there', { RuleSetName }),
  ses('CreateReceiptRuleSet', 'with a bad name', { RuleSetName: 'no name' }),
  ses('CreateReceiptRuleSet', 'with a name too long', { RuleSetName: 'x'.repeat(65) }),
  ses('DescribeReceiptRuleSet', 'that is new', { RuleSetName }),
  ses('DescribeReceiptRuleSet', 'that is missing', missing),
  ses('ListReceiptRuleSets', 'all', {}),
];

const rules = [
  ses('CreateReceiptRule', 'that is the first', { RuleSetName, Rule: rule('one') }),
  ses('CreateReceiptRule', 'behind another', { RuleSetName, Rule: rule('two'), After: 'one' }),
  ses('CreateReceiptRule', 'behind none', { RuleSetName, Rule: rule('three') }),
  ses('CreateReceiptRule', 'behind one that is missing', { RuleSetName, Rule: rule('four'), After: 'missing' }),
  ses('CreateReceiptRule', 'in a set that is missing', { ...missing, Rule: rule('one') }),
  ses('CreateReceiptRule', 'with a bad name', { RuleSetName, Rule: rule('no name') }),
  ses('DescribeReceiptRuleSet', 'with three rules', { RuleSetName }),
  ses('UpdateReceiptRule', 'of little', { RuleSetName, Rule: { Name: 'one' } }),
  ses('DescribeReceiptRule', 'as it was updated', { RuleSetName, RuleName: 'one' }),
  ses('UpdateReceiptRule', 'that is missing', { RuleSetName, Rule: rule('missing') }),
  ses('UpdateReceiptRule', 'in a set that is missing', { ...missing, Rule: rule('one') }),
  ses('DescribeReceiptRule', 'that is missing', { RuleSetName, RuleName: 'missing' }),
  ses('DescribeReceiptRule', 'in a set that is missing', { ...missing, RuleName: 'one' }),
];

const active = [
  ses('SetActiveReceiptRuleSet', 'that is there', { RuleSetName }),
  ses('SetActiveReceiptRuleSet', 'that is missing', missing),
  ses('DescribeActiveReceiptRuleSet', 'with one active', {}),
  ses('CloneReceiptRuleSet', 'of a set', { RuleSetName: 'clone', OriginalRuleSetName: RuleSetName }),
  ses('CloneReceiptRuleSet', 'of a set that is missing', { RuleSetName: 'clone-two', OriginalRuleSetName: 'missing' }),
  ses('CloneReceiptRuleSet', 'under a name that is taken', { RuleSetName, OriginalRuleSetName: 'clone' }),
  ses('DeleteReceiptRuleSet', 'that is active', { RuleSetName }),
  ses('DeleteReceiptRuleSet', 'that is not active', { RuleSetName: 'clone' }),
  ses('DeleteReceiptRuleSet', 'that is missing', missing),
  ses('SetActiveReceiptRuleSet', 'none', {}),
  ses('DescribeActiveReceiptRuleSet', 'with none active again', {}),
];

const identities = [
  ses('VerifyDomainIdentity', 'a domain', { Domain: 'example.com' }),
  ses('VerifyEmailIdentity', 'an address', { EmailAddress: 'a@example.org' }),
  ses('ListIdentities', 'domains', { IdentityType: 'Domain' }),
  ses('ListIdentities', 'all', {}),
  ses('GetIdentityVerificationAttributes', 'of a domain', { Identities: ['example.com'] }),
  ses('DeleteIdentity', 'a domain', { Identity: 'example.com' }),
  ses('DeleteIdentity', 'that is missing', { Identity: 'example.com' }),
];

// What one of the two takes and the other refuses comes last, so that nothing later stands on it.
const refusals = [
  ses('CreateReceiptRule', 'that is there, but for an action', { RuleSetName, Rule: rule('two', { Actions: [] }) }),
];

/** Rule sets, rules and identities. Delete, reorder, move and filters are not here: moto has none of them. */
export const SES_CALLS = [...ruleSets, ...rules, ...active, ...identities, ...refusals];
