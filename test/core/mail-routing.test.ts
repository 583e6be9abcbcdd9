import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/core/fault.ts';
import { mailRoutedCondition, mailRouting, type MailRouting } from '../../src/core/mail-routing.ts';
import type { MxAnswer } from '../../src/core/ports.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { isConditionReason } from '../../src/core/reasons.ts';
import { domainOf } from '../../src/core/recipients.ts';
import { domainNames, NO_FACTS, type RoutingFacts } from '../../src/core/routing-facts.ts';
import { rulesOf } from '../../src/core/rule-block.ts';
import { desired } from './support/pipeline.ts';
import { rule, stop } from './support/rules.ts';

const AT_SES: MxAnswer = {
  kind: 'records',
  records: [{ preference: 10, exchange: 'inbound-smtp.us-west-2.amazonaws.com' }],
};

type World = {
  readonly spec?: object;
  readonly facts?: Partial<RoutingFacts>;
  readonly foreign?: readonly ReceiptRule[];
  readonly active?: string | undefined;
};

/** A pipeline that mail reaches, but for what a test says. */
function routing({ spec = {}, facts = {}, foreign = [], ...rest }: World = {}): MailRouting {
  const pipeline = desired(spec);
  const { name } = pipeline.ruleSet;
  const sets = new Map([[name, { name, rules: [...foreign, ...rulesOf(pipeline.block)] }]]);
  const known: RoutingFacts = {
    identities: new Map([['example.com', 'verified']]),
    anyDomainVerified: true,
    mx: new Map([['example.com', AT_SES]]),
    fault: undefined,
  };
  return mailRouting(pipeline, { active: 'active' in rest ? rest.active : name, sets }, { ...known, ...facts });
}

const short = (world?: World): string => {
  const { status, reason } = mailRoutedCondition(routing(world));
  return `${status} ${reason}`;
};
const NOT_VERIFIED: Partial<RoutingFacts> = {
  identities: new Map([
    ['example.com', 'pending'],
    ['a@example.com', 'absent'],
  ]),
};
const NO_MX: Partial<RoutingFacts> = { mx: new Map([['example.com', { kind: 'records', records: [] }]]) };
const THEIRS = [rule('theirs', { actions: [stop] })];
const CATCH_ALL = { receiptRules: [{ name: 'All', recipients: [] }] };

describe('MailRouted', () => {
  it.each<[string, World, string]>([
    ['where everything is well', {}, 'True Routed'],
    ['where DNS does not count', { facts: { mx: new Map([['example.com', { kind: 'not-asked' }]]) } }, 'True Routed'],
    ['with no set active', { active: undefined }, 'False NotActive'],
    ['with another set active', { active: 'other' }, 'False NotActive'],
    ['with a domain that is not verified', { facts: NOT_VERIFIED }, 'False IdentityNotVerified'],
    ['with no MX', { facts: NO_MX }, 'False MxElsewhere'],
    ['behind a stop', { foreign: THEIRS }, 'False StoppedBefore'],
    ['with all of it', { active: undefined, facts: { ...NOT_VERIFIED, ...NO_MX }, foreign: THEIRS }, 'False NotActive'],
    ['for everybody', { spec: CATCH_ALL }, 'True Routed'],
    [
      'for everybody of no domain',
      { spec: CATCH_ALL, facts: { anyDomainVerified: false } },
      'False IdentityNotVerified',
    ],
    ['for everybody, unasked', { spec: CATCH_ALL, facts: { anyDomainVerified: undefined } }, 'Unknown NotLookedAt'],
    ['before anybody was asked', { facts: NO_FACTS }, 'Unknown NotLookedAt'],
    [
      'when DNS is silent',
      { facts: { mx: new Map([['example.com', { kind: 'unanswered' }]]) } },
      'Unknown NotLookedAt',
    ],
    [
      'when DNS is silent, of what is wrong all the same',
      { facts: { ...NOT_VERIFIED, mx: new Map() } },
      'False IdentityNotVerified',
    ],
  ])('%s', (_, world, expected) => {
    expect(short(world)).toBe(expected);
  });

  it('says why SES could not be asked', () => {
    const { fault } = new PipelineError({ class: 'denied', reason: 'AccessDenied', message: 'May not. Allow it.' });

    expect(mailRoutedCondition(routing({ facts: { ...NO_FACTS, fault } }))).toEqual({
      type: 'MailRouted',
      status: 'Unknown',
      reason: 'AccessDenied',
      message: 'May not. Allow it.',
    });
  });

  it('is true where a rule runs twice, and says so', () => {
    const twice = {
      receiptRules: [
        { name: 'A', recipients: ['a@example.com'] },
        { name: 'B', recipients: ['example.com'] },
      ],
    };

    expect(mailRoutedCondition(routing({ spec: twice }))).toMatchObject({
      status: 'True',
      message: expect.stringMatching(/nothing stands in front of the rules\. Worth knowing: Rules .*_A and .*_B both/),
    });
  });

  it('names three of many domains, and counts the others', () => {
    const domains = ['e', 'd', 'c', 'b', 'a'].map((name) => `${name}.example.org`);
    const { message } = mailRoutedCondition(
      routing({
        spec: { receiptRules: [{ name: 'A', recipients: domains }] },
        facts: {
          identities: new Map([...domains, 'example.org'].map((name) => [name, 'absent'])),
          mx: new Map(domains.map((domain) => [domain, AT_SES])),
        },
      }),
    );

    expect(message.match(/[a-e]\.example\.org/g)).toEqual(['a', 'b', 'c'].map((name) => `${name}.example.org`));
    expect(message).toMatch(/\(and 2 more; plan names all\)$/);
  });

  it('looks at no rule that is not enabled', () => {
    const off = { receiptRules: [{ name: 'A', recipients: ['a@example.org'], enabled: false }] };

    expect(short({ spec: off })).toBe('True Routed');
  });
});

const domains = fc.constantFrom('example.com', 'mail.example.com', 'example.org');
const recipients = fc.oneof(
  domains,
  fc.tuple(fc.constantFrom('a', 'b', 'a+x'), domains).map(([local, domain]) => `${local}@${domain}`),
);
const specs = fc
  .array(fc.uniqueArray(recipients, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })
  .map((lists) => ({
    receiptRules: lists.map((list, index) => ({ name: `R${index}`, recipients: list })),
  }));
const states = fc.constantFrom('verified', 'pending', 'failed', 'temporary-failure', 'absent', undefined);
const answers = fc.constantFrom<MxAnswer>(
  AT_SES,
  { kind: 'records', records: [] },
  { kind: 'records', records: [{ preference: 1, exchange: 'mx.example.net' }] },
  { kind: 'no-such-domain' },
  { kind: 'unanswered' },
  { kind: 'not-asked' },
);

describe('whatever the world is like', () => {
  it('nothing hinders mail for verified domains with MX at SES, an active set and no stop in front', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const all = spec.receiptRules.flatMap((each) => each.recipients).map(domainOf);
        const facts: Partial<RoutingFacts> = {
          identities: new Map(all.flatMap(domainNames).map((name) => [name, 'verified'])),
          mx: new Map(all.map((domain) => [domain, AT_SES])),
        };
        const { findings, unknown } = routing({ spec, facts, foreign: [rule('theirs', { actions: [] })] });

        expect(unknown).toBeUndefined();
        expect(findings.filter(({ kind }) => kind !== 'doubled')).toEqual([]);
      }),
    );
  });

  it('the condition has a reason from the list, is bounded, names no address, and is the same for any order', () => {
    fc.assert(
      fc.property(specs, fc.array(states, { minLength: 9 }), fc.array(answers, { minLength: 3 }), (spec, some, mx) => {
        const all = spec.receiptRules.flatMap((each) => each.recipients);
        const names = [...new Set([...all.map(domainOf).flatMap(domainNames), ...all])];
        const known = names.flatMap((name, index) => {
          const state = some[index % some.length];
          return state === undefined ? [] : [[name, state] as const];
        });
        const answered = [...new Set(all.map(domainOf))].map((one, index) => [one, mx[index] ?? AT_SES] as const);
        const world = (reverse: boolean) => {
          const turned = <T>(list: readonly T[]): T[] => (reverse ? list.toReversed() : [...list]);
          const receiptRules = spec.receiptRules.map((each) => ({ ...each, recipients: turned(each.recipients) }));
          const facts = { identities: new Map(turned(known)), mx: new Map(turned(answered)) };
          return mailRoutedCondition(routing({ spec: { receiptRules }, facts, foreign: THEIRS }));
        };
        const { reason, message } = world(false);

        expect(isConditionReason(reason)).toBe(true);
        expect(message.length).toBeLessThanOrEqual(1024);
        expect(message).not.toContain('@');
        expect(world(true)).toEqual(world(false));
      }),
    );
  });
});
