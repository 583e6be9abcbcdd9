import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRuleSet } from '../../src/core/plan-rule-set.ts';
import { blockOrder, type RuleBlock } from '../../src/core/rule-block.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { rulesOf } from '../../src/core/rule-block.ts';
import { foreignIn, oursIn, show, statesWithout, worlds, worstHarm, type World } from './support/rule-worlds.ts';
import { statesOf } from './support/rules.ts';

const orderOf = (blocks: readonly RuleBlock[]): string[] =>
  [...blocks].sort(blockOrder).flatMap((block) => rulesOf(block).map(({ name }) => name));

/** The set after one round of planning and carrying out. */
const settle = (observed: readonly ReceiptRule[], blocks: readonly RuleBlock[]): readonly ReceiptRule[] =>
  statesOf(observed, planRuleSet(observed, blocks).changes).at(-1) ?? [];

/** Whether one more round ends with ours in order, or says what is in the way. */
const inOrderOrBlocked = (observed: readonly ReceiptRule[], blocks: readonly RuleBlock[]): boolean =>
  planRuleSet(observed, blocks).blocked !== undefined ||
  oursIn(settle(observed, blocks), blocks).join() === orderOf(blocks).join();

function check(stops: boolean, numRuns: number, holds: (world: World) => void): void {
  fc.assert(
    fc.property(worlds(stops), (world) => {
      try {
        holds(world);
      } catch (error) {
        throw new Error(show(world), { cause: error });
      }
    }),
    { numRuns },
  );
}

describe.each([
  { stops: false, world: 'sets in which no rule ends the evaluation' },
  { stops: true, world: 'sets in which rules end the evaluation' },
])('planRuleSet, on random $world', ({ stops }) => {
  it('ends with our rules as wanted and in order, unless it says what is in the way', () => {
    check(stops, 1500, ({ observed, blocks }) => {
      const { changes, blocked, result } = planRuleSet(observed, blocks);
      const final = statesOf(observed, changes).at(-1) ?? [];

      const byName = (rules: readonly ReceiptRule[]) => new Map(rules.map((found) => [found.name, found]));
      const names = oursIn(final, blocks);
      const [ended, wantedOrder] =
        blocked === undefined ? [names, orderOf(blocks)] : [names.toSorted(), orderOf(blocks).toSorted()];
      expect(ended).toEqual(wantedOrder);
      for (const wanted of blocks.flatMap(rulesOf))
        expect(sorted(byName(final).get(wanted.name))).toEqual(sorted(wanted));
      expect(final).toEqual(result);
    });
  });

  it('leaves rules of others as they are, in the order they had', () => {
    check(stops, 1500, ({ observed, blocks }) => {
      expect(foreignIn(settle(observed, blocks), blocks)).toEqual(foreignIn(observed, blocks));
    });
  });

  it('has nothing left to do after its changes', () => {
    check(stops, 1500, ({ observed, blocks }) => {
      expect(planRuleSet(settle(observed, blocks), blocks).changes).toEqual([]);
    });
  });

  it('lets every change need only changes before it', () => {
    check(stops, 500, ({ observed, blocks }) => {
      for (const [index, { needs }] of planRuleSet(observed, blocks).changes.entries())
        for (const need of needs) expect(need).toBeLessThan(index);
    });
  });

  it('comes to the same after any one change has failed and it is planned again', () => {
    check(stops, 300, ({ observed, blocks }) => {
      const { changes } = planRuleSet(observed, blocks);
      for (const failing of changes.keys()) {
        const left = statesWithout(observed, changes, failing).at(-1) ?? [];
        expect(inOrderOrBlocked(left, blocks)).toBe(true);
      }
    });
  });

  it('puts ours in one order, whichever pipeline was applied first', () => {
    fc.assert(
      fc.property(worlds(stops), fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), ({ observed, blocks }, keys) => {
        const foreign = foreignIn(observed, blocks);
        const arriving = blocks.map((block, index) => ({ block, key: keys[index] ?? 0 })).sort((a, b) => a.key - b.key);
        let known: readonly RuleBlock[] = [];
        let rules: readonly ReceiptRule[] = foreign;
        for (const { block } of arriving) {
          known = [...known, block];
          rules = settle(rules, known);
        }
        expect(inOrderOrBlocked(rules, blocks)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('planRuleSet, on random sets in which no rule ends the evaluation', () => {
  it('does no harm to any mail at any moment', () => {
    check(false, 2000, ({ observed, blocks }) => {
      const states = statesOf(observed, planRuleSet(observed, blocks).changes);
      expect(worstHarm(states, states.at(-1) ?? [], blocks)).toBe('none');
    });
  });

  it('does no harm to any mail when any one change fails and those that need it are left out', () => {
    check(false, 700, ({ observed, blocks }) => {
      const { changes, result } = planRuleSet(observed, blocks);
      for (const failing of changes.keys())
        expect(worstHarm(statesWithout(observed, changes, failing), result, blocks)).toBe('none');
    });
  });
});

describe('planRuleSet, on random sets in which rules end the evaluation', () => {
  const tried = fc.sample(worlds(true), { numRuns: 1500, seed: 20_261_122 }).map(({ observed, blocks }) => {
    const states = statesOf(observed, planRuleSet(observed, blocks).changes);
    return worstHarm(states, states.at(-1) ?? [], blocks);
  });
  const share = (harm: string): number => tried.filter((found) => found === harm).length / tried.length;

  it('does no harm to any mail in 98 of 100 sets', () => {
    expect(share('none')).toBeGreaterThan(0.98);
  });

  it('loses mail on the way in less than 3 of 1000 sets', () => {
    expect(share('lost')).toBeLessThan(0.003);
  });
});

const sorted = (found: ReceiptRule | undefined) => found && { ...found, recipients: found.recipients.toSorted() };
