import { expect, test } from 'vitest';
import type { ObservedRuleSet } from '../../src/core/observed.ts';
import type { MxAnswer } from '../../src/core/ports.ts';
import { explainMail } from '../../src/core/routing-checks.ts';
import { NO_FACTS, type RoutingFacts } from '../../src/core/routing-facts.ts';
import { rule, stop } from './support/rules.ts';

const mxAt = (exchange: string): ReadonlyMap<string, MxAnswer> =>
  new Map([['example.com', { kind: 'records', records: [{ preference: 10, exchange }] }]]);
const VERIFIED: RoutingFacts = {
  ...NO_FACTS,
  identities: new Map([['example.com', 'verified']]),
  mx: mxAt('inbound-smtp.us-west-2.amazonaws.com'),
};
const setOf = (...rules: ObservedRuleSet['rules']): ObservedRuleSet => ({ name: 'main', rules });

test.each<[string, ObservedRuleSet | undefined, RoutingFacts, readonly string[]]>([
  ['where everything is well', setOf(rule('A')), VERIFIED, ['mx good', 'identity good', 'ruleSet good', 'rules good']],
  ['with no set', undefined, VERIFIED, ['mx good', 'identity good', 'ruleSet bad']],
  ['with no rule', setOf(), VERIFIED, ['mx good', 'identity good', 'ruleSet good', 'rules bad']],
  [
    'behind a stop',
    setOf(rule('A', { actions: [stop] }), rule('B')),
    VERIFIED,
    ['mx good', 'identity good', 'ruleSet good', 'rules noted'],
  ],
  [
    'with MX elsewhere',
    setOf(rule('A')),
    { ...VERIFIED, mx: mxAt('mx.example.net') },
    ['mx bad', 'identity good', 'ruleSet good', 'rules good'],
  ],
  [
    'that DNS does not lead to',
    setOf(rule('A')),
    { ...VERIFIED, mx: new Map([['example.com', { kind: 'not-asked' }]]) },
    ['mx unknown', 'identity good', 'ruleSet good', 'rules good'],
  ],
  [
    'that nobody answers for',
    setOf(rule('A')),
    NO_FACTS,
    ['mx unknown', 'identity unknown', 'ruleSet good', 'rules good'],
  ],
  [
    'without an identity',
    setOf(rule('A')),
    {
      ...VERIFIED,
      identities: new Map([
        ['example.com', 'absent'],
        ['a@example.com', 'absent'],
      ]),
    },
    ['mx good', 'identity bad', 'ruleSet good', 'rules good'],
  ],
])('the way of a mail %s', (_, active, facts, expected) => {
  const { checks } = explainMail('a@example.com', 'us-west-2', active, facts);

  expect(checks.map(({ check, outcome }) => `${check} ${outcome}`)).toEqual(expected);
});
