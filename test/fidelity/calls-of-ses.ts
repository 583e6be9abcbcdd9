import {
  CloneReceiptRuleSetCommand,
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  DeleteIdentityCommand,
  DeleteReceiptRuleSetCommand,
  DescribeActiveReceiptRuleSetCommand,
  DescribeReceiptRuleCommand,
  DescribeReceiptRuleSetCommand,
  GetIdentityVerificationAttributesCommand,
  ListIdentitiesCommand,
  ListReceiptRuleSetsCommand,
  SetActiveReceiptRuleSetCommand,
  UpdateReceiptRuleCommand,
  VerifyDomainIdentityCommand,
  VerifyEmailIdentityCommand,
} from '@aws-sdk/client-ses';
import { callsOf } from './script.ts';

const ses = callsOf('ses');
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
  ses('with none active', () => new DescribeActiveReceiptRuleSetCommand({})),
  ses('that is new', () => new CreateReceiptRuleSetCommand({ RuleSetName })),
  ses('that is there', () => new CreateReceiptRuleSetCommand({ RuleSetName })),
  ses('with a bad name', () => new CreateReceiptRuleSetCommand({ RuleSetName: 'no name' })),
  ses('with a name too long', () => new CreateReceiptRuleSetCommand({ RuleSetName: 'x'.repeat(65) })),
  ses('that is new', () => new DescribeReceiptRuleSetCommand({ RuleSetName })),
  ses('that is missing', () => new DescribeReceiptRuleSetCommand(missing)),
  ses('all', () => new ListReceiptRuleSetsCommand({})),
];

const rules = [
  ses('that is the first', () => new CreateReceiptRuleCommand({ RuleSetName, Rule: rule('one') })),
  ses('behind another', () => new CreateReceiptRuleCommand({ RuleSetName, Rule: rule('two'), After: 'one' })),
  ses('behind none', () => new CreateReceiptRuleCommand({ RuleSetName, Rule: rule('three') })),
  ses(
    'behind one that is missing',
    () => new CreateReceiptRuleCommand({ RuleSetName, Rule: rule('four'), After: 'missing' }),
  ),
  ses('in a set that is missing', () => new CreateReceiptRuleCommand({ ...missing, Rule: rule('one') })),
  ses('with a bad name', () => new CreateReceiptRuleCommand({ RuleSetName, Rule: rule('no name') })),
  ses('with three rules', () => new DescribeReceiptRuleSetCommand({ RuleSetName })),
  ses('of little', () => new UpdateReceiptRuleCommand({ RuleSetName, Rule: { Name: 'one' } })),
  ses('as it was updated', () => new DescribeReceiptRuleCommand({ RuleSetName, RuleName: 'one' })),
  ses('that is missing', () => new UpdateReceiptRuleCommand({ RuleSetName, Rule: rule('missing') })),
  ses('in a set that is missing', () => new UpdateReceiptRuleCommand({ ...missing, Rule: rule('one') })),
  ses('that is missing', () => new DescribeReceiptRuleCommand({ RuleSetName, RuleName: 'missing' })),
  ses('in a set that is missing', () => new DescribeReceiptRuleCommand({ ...missing, RuleName: 'one' })),
];

const active = [
  ses('that is there', () => new SetActiveReceiptRuleSetCommand({ RuleSetName })),
  ses('that is missing', () => new SetActiveReceiptRuleSetCommand(missing)),
  ses('with one active', () => new DescribeActiveReceiptRuleSetCommand({})),
  ses('of a set', () => new CloneReceiptRuleSetCommand({ RuleSetName: 'clone', OriginalRuleSetName: RuleSetName })),
  ses(
    'of a set that is missing',
    () => new CloneReceiptRuleSetCommand({ RuleSetName: 'clone-two', OriginalRuleSetName: 'missing' }),
  ),
  ses(
    'under a name that is taken',
    () => new CloneReceiptRuleSetCommand({ RuleSetName, OriginalRuleSetName: 'clone' }),
  ),
  ses('that is active', () => new DeleteReceiptRuleSetCommand({ RuleSetName })),
  ses('that is not active', () => new DeleteReceiptRuleSetCommand({ RuleSetName: 'clone' })),
  ses('that is missing', () => new DeleteReceiptRuleSetCommand(missing)),
  ses('none', () => new SetActiveReceiptRuleSetCommand({})),
  ses('with none active again', () => new DescribeActiveReceiptRuleSetCommand({})),
];

const identities = [
  ses('a domain', () => new VerifyDomainIdentityCommand({ Domain: 'example.com' })),
  ses('an address', () => new VerifyEmailIdentityCommand({ EmailAddress: 'a@example.org' })),
  ses('domains', () => new ListIdentitiesCommand({ IdentityType: 'Domain' })),
  ses('all', () => new ListIdentitiesCommand({})),
  ses('of a domain', () => new GetIdentityVerificationAttributesCommand({ Identities: ['example.com'] })),
  ses('a domain', () => new DeleteIdentityCommand({ Identity: 'example.com' })),
  ses('that is missing', () => new DeleteIdentityCommand({ Identity: 'example.com' })),
];

// What one of the two takes and the other refuses comes last, so that nothing later stands on it.
const refusals = [
  ses(
    'that is there, but for an action',
    () => new CreateReceiptRuleCommand({ RuleSetName, Rule: rule('two', { Actions: [] }) }),
  ),
];

/** Rule sets, rules and identities. Delete, reorder, move and filters are not here: moto has none of them. */
export const SES_CALLS = [...ruleSets, ...rules, ...active, ...identities, ...refusals];
