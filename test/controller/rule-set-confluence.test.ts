import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rule } from '../core/support/rules.ts';
import type { Trouble } from './support/accidents.ts';
import { ruleSession, type RuleSession } from './support/rule-session.ts';

const NAMES = ['alpha', 'beta', 'delta', 'gamma', 'omega'] as const;
const FOREIGN = { main: [rule('theirs-0', { recipients: ['x.io'] }), rule('theirs-1')] };

/** One that shares no recipient with the others, and overlaps with all of them. */
const specOf = (name: string) =>
  fc
    .record({
      names: fc.shuffledSubarray(['A', 'B', 'C'], { minLength: 1 }),
      placement: fc.constantFrom('HeadRule', 'PerRule'),
      position: fc.constantFrom('Head', 'Tail'),
      priority: fc.integer({ min: -1, max: 1 }),
    })
    .map(({ names, placement, position, priority }) => ({
      name,
      spec: {
        messageBodyStorage: { logicalName: 'Special', placement },
        ruleSet: { name: 'main', position, priority },
        receiptRules: names.map((own) => ({ name: own, recipients: [`${own}@${name}.x.io`, `${name}+${own}@x.io`] })),
      },
    }));

const trouble = fc.constantFrom<Trouble>(
  { kind: 'refused', lasting: 'once' },
  { kind: 'refused', lasting: 'for good' },
  { kind: 'lost answer' },
  { kind: 'crash', when: 'before' },
  { kind: 'crash', when: 'after' },
);

/** Who comes, one batch after the other; and what goes wrong meanwhile. */
const arrivals = fc
  .subarray([...NAMES], { minLength: 2 })
  .chain((names) => fc.tuple(...names.map(specOf)))
  .chain((pipelines) =>
    fc.record({
      pipelines: fc.shuffledSubarray(pipelines, { minLength: pipelines.length }),
      ends: fc.subarray(pipelines.map((_, index) => index + 1)),
      troubles: fc.array(fc.array(fc.tuple(fc.nat(40), trouble), { maxLength: 2 }), { minLength: 6, maxLength: 6 }),
    }),
  );

const finalOf = (session: RuleSession) => ({
  order: session.rulesIn('main').filter((name) => name.includes('/')),
  rules: (session.aws.sets.get('main') ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  active: session.aws.active,
});

describe.each([
  { place: 'at the place asked for', createsAppend: false },
  { place: 'at the end', createsAppend: true },
])('pipelines that arrive in any order and batches, with calls that fail; creates land $place', ({ createsAppend }) => {
  it('come to the rules, in the order, that all at once come to', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ pipelines, ends, troubles }) => {
        const begin = (): RuleSession => {
          const session = ruleSession([], FOREIGN);
          session.aws.createsAppend = createsAppend;
          return session;
        };
        const session = begin();
        for (const [turn, end] of [...ends, pipelines.length].entries()) {
          const arrived = pipelines.slice(0, end).filter(({ name }) => !session.names().includes(name));
          for (const { name, spec } of arrived) session.put(name, spec);
          await session.run(
            arrived.map(({ name }) => name),
            new Map(troubles[turn]),
          );
        }
        await session.settle();

        const together = begin();
        for (const { name, spec } of pipelines) together.put(name, spec);
        await together.settle();
        expect(finalOf(session)).toEqual(finalOf(together));
        expect(session.broken).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
