import { describe, expect, it } from 'vitest';
import { parsePolicy, type PolicyKind } from '../../src/sandbox/policy/document.ts';
import { evaluate, type PolicyPrincipal, type Question } from '../../src/sandbox/policy/evaluate.ts';

const GUIDE = 'https://docs.aws.amazon.com/IAM/latest/UserGuide';
const LOGIC = `${GUIDE}/reference_policies_evaluation-logic.html`;
const OPERATORS = `${GUIDE}/reference_policies_elements_condition_operators.html`;
const MANY_VALUES = `${GUIDE}/reference_policies_condition-logic-multiple-context-keys-or-values.html`;
const NOT_ACTION = `${GUIDE}/reference_policies_elements_notaction.html`;
const NOT_RESOURCE = `${GUIDE}/reference_policies_elements_notresource.html`;
const PRINCIPAL = `${GUIDE}/reference_policies_elements_principal.html`;
const ACTION = `${GUIDE}/reference_policies_elements_action.html`;
const RESOURCE = `${GUIDE}/reference_policies_elements_resource.html`;
const SES = 'https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html';

const ACCOUNT = '123456789012';
const ROLE: PolicyPrincipal = { kind: 'aws', account: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:role/mail` };
const ROOT: PolicyPrincipal = { kind: 'aws', account: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root` };
const STRANGER: PolicyPrincipal = { kind: 'aws', account: '999999999999', arn: 'arn:aws:iam::999999999999:role/x' };
const SES_ITSELF: PolicyPrincipal = { kind: 'service', service: 'ses.amazonaws.com' };
const RULE = `arn:aws:ses:us-west-2:${ACCOUNT}:receipt-rule-set/mail:receipt-rule/store`;

type Case = {
  /** What AWS's documentation says, in its sense. */
  readonly says: string;
  readonly source: string;
  readonly kind?: PolicyKind;
  readonly statements: readonly object[];
  readonly asked?: Partial<Question>;
  readonly decision: 'allow' | 'deny' | 'none';
};

const allow = (more: object = {}) => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::mail/*',
  ...more,
});
const deny = (more: object = {}) => ({ ...allow(more), Effect: 'Deny' });
const when = (operator: string, key: string, value: unknown) => ({ Condition: { [operator]: { [key]: value } } });
const given = (context: NonNullable<Question['context']>) => ({ asked: { context } });

const CASES: readonly Case[] = [
  {
    says: 'by default, all requests are denied',
    source: LOGIC,
    statements: [allow({ Action: 's3:PutObject' })],
    decision: 'none',
  },
  { says: 'an explicit allow overrides this default', source: LOGIC, statements: [allow()], decision: 'allow' },
  { says: 'an explicit deny overrides any allow', source: LOGIC, statements: [allow(), deny()], decision: 'deny' },
  {
    says: 'the order in which policies are evaluated has no effect',
    source: LOGIC,
    statements: [deny(), allow()],
    decision: 'deny',
  },
  {
    says: 'a deny whose condition is not met denies nothing',
    source: LOGIC,
    statements: [allow(), deny(when('Bool', 'aws:SecureTransport', 'false'))],
    ...given({ 'aws:securetransport': 'true' }),
    decision: 'allow',
  },

  {
    says: 'the prefix and the action name are case insensitive',
    source: ACTION,
    statements: [allow({ Action: 'S3:GETOBJECT' })],
    decision: 'allow',
  },
  {
    says: '* stands for any characters of an action',
    source: ACTION,
    statements: [allow({ Action: 's3:Get*' })],
    decision: 'allow',
  },
  {
    says: '? stands for one character',
    source: RESOURCE,
    statements: [allow({ Resource: 'arn:aws:s3:::mai?/*' })],
    decision: 'allow',
  },
  {
    says: 'a resource is case sensitive',
    source: RESOURCE,
    statements: [allow({ Resource: 'arn:aws:s3:::Mail/*' })],
    decision: 'none',
  },
  {
    says: '* in a resource goes across slashes',
    source: RESOURCE,
    statements: [allow({ Resource: 'arn:aws:s3:::*a' })],
    decision: 'allow',
  },

  {
    says: 'NotAction with Allow grants everything else',
    source: NOT_ACTION,
    statements: [allow({ Action: undefined, NotAction: 's3:DeleteBucket', Resource: '*' })],
    decision: 'allow',
  },
  {
    says: 'NotAction does not grant what it lists',
    source: NOT_ACTION,
    statements: [allow({ Action: undefined, NotAction: ['s3:DeleteBucket', 's3:Get*'], Resource: '*' })],
    decision: 'none',
  },
  {
    says: 'NotAction with Deny denies everything else',
    source: NOT_ACTION,
    statements: [allow(), deny({ Action: undefined, NotAction: 'iam:*', Resource: '*' })],
    decision: 'deny',
  },
  {
    says: 'NotAction with Deny grants nothing of what it lists',
    source: NOT_ACTION,
    statements: [deny({ Action: undefined, NotAction: 's3:*', Resource: '*' })],
    decision: 'none',
  },
  {
    says: 'NotResource with Deny denies all but what it lists',
    source: NOT_RESOURCE,
    statements: [allow(), deny({ Resource: undefined, NotResource: 'arn:aws:s3:::other/*' })],
    decision: 'deny',
  },
  {
    says: 'NotResource leaves what it lists alone',
    source: NOT_RESOURCE,
    statements: [allow(), deny({ Resource: undefined, NotResource: 'arn:aws:s3:::mail/*' })],
    decision: 'allow',
  },

  {
    says: 'every condition of a statement must be met (AND)',
    source: MANY_VALUES,
    statements: [allow({ Condition: { StringEquals: { 'aws:a': '1' }, StringLike: { 'aws:b': '2' } } })],
    ...given({ 'aws:a': '1', 'aws:b': '3' }),
    decision: 'none',
  },
  {
    says: 'every key of an operator must be met (AND)',
    source: MANY_VALUES,
    statements: [allow({ Condition: { StringEquals: { 'aws:a': '1', 'aws:b': '2' } } })],
    ...given({ 'aws:a': '1' }),
    decision: 'none',
  },
  {
    says: 'one of several values must fit (OR)',
    source: MANY_VALUES,
    statements: [allow(when('StringEquals', 'aws:a', ['1', '2']))],
    ...given({ 'aws:a': '2' }),
    decision: 'allow',
  },
  {
    says: 'with a negated operator none of several values may fit (NOR)',
    source: MANY_VALUES,
    statements: [allow(when('StringNotEquals', 'aws:a', ['1', '2']))],
    ...given({ 'aws:a': '2' }),
    decision: 'none',
  },
  {
    says: 'condition keys are not case sensitive',
    source: OPERATORS,
    statements: [allow(when('StringEquals', 'AWS:A', '1'))],
    ...given({ 'aws:a': '1' }),
    decision: 'allow',
  },

  {
    says: 'StringEquals is case sensitive',
    source: OPERATORS,
    statements: [allow(when('StringEquals', 'aws:a', 'X'))],
    ...given({ 'aws:a': 'x' }),
    decision: 'none',
  },
  {
    says: 'StringEquals takes * for itself',
    source: OPERATORS,
    statements: [allow(when('StringEquals', 'aws:a', '*'))],
    ...given({ 'aws:a': 'x' }),
    decision: 'none',
  },
  {
    says: 'StringEqualsIgnoreCase ignores case',
    source: OPERATORS,
    statements: [allow(when('StringEqualsIgnoreCase', 'aws:a', 'X'))],
    ...given({ 'aws:a': 'x' }),
    decision: 'allow',
  },
  {
    says: 'StringNotEqualsIgnoreCase negates it',
    source: OPERATORS,
    statements: [allow(when('StringNotEqualsIgnoreCase', 'aws:a', 'X'))],
    ...given({ 'aws:a': 'x' }),
    decision: 'none',
  },
  {
    says: 'StringLike matches by * and ?',
    source: OPERATORS,
    statements: [allow(when('StringLike', 'aws:a', 'a?c*'))],
    ...given({ 'aws:a': 'abcd' }),
    decision: 'allow',
  },
  {
    says: 'StringNotLike negates it',
    source: OPERATORS,
    statements: [allow(when('StringNotLike', 'aws:a', 'a*'))],
    ...given({ 'aws:a': 'abcd' }),
    decision: 'none',
  },
  {
    says: 'ArnEquals and ArnLike behave alike',
    source: OPERATORS,
    statements: [allow(when('ArnEquals', 'aws:SourceArn', `${RULE}*`))],
    ...given({ 'aws:sourcearn': `${RULE}-two` }),
    decision: 'allow',
  },
  {
    says: 'each part of an ARN is matched on its own',
    source: OPERATORS,
    statements: [allow(when('ArnLike', 'aws:SourceArn', 'arn:aws:ses:*:receipt-rule-set/*'))],
    ...given({ 'aws:sourcearn': RULE }),
    decision: 'none',
  },
  {
    says: 'ArnNotLike negates it',
    source: OPERATORS,
    statements: [allow(when('ArnNotLike', 'aws:SourceArn', RULE))],
    ...given({ 'aws:sourcearn': RULE }),
    decision: 'none',
  },
  {
    says: 'a key that is not present makes an operator false',
    source: OPERATORS,
    statements: [allow(when('StringLike', 'aws:a', '*'))],
    decision: 'none',
  },
  {
    says: 'a key that is not present makes a negated operator true',
    source: OPERATORS,
    statements: [allow(when('StringNotLike', 'aws:a', '*'))],
    decision: 'allow',
  },
  {
    says: 'IfExists is true when the key is not present',
    source: OPERATORS,
    statements: [allow(when('StringEqualsIfExists', 'aws:a', '1'))],
    decision: 'allow',
  },
  {
    says: 'IfExists compares when it is',
    source: OPERATORS,
    statements: [allow(when('StringEqualsIfExists', 'aws:a', '1'))],
    ...given({ 'aws:a': '2' }),
    decision: 'none',
  },
  {
    says: 'Null true: the key must not be present',
    source: OPERATORS,
    statements: [allow(when('Null', 'aws:a', 'true'))],
    decision: 'allow',
  },
  {
    says: 'Null true: with the key it fails',
    source: OPERATORS,
    statements: [allow(when('Null', 'aws:a', true))],
    ...given({ 'aws:a': '1' }),
    decision: 'none',
  },
  {
    says: 'Null false: the key must be present',
    source: OPERATORS,
    statements: [allow(when('Null', 'aws:a', 'false'))],
    ...given({ 'aws:a': '1' }),
    decision: 'allow',
  },

  {
    says: 'a role is named by its ARN',
    source: PRINCIPAL,
    kind: 'resource',
    statements: [allow({ Principal: { AWS: ROLE.arn } })],
    asked: { principal: ROLE },
    decision: 'allow',
  },
  {
    says: 'an account number and the ARN of its root say the same',
    source: PRINCIPAL,
    kind: 'resource',
    statements: [allow({ Principal: { AWS: ACCOUNT } })],
    asked: { principal: ROOT },
    decision: 'allow',
  },
  {
    says: 'naming the account leaves the decision to its own policies',
    source: PRINCIPAL,
    kind: 'resource',
    statements: [allow({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } })],
    asked: { principal: ROLE },
    decision: 'none',
  },
  {
    says: 'denying the account denies everybody in it',
    source: PRINCIPAL,
    kind: 'resource',
    statements: [deny({ Principal: { AWS: ACCOUNT } })],
    asked: { principal: ROLE },
    decision: 'deny',
  },
  {
    says: '* is everybody',
    source: PRINCIPAL,
    kind: 'resource',
    statements: [allow({ Principal: '*' })],
    asked: { principal: STRANGER },
    decision: 'allow',
  },
  {
    says: '{"AWS": "*"} is everybody too',
    source: PRINCIPAL,
    kind: 'resource',
    statements: [allow({ Principal: { AWS: '*' } })],
    asked: { principal: STRANGER },
    decision: 'allow',
  },

  {
    says: 'SES writes into a bucket for one rule',
    source: SES,
    kind: 'resource',
    statements: [sesGrant(RULE)],
    asked: sesAsks(RULE),
    decision: 'allow',
  },
  {
    says: 'and for no other',
    source: SES,
    kind: 'resource',
    statements: [sesGrant(RULE)],
    asked: sesAsks(`${RULE}-two`),
    decision: 'none',
  },
];

function sesGrant(rule: string) {
  const Condition = { StringEquals: { 'AWS:SourceAccount': ACCOUNT, 'AWS:SourceArn': rule } };
  return allow({ Principal: { Service: 'ses.amazonaws.com' }, Action: 's3:PutObject', Condition });
}

function sesAsks(rule: string): Partial<Question> {
  const context = { 'aws:sourceaccount': ACCOUNT, 'aws:sourcearn': rule };
  return { principal: SES_ITSELF, action: 's3:PutObject', context };
}

describe('what AWS documents of policies', () => {
  it.each(CASES)('$says ($source)', ({ kind = 'identity', statements, asked, decision }) => {
    const parsed = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind);
    if (!parsed.ok) throw new Error(parsed.why);

    const question = { principal: ROLE, action: 's3:GetObject', resource: 'arn:aws:s3:::mail/a', ...asked };

    expect(evaluate({ ...question, documents: [parsed.document] }).decision).toBe(decision);
  });
});
