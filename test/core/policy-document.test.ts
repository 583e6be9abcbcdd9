import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergePolicy } from '../../src/core/plan-bucket.ts';
import {
  bucketGrant,
  bucketGrantSidPrefix,
  invokeGrant,
  invokeGrantIdPrefix,
  LAMBDA_TRUST,
  rolePolicy,
  ruleSetOfArn,
  samePolicy,
  statementsOf,
  type PolicyDocument,
  type Statement,
} from '../../src/core/policy-document.ts';
import { IDENTITY } from './support/pipeline.ts';

const allow = (over: object = {}): Statement => ({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', ...over });
const policy = (...statements: Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement: statements });

describe('two documents say the same', () => {
  test.each<[string, unknown, unknown]>([
    ['whatever the order of keys', { Effect: 'Allow', Action: 'a:b' }, { Action: 'a:b', Effect: 'Allow' }],
    ['a scalar or a list of one', allow({ Action: ['s3:GetObject'] }), allow()],
    ['a lone statement without its list', { Statement: allow() }, { Statement: [allow()] }],
    ['whatever the order of actions', allow({ Action: ['a:b', 'c:d'] }), allow({ Action: ['c:d', 'a:b'] })],
    [
      'whatever the order of statements',
      policy(allow(), allow({ Action: 'a:b' })),
      policy(allow({ Action: 'a:b' }), allow()),
    ],
    [
      'an account as its id or as its root',
      allow({ Principal: { AWS: '123456789012' } }),
      allow({ Principal: { AWS: 'arn:aws:iam::123456789012:root' } }),
    ],
    [
      'whatever the case of condition keys',
      allow({ Condition: { StringEquals: { 'AWS:SourceAccount': '1' } } }),
      allow({ Condition: { StringEquals: { 'aws:SourceAccount': ['1'] } } }),
    ],
    [
      'a condition of text or of another scalar',
      allow({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
      allow({ Condition: { Bool: { 'aws:SecureTransport': true } } }),
    ],
    ['both missing', undefined, undefined],
  ])('%s', (_, a, b) => {
    expect(samePolicy(a, b)).toBe(true);
  });

  test.each<[string, unknown, unknown]>([
    ['another effect', allow(), allow({ Effect: 'Deny' })],
    ['one more action', allow(), allow({ Action: ['s3:GetObject', 's3:PutObject'] })],
    ['an action or what it excludes', { Effect: 'Allow', Action: 'a:b' }, { Effect: 'Allow', NotAction: 'a:b' }],
    ['one action with a comma or two actions', allow({ Action: ['a:b', 'c:d'] }), allow({ Action: 'a:b,c:d' })],
    [
      'an account or a part of it',
      allow({ Principal: { AWS: 'arn:aws:iam::123456789012:root' } }),
      allow({ Principal: { AWS: 'arn:aws:iam::123456789012:role/x' } }),
    ],
    ['a principal or a service', allow({ Principal: { AWS: 'x' } }), allow({ Principal: { Service: 'x' } })],
    [
      'another condition operator',
      allow({ Condition: { StringEquals: { a: 'x' } } }),
      allow({ Condition: { StringLike: { a: 'x' } } }),
    ],
    [
      'the case of a condition value',
      allow({ Condition: { StringEquals: { a: 'x' } } }),
      allow({ Condition: { StringEquals: { a: 'X' } } }),
    ],
    [
      'one value fewer',
      allow({ Condition: { StringEquals: { a: ['x', 'y'] } } }),
      allow({ Condition: { StringEquals: { a: 'x' } } }),
    ],
    ['no condition', allow({ Condition: { StringEquals: { a: 'x' } } }), allow()],
    ['another Sid', allow({ Sid: 'a' }), allow({ Sid: 'b' })],
    ['one statement fewer', policy(allow(), allow({ Sid: 'b' })), policy(allow())],
    ['nothing', policy(allow()), undefined],
  ])('but not with %s', (_, a, b) => {
    expect(samePolicy(a, b)).toBe(false);
  });

  test('however they are shuffled, and no longer when one leaf changes', () => {
    const word = fc.stringMatching(/^[a-zA-Z:*/]{1,8}$/);
    const statement = fc.record({
      Sid: word,
      Effect: fc.constantFrom('Allow', 'Deny'),
      Action: fc.uniqueArray(word, { minLength: 1, maxLength: 4 }),
      Resource: fc.uniqueArray(word, { minLength: 1, maxLength: 4 }),
      Condition: fc.dictionary(
        word,
        fc.dictionary(fc.stringMatching(/^[a-z:]{1,8}$/), fc.uniqueArray(word, { minLength: 1, maxLength: 3 }), {
          noNullPrototype: true,
        }),
        { noNullPrototype: true, maxKeys: 2 },
      ),
    });
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 3 }), (statements) => {
        const document = policy(...statements);
        expect(samePolicy(document, shuffled(document))).toBe(true);

        const [first, ...rest] = statements;
        const changed = policy(
          { ...first, Effect: 'Allow', Resource: [...(first?.Resource ?? []), 'one more than 8'] },
          ...rest,
        );
        expect(samePolicy(document, changed)).toBe(false);
      }),
    );
  });
});

/** Keys and lists reversed, lists of one as scalars: what AWS may do to a document. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 ? shuffled(value[0]) : value.map(shuffled).reverse();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, shuffled(member)] as const)
      .reverse(),
  );
}

describe('merging a bucket policy', () => {
  const foreign = fc.record({
    Sid: fc.option(fc.stringMatching(/^[A-Z][a-z]{0,6}$/), { nil: undefined }),
    Effect: fc.constantFrom('Allow', 'Deny'),
    Action: fc.string(),
    Extra: fc.jsonValue(),
  }) as fc.Arbitrary<Statement>;
  const ours = bucketGrant(IDENTITY, 'bodies', 'set');

  test('leaves statements of others as they are and in their order', () => {
    fc.assert(
      fc.property(fc.array(foreign), fc.string(), (statements, Id) => {
        const live: PolicyDocument = { Version: '2008-10-17', Id, Statement: statements };

        const merged = mergePolicy(live, [ours], [ours.Sid ?? '']);

        expect(merged).toEqual({ Version: '2008-10-17', Id, Statement: [...statements, ours] });
        expect(mergePolicy(merged, [ours], [ours.Sid ?? ''])).toEqual(merged);
        expect(mergePolicy(merged, [], [ours.Sid ?? ''])).toEqual(live);
      }),
    );
  });

  test('replaces an altered statement of ours', () => {
    const altered = { ...ours, Action: 's3:*' };

    expect(mergePolicy(policy(allow({ Sid: 'Other' }), altered), [ours], [ours.Sid ?? ''])).toEqual(
      policy(allow({ Sid: 'Other' }), ours),
    );
  });

  test('begins a document where there was none', () => {
    expect(mergePolicy(undefined, [ours], [])).toEqual(policy(ours));
  });

  test('reads a lone statement that stands without a list', () => {
    const live = { Version: '2012-10-17', Statement: allow({ Sid: 'Other' }) } as unknown as PolicyDocument;

    expect(statementsOf(live)).toEqual([allow({ Sid: 'Other' })]);
    expect(mergePolicy(live, [ours], []).Statement).toEqual([allow({ Sid: 'Other' }), ours]);
  });
});

describe('the grants', () => {
  test('let SES write bodies for all rules of the pipeline, and for nobody else', () => {
    expect(bucketGrant(IDENTITY, 'bodies', 'set')).toEqual({
      Sid: expect.stringMatching(/^PermitSESServiceToSaveEmailBody[0-9a-f]{20}$/),
      Effect: 'Allow',
      Principal: { Service: 'ses.amazonaws.com' },
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::bodies/*',
      Condition: {
        StringEquals: { 'aws:SourceAccount': '123456789012' },
        ArnLike: {
          'aws:SourceArn': 'arn:aws:ses:us-west-2:123456789012:receipt-rule-set/set:receipt-rule/slp_mail_app_*',
        },
      },
    });
  });

  test('let the rules invoke the function', () => {
    expect(invokeGrant(IDENTITY, 'set')).toEqual({
      statementId: expect.stringMatching(/^ses-[0-9a-f]{10}-[0-9a-f]{10}$/),
      principal: 'ses.amazonaws.com',
      action: 'lambda:InvokeFunction',
      sourceAccount: '123456789012',
      sourceArn: 'arn:aws:ses:us-west-2:123456789012:receipt-rule-set/set:receipt-rule/slp_mail_app_*',
    });
  });

  test('get another id with every other thing they say, under the prefix of their pipeline', () => {
    const other = { ...IDENTITY, name: 'other' };
    const sids = [
      bucketGrant(IDENTITY, 'a', 's'),
      bucketGrant(IDENTITY, 'b', 's'),
      bucketGrant(IDENTITY, 'a', 't'),
    ].map(({ Sid }) => Sid ?? '');
    const ids = [invokeGrant(IDENTITY, 's'), invokeGrant(IDENTITY, 't')].map(({ statementId }) => statementId);

    expect(new Set([...sids, ...ids]).size).toBe(5);
    expect(sids.every((sid) => sid.startsWith(bucketGrantSidPrefix(IDENTITY)))).toBe(true);
    expect(ids.every((id) => id.startsWith(invokeGrantIdPrefix(IDENTITY)))).toBe(true);
    expect(sids.some((sid) => sid.startsWith(bucketGrantSidPrefix(other)))).toBe(false);
    expect(ids.some((id) => id.startsWith(invokeGrantIdPrefix(other)))).toBe(false);
  });

  test('tell which set they are for', () => {
    expect(ruleSetOfArn(invokeGrant(IDENTITY, 'my_set-1').sourceArn)).toBe('my_set-1');
    expect(ruleSetOfArn('arn:aws:s3:::bucket')).toBeUndefined();
  });
});

describe('the role', () => {
  test('may be assumed by Lambda alone', () => {
    expect(LAMBDA_TRUST.Statement).toEqual([
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ]);
  });

  test('may write the log of its own function, and what the manifest grants', () => {
    const log = 'arn:aws:logs:us-west-2:123456789012:log-group:/aws/lambda/fn';

    expect(rolePolicy(IDENTITY, 'fn', [{ actions: ['s3:GetObject'], resource: 'arn:x' }], []).Statement).toEqual([
      {
        Sid: 'WriteOwnLog',
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [log, `${log}:*`],
      },
      { Sid: 'Privilege0', Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'arn:x' },
    ]);
  });
});
