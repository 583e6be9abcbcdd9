import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMet, type Condition } from '../../src/sandbox/policy/condition.ts';
import { parsePolicy, type PolicyKind } from '../../src/sandbox/policy/document.ts';
import { evaluate, type PolicyPrincipal, type Question } from '../../src/sandbox/policy/evaluate.ts';
import { matchesAction, matchesArn, matchesWildcard } from '../../src/sandbox/policy/match.ts';

const SES: PolicyPrincipal = { kind: 'service', service: 'ses.amazonaws.com' };
const ROLE: PolicyPrincipal = { kind: 'aws', account: '123456789012', arn: 'arn:aws:iam::123456789012:role/mail' };
const ROOT: PolicyPrincipal = { kind: 'aws', account: '123456789012', arn: 'arn:aws:iam::123456789012:root' };
const RULE_ARN = 'arn:aws:ses:us-west-2:123456789012:receipt-rule-set/mail:receipt-rule/store';

function document(kind: PolicyKind, ...statements: readonly unknown[]) {
  const parsed = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind);
  if (!parsed.ok) throw new Error(parsed.why);
  return parsed.document;
}

function whyRefused(kind: PolicyKind, policy: unknown): string {
  const parsed = parsePolicy(typeof policy === 'string' ? policy : JSON.stringify(policy), kind);
  return parsed.ok ? 'accepted' : parsed.why;
}

const sesPuts = (condition?: unknown) => ({
  Sid: 'AllowSes',
  Effect: 'Allow',
  Principal: { Service: 'ses.amazonaws.com' },
  Action: 's3:PutObject',
  Resource: 'arn:aws:s3:::mail/*',
  ...(condition === undefined ? {} : { Condition: condition }),
});

const put: Question = { documents: [], principal: SES, action: 's3:PutObject', resource: 'arn:aws:s3:::mail/a' };

describe('evaluate', () => {
  it.each<{ name: string; statements: unknown[]; question?: Partial<Question>; decision: string }>([
    { name: 'allows what a statement allows', statements: [sesPuts()], decision: 'allow' },
    {
      name: 'says none without any statement for it',
      statements: [sesPuts()],
      question: { action: 's3:GetObject' },
      decision: 'none',
    },
    {
      name: 'says none for another service',
      statements: [sesPuts()],
      question: { principal: { kind: 'service', service: 'sns.amazonaws.com' } },
      decision: 'none',
    },
    {
      name: 'says none for a resource that is not covered',
      statements: [sesPuts()],
      question: { resource: 'arn:aws:s3:::other/a' },
      decision: 'none',
    },
    {
      name: 'lets a Deny win over an Allow, whatever the order',
      statements: [{ ...sesPuts(), Effect: 'Deny' }, sesPuts()],
      decision: 'deny',
    },
    { name: 'ignores the case of actions', statements: [{ ...sesPuts(), Action: ['S3:put*'] }], decision: 'allow' },
    { name: 'takes * for everybody', statements: [{ ...sesPuts(), Principal: '*' }], decision: 'allow' },
    { name: 'takes AWS * for everybody', statements: [{ ...sesPuts(), Principal: { AWS: ['*'] } }], decision: 'allow' },
    {
      name: 'allows a role named by ARN',
      statements: [{ ...sesPuts(), Principal: { AWS: ROLE.arn } }],
      question: { principal: ROLE },
      decision: 'allow',
    },
    {
      name: 'allows root when its account is named',
      statements: [{ ...sesPuts(), Principal: { AWS: '123456789012' } }],
      question: { principal: ROOT },
      decision: 'allow',
    },
    {
      name: 'leaves a role of a named account to its own policies',
      statements: [{ ...sesPuts(), Principal: { AWS: ROOT.arn } }],
      question: { principal: ROLE },
      decision: 'none',
    },
    {
      name: 'denies a role when its account is denied',
      statements: [{ ...sesPuts(), Effect: 'Deny', Principal: { AWS: ROOT.arn } }],
      question: { principal: ROLE },
      decision: 'deny',
    },
    {
      name: 'wants every condition met',
      statements: [sesPuts({ StringEquals: { 'AWS:SourceAccount': '1' }, ArnLike: { 'aws:SourceArn': RULE_ARN } })],
      question: { context: { 'aws:sourceaccount': '2', 'aws:sourcearn': RULE_ARN } },
      decision: 'none',
    },
    {
      name: 'compares condition keys without regard to case',
      statements: [sesPuts({ ArnLike: { 'AWS:sourceARN': [RULE_ARN] } })],
      question: { context: { 'aws:sourcearn': RULE_ARN } },
      decision: 'allow',
    },
    {
      name: 'ignores a Deny whose condition is not met',
      statements: [sesPuts(), { ...sesPuts({ Bool: { 'aws:SecureTransport': 'false' } }), Effect: 'Deny' }],
      question: { context: { 'aws:securetransport': 'true' } },
      decision: 'allow',
    },
  ])('$name', ({ statements, question, decision }) => {
    const verdict = evaluate({ ...put, documents: [document('resource', ...statements)], ...question });

    expect(verdict.decision).toBe(decision);
  });

  it('names the statement that decides, and the condition that kept another from deciding', () => {
    const allowed = evaluate({ ...put, documents: [document('resource', sesPuts())] });
    const missed = evaluate({
      ...put,
      documents: [document('resource', sesPuts({ ArnLike: { 'aws:SourceArn': 'arn:aws:ses:*:*:other' } }))],
      context: { 'aws:sourcearn': RULE_ARN },
    });

    expect(allowed.why).toContain('"AllowSes" allows s3:PutObject');
    expect(missed.why).toContain(`ArnLike aws:sourcearn wants "arn:aws:ses:*:*:other", the call has "${RULE_ARN}"`);
  });
});

describe('isMet', () => {
  const condition = (operator: Condition['operator'], values: string[], ifExists = false): Condition => ({
    operator,
    values,
    ifExists,
    key: 'k',
    keyAsWritten: 'K',
  });

  it.each([
    {
      name: 'StringEquals takes any of its values',
      condition: condition('StringEquals', ['a', 'b']),
      given: 'b',
      met: true,
    },
    { name: 'StringEquals minds the case', condition: condition('StringEquals', ['a']), given: 'A', met: false },
    { name: 'StringEquals knows no wildcard', condition: condition('StringEquals', ['a*']), given: 'ab', met: false },
    {
      name: 'StringEquals fails without the key',
      condition: condition('StringEquals', ['a']),
      given: undefined,
      met: false,
    },
    {
      name: 'StringEqualsIfExists passes without the key',
      condition: condition('StringEquals', ['a'], true),
      given: undefined,
      met: true,
    },
    {
      name: 'StringEqualsIfExists fails on another value',
      condition: condition('StringEquals', ['a'], true),
      given: 'b',
      met: false,
    },
    {
      name: 'StringNotEquals passes without the key',
      condition: condition('StringNotEquals', ['a']),
      given: undefined,
      met: true,
    },
    {
      name: 'StringNotEquals fails on any of its values',
      condition: condition('StringNotEquals', ['a', 'b']),
      given: 'b',
      met: false,
    },
    { name: 'StringLike knows wildcards', condition: condition('StringLike', ['a?c*']), given: 'abcd', met: true },
    {
      name: 'ArnEquals knows wildcards too',
      condition: condition('ArnEquals', ['arn:aws:ses:*:1:x']),
      given: 'arn:aws:ses:r:1:x',
      met: true,
    },
    {
      name: 'ArnLike stays within a part',
      condition: condition('ArnLike', ['arn:aws:ses:*:x']),
      given: 'arn:aws:ses:r:1:x',
      met: false,
    },
    { name: 'Bool ignores the case', condition: condition('Bool', ['True']), given: 'true', met: true },
  ])('$name', ({ condition, given, met }) => {
    expect(isMet(condition, { k: given })).toBe(met);
  });
});

describe('matching', () => {
  it.each([
    {
      pattern: 'arn:aws:ses:us-west-2:1:receipt-rule-set/mail:receipt-rule/slp_*',
      arn: 'arn:aws:ses:us-west-2:1:receipt-rule-set/mail:receipt-rule/slp_a',
      fits: true,
    },
    {
      pattern: 'arn:aws:ses:us-west-2:1:receipt-rule-set/*',
      arn: 'arn:aws:ses:us-west-2:1:receipt-rule-set/mail:receipt-rule/a',
      fits: true,
    },
    {
      pattern: 'arn:aws:ses:us-west-2:1:receipt-rule-set/other:*',
      arn: 'arn:aws:ses:us-west-2:1:receipt-rule-set/mail:receipt-rule/a',
      fits: false,
    },
    { pattern: '*', arn: 'arn:aws:ses:us-west-2:1:x', fits: true },
    { pattern: 'arn:*', arn: 'arn:aws:ses:us-west-2:1:x', fits: false },
  ])('matchesArn($pattern, $arn) is $fits', ({ pattern, arn, fits }) => {
    expect(matchesArn(pattern, arn)).toBe(fits);
  });

  it('ignores case in actions', () => {
    expect(matchesAction('LAMBDA:invoke?unction', 'lambda:InvokeFunction')).toBe(true);
  });

  it('agrees with a regular expression on any pattern', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });
    fc.assert(
      fc.property(letters, text, (pattern, value) => {
        const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchesWildcard(pattern, value)).toBe(expression.test(value));
      }),
    );
  });

  it('stays fast on a pattern that makes regular expressions slow', () => {
    expect(matchesWildcard(`${'*a'.repeat(200)}b`, 'a'.repeat(20_000))).toBe(false);
  });
});

describe('parsePolicy', () => {
  const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' };
  const withoutPrincipal = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };

  it.each<{ name: string; kind?: PolicyKind; policy: unknown; why: string }>([
    { name: 'text that is not JSON', policy: '{', why: 'not valid JSON' },
    { name: 'a list', policy: [], why: 'must be an object' },
    { name: 'an unknown version', policy: { Version: '2020-01-01', Statement: statement }, why: 'Version' },
    { name: 'no statement', policy: { Version: '2012-10-17' }, why: 'no Statement' },
    { name: 'an empty list of statements', policy: { Statement: [] }, why: 'no Statement' },
    { name: 'NotAction', policy: { Statement: { ...statement, NotAction: 's3:*' } }, why: 'NotAction' },
    { name: 'NotResource', policy: { Statement: { ...statement, NotResource: '*' } }, why: 'NotResource' },
    { name: 'NotPrincipal', policy: { Statement: { ...statement, NotPrincipal: '*' } }, why: 'NotPrincipal' },
    { name: 'a misspelt element', policy: { Statement: { ...statement, Ressource: '*' } }, why: 'Ressource' },
    {
      name: 'an operator it does not evaluate',
      policy: { Statement: { ...statement, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } } },
      why: 'IpAddress',
    },
    {
      name: 'a policy variable',
      policy: { Statement: { ...statement, Resource: 'arn:aws:s3:::b/${aws:username}' } },
      why: 'policy variables',
    },
    { name: 'another effect', policy: { Statement: { ...statement, Effect: 'allow' } }, why: 'Effect' },
    {
      name: 'an action without service',
      policy: { Statement: { ...statement, Action: 'GetObject' } },
      why: 'GetObject',
    },
    { name: 'a resource that is no ARN', policy: { Statement: { ...statement, Resource: 'mail/*' } }, why: 'mail/*' },
    {
      name: 'a principal that is a unique id',
      policy: { Statement: { ...statement, Principal: { AWS: 'AROAEXAMPLE' } } },
      why: 'Invalid principal in policy',
    },
    { name: 'a resource policy without principal', policy: { Statement: withoutPrincipal }, why: 'Principal' },
    { name: 'a principal on an identity', kind: 'identity', policy: { Statement: statement }, why: 'Principal' },
    { name: 'a resource in a trust policy', kind: 'trust', policy: { Statement: statement }, why: 'Resource' },
  ])('refuses $name', ({ kind = 'resource', policy, why }) => {
    expect(whyRefused(kind, policy)).toContain(why);
  });

  it('never throws, whatever JSON it is given', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom<PolicyKind>('resource', 'identity', 'trust'), (text, kind) => {
        expect(parsePolicy(text, kind).ok).toBe(false);
      }),
    );
  });
});
