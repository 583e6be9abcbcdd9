import { describe, expect, test } from 'vitest';
import { describeRuleAction, explainAddress } from '../../src/core/explain.ts';
import { bounce, invoke, rule, stop, store, workmail } from './support/rules.ts';

const sync = { kind: 'lambda', functionArn: 'arn:f', invocationType: 'RequestResponse' } as const;
const outcomes = (address: string, rules: Parameters<typeof explainAddress>[1]) =>
  explainAddress(address, rules).verdicts.map(
    ({ rule: name, outcome, matchedBy }) => `${name} ${outcome}${matchedBy === undefined ? '' : ` by ${matchedBy}`}`,
  );

test('mail is refused where no set is active', () => {
  expect(explainAddress('a@example.com', undefined)).toEqual({
    address: 'a@example.com',
    verdicts: [],
    summary: 'No rule set is active in this region, so mail for a@example.com is refused.',
  });
});

test('mail is refused where no rule matches', () => {
  expect(explainAddress('a@example.com', [rule('A', { recipients: ['b@example.com'] })]).summary).toBe(
    'No enabled rule matches a@example.com, so SES refuses mail for it.',
  );
});

describe('a rule', () => {
  test.each<[string, string[], string | undefined]>([
    ['a@example.com', ['a@example.com'], 'a@example.com'],
    ['A@EXAMPLE.com', ['a@example.com'], 'a@example.com'],
    ['a+x@example.com', ['a@example.com'], 'a@example.com'],
    ['a@example.com', ['a+x@example.com'], undefined],
    ['a@example.com', ['example.com'], 'example.com'],
    ['a@sub.example.com', ['example.com'], undefined],
    ['a@sub.example.com', ['.example.com'], '.example.com'],
    ['a@deep.sub.example.com', ['.example.com'], '.example.com'],
    ['a@example.com', ['.example.com'], undefined],
    ['a@example.com', [], '*'],
  ])('for %s matches %j by %s', (address, recipients, matchedBy) => {
    expect(explainAddress(address, [rule('A', { recipients })]).verdicts).toMatchObject([
      { position: 1, outcome: matchedBy === undefined ? 'no-match' : 'runs' },
    ]);
    expect(explainAddress(address, [rule('A', { recipients })]).verdicts[0]?.matchedBy).toBe(matchedBy);
  });

  test('that is not enabled neither runs nor stops', () => {
    expect(outcomes('a@example.com', [rule('A', { enabled: false, actions: [stop] }), rule('B')])).toEqual([
      'A disabled',
      'B runs by *',
    ]);
  });

  test('that stops keeps those behind it from running', () => {
    const rules = [
      rule('A', { recipients: ['b@example.com'], actions: [stop] }),
      rule('B', { actions: [store(), stop] }),
      rule('C'),
      rule('D', { recipients: ['b@example.com'] }),
    ];

    expect(outcomes('a@example.com', rules)).toEqual(['A no-match', 'B runs by *', 'C not-reached by *', 'D no-match']);
    expect(explainAddress('a@example.com', rules).summary).toBe(
      '1 of 4 rules run for a@example.com; B ends the evaluation.',
    );
  });

  test('whose function answers may stop, and those behind it count as run', () => {
    const { verdicts, summary } = explainAddress('a@example.com', [rule('A', { actions: [sync] }), rule('B')]);

    expect(verdicts).toMatchObject([
      { outcome: 'runs', stops: 'maybe' },
      { outcome: 'runs', stops: 'no' },
    ]);
    expect(summary).toContain('2 of 2 rules run');
  });

  test('that bounces may stop, since AWS does not say', () => {
    const { verdicts } = explainAddress('a@example.com', [rule('A', { actions: [bounce] }), rule('B')]);

    expect(verdicts).toMatchObject([
      { stops: 'maybe', mayStopBecause: expect.stringContaining('AWS does not document') },
      { outcome: 'runs', stops: 'no' },
    ]);
  });
});

test('actions are told in a few words', () => {
  expect(
    [
      store(),
      { ...store(), objectKeyPrefix: 'in/' },
      invoke('arn:f'),
      stop,
      bounce,
      workmail,
      { kind: 'addHeader', name: 'X-A', value: 'b' },
      { kind: 'sns', topicArn: 'arn:t', encoding: 'Base64' },
      { kind: 'other', type: 'connect', detail: 'arn:i' },
    ].map((action) => describeRuleAction(action as ReturnType<typeof store>)),
  ).toEqual([
    'store in s3://bodies/',
    'store in s3://bodies/in/',
    'invoke arn:f (Event)',
    'stop the rule set',
    'bounce with 550 No such user',
    'hand over to WorkMail arn:aws:workmail:us-west-2:123456789012:organization/m-1',
    'add header X-A: b',
    'publish to arn:t (Base64)',
    'arn:i',
  ]);
});
