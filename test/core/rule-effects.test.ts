import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canStop, type ReceiptRule } from '../../src/core/receipt-rule.ts';
import { matchesAny, sampleAddressesOf } from '../../src/core/recipients.ts';
import { createEvaluator, harmBetween } from '../../src/core/rule-effects.ts';
import { worlds } from './support/rule-worlds.ts';
import { ask, bounce, BUCKET, invoke, rule, stop, store } from './support/rules.ts';

const isStorage = (name: string): boolean => name === 'storage';
const bucketOf = (name: string): string | undefined => (name.startsWith('theirs') ? undefined : BUCKET);

function harm(before: readonly ReceiptRule[], now: readonly ReceiptRule[], after: readonly ReceiptRule[], sure = true) {
  const { evaluate } = createEvaluator([...before, ...now, ...after], bucketOf);
  return harmBetween(evaluate(before, sure), evaluate(after, sure), evaluate(now, sure), isStorage);
}

const served = (name: string, recipients: readonly string[]) =>
  rule(name, { recipients, actions: [store(), invoke()] });
const A = 'a@x.io';
const B = 'b@x.io';

describe('a bounce in a rule of somebody else', () => {
  const theirs = rule('theirs', { recipients: [A], actions: [bounce] });

  it('is no harm in front of ours where it was and will be', () => {
    const states = [[theirs, served('ours', [A])]] as const;

    for (const sure of [true, false]) expect(harm(states[0], states[0], states[0], sure)).toBe('none');
  });

  it('may keep the mail from ours when it comes in front meanwhile, since AWS does not say that it does not', () => {
    const [before, now] = [
      [served('ours', [A]), theirs],
      [theirs, served('ours', [A])],
    ];

    expect(harm(before, now, before, true)).toBe('none');
    expect(harm(before, now, before, false)).toBe('lost');
  });
});

describe('harmBetween', () => {
  it.each([
    {
      name: 'is none for the state before and the state after',
      before: [served('old', [A])],
      now: [served('old', [A])],
      after: [served('new', [A])],
      is: 'none',
    },
    {
      name: 'is none while both the old and the new rule serve a mail',
      before: [served('old', [A])],
      now: [served('old', [A]), served('new', [A])],
      after: [served('new', [A])],
      is: 'none',
    },
    {
      name: 'is lost when nobody serves who was served and will be',
      before: [served('old', [A])],
      now: [],
      after: [served('new', [A])],
      is: 'lost',
    },
    {
      name: 'is none when somebody is no longer served who will not be',
      before: [served('old', [A])],
      now: [],
      after: [],
      is: 'none',
    },
    {
      name: 'is lost when one of two rules for a mail is skipped',
      before: [served('one', [A]), served('two', [A])],
      now: [served('one', [A])],
      after: [served('one', [A]), served('two', [A])],
      is: 'lost',
    },
    {
      name: 'is lost when a function runs without the body it has before and after',
      before: [served('one', [A])],
      now: [rule('one', { recipients: [A] })],
      after: [rule('storage', { actions: [store()] }), rule('one', { recipients: [A] })],
      is: 'lost',
    },
    {
      name: 'is none where the body was missing before',
      before: [rule('one', { recipients: [A] })],
      now: [rule('one', { recipients: [A] })],
      after: [served('one', [A])],
      is: 'none',
    },
    {
      name: 'is extra when a rule sees a mail that it neither saw nor will see',
      before: [served('one', [A])],
      now: [served('one', [A, B])],
      after: [served('one', [A])],
      is: 'extra',
    },
    {
      name: 'is none when a storage rule stores more for a while',
      before: [],
      now: [rule('storage', { actions: [store()] })],
      after: [],
      is: 'none',
    },
    {
      name: 'is lost when a rule of others is stopped that is not stopped before or after',
      before: [rule('theirs')],
      now: [rule('one', { actions: [stop] }), rule('theirs')],
      after: [rule('theirs')],
      is: 'lost',
    },
    {
      name: 'is lost when the body goes to another bucket',
      before: [served('one', [A])],
      now: [rule('one', { recipients: [A], actions: [store('elsewhere'), invoke()] })],
      after: [served('one', [A])],
      is: 'lost',
    },
    {
      name: 'is lost when nobody finds the body whose mail was and will be found, though another function runs',
      before: [rule('two', { recipients: [A], actions: [invoke()] }), served('one', [A])],
      now: [rule('two', { recipients: [A], actions: [invoke()] })],
      after: [served('two', [A])],
      is: 'lost',
    },
    {
      name: 'is lost when the body is stored after the function ran',
      before: [served('one', [A])],
      now: [rule('one', { recipients: [A], actions: [invoke(), store()] })],
      after: [served('one', [A])],
      is: 'lost',
    },
  ])('$name', ({ before, now, after, is }) => {
    expect(harm(before, now, after)).toBe(is);
  });

  it('takes a synchronous function for a stop only when told to', () => {
    const sync = rule('one', { actions: [ask()] });
    const states = [[rule('theirs')], [sync, rule('theirs')], [rule('theirs'), sync]] as const;

    expect(harm(...states, true)).toBe('none');
    expect(harm(...states, false)).toBe('lost');
  });
});

describe('createEvaluator', () => {
  it('says of every address what walking through the rules one by one says', () => {
    fc.assert(
      fc.property(worlds(true), fc.boolean(), ({ observed }, sure) => {
        const { addresses, evaluate } = createEvaluator(observed, bucketOf);
        const { runs } = evaluate(observed, sure);
        for (const address of sampleAddressesOf(observed.flatMap(({ recipients }) => recipients))) {
          // The bit of the address: the part of every address that all rules treat like this one.
          const like = observed.reduce(
            (set, found) => (applies(found, address) ? set & addresses(found) : set & ~addresses(found)),
            addresses(rule('everybody')),
          );
          const reached = walk(observed, address, sure);
          expect(observed.filter(({ name }) => (like & (runs.get(name) ?? 0n)) !== 0n).map(({ name }) => name)).toEqual(
            reached,
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});

const applies = (found: ReceiptRule, address: string): boolean =>
  found.enabled && matchesAny(found.recipients, address);

/** What SES does, one rule after the other. */
function walk(rules: readonly ReceiptRule[], address: string, sure: boolean): string[] {
  const reached: string[] = [];
  for (const found of rules) {
    if (!applies(found, address)) continue;
    reached.push(found.name);
    if (found.actions.some(({ kind }) => kind === 'stop') || (!sure && canStop(found))) break;
  }
  return reached;
}
