import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pipeline } from '../../src/core/pipeline.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { fakeAws, type FakeAws } from './support/fake-aws.ts';
import { IDENTITY, pipeline } from './support/pipeline.ts';
import { rule, stop } from './support/rules.ts';
import { applying, bringAbout, settled } from './support/work.ts';

type Rollout = 'InPlace' | 'BlueGreen';
type Spec = { readonly recipients: readonly string[]; readonly heads: boolean; readonly stops: boolean };
type World = {
  readonly before: readonly Spec[];
  readonly after: readonly Spec[];
  /** For each rule of somebody else: behind how many of ours it stands, and whether it ends the evaluation. */
  readonly foreign: readonly { readonly at: number; readonly stops: boolean }[];
  /** The process dies when it has made so many writing calls of SES. */
  readonly diesAfter: number;
  readonly createsAppend: boolean;
};

const specs = fc.record<Spec>({
  recipients: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1 }),
  heads: fc.boolean(),
  stops: fc.boolean(),
});
const worlds = fc.record<World>({
  before: fc.array(specs, { minLength: 2, maxLength: 2 }),
  after: fc.array(specs, { minLength: 2, maxLength: 2 }),
  foreign: fc.array(fc.record({ at: fc.nat(4), stops: fc.boolean() }), { maxLength: 2 }),
  diesAfter: fc.nat(14),
  createsAppend: fc.boolean(),
});

/** Each pipeline has addresses of its own: nobody may claim those of another. */
const pipelinesOf = (wanted: readonly Spec[], rollout: Rollout): readonly Pipeline[] =>
  wanted.map(({ recipients, heads, stops }, index) =>
    pipeline(
      {
        ruleSet: { name: 'mail', rollout },
        receiptRules: recipients.map((one) => ({ name: one, recipients: [`${one}@p${index}.test`], stop: stops })),
        messageBodyStorage: { logicalName: 'Special', placement: heads ? 'HeadRule' : 'PerRule' },
      },
      { identity: { ...IDENTITY, name: `p${index}` } },
    ),
  );

const theirs = ({ stops }: { readonly stops: boolean }, index: number): ReceiptRule =>
  rule(`theirs${index}`, {
    recipients: [`a@p${index}.test`],
    actions: stops ? [stop] : [{ kind: 'workmail', organizationArn: 'o' }],
  });

/** An account where the first wish has come true and somebody else has put rules among ours. */
async function accountOf({ before, foreign }: World, rollout: Rollout): Promise<FakeAws> {
  const aws = fakeAws();
  await settled(applying(...pipelinesOf(before, rollout)), aws);
  let rules = aws.sets.get('mail') ?? [];
  for (const [index, one] of foreign.entries()) rules = rules.toSpliced(one.at, 0, theirs(one, index));
  aws.sets.set('mail', rules);
  return aws;
}

const inUse = (aws: FakeAws): readonly ReceiptRule[] => aws.sets.get(aws.active ?? '') ?? [];
const textOf = (rules: readonly ReceiptRule[]): string => JSON.stringify(rules);
const isForeign = ({ name }: ReceiptRule): boolean => name.startsWith('theirs');

function check(holds: (world: World) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(worlds, holds), { numRuns: 60 });
}

describe('rollout: BlueGreen, on random sets', () => {
  it('uses the old list or the new one, never a mix, whenever the process dies', async () => {
    await check(async (world) => {
      const wish = applying(...pipelinesOf(world.after, 'BlueGreen'));
      const aws = await accountOf(world, 'BlueGreen');
      aws.createsAppend = world.createsAppend;
      const seen = [textOf(inUse(aws))];
      const watch = () => {
        const now = textOf(inUse(aws));
        if (now !== seen.at(-1)) seen.push(now);
      };
      let writes = 0;
      aws.before = (call) => {
        watch();
        if (/^receiptRules\.(?!describe)/.test(call)) writes += 1;
        return writes > world.diesAfter ? { class: 'bug', reason: 'InternalError', message: 'it died' } : undefined;
      };
      await bringAbout(wish, aws);
      aws.before = () => {
        watch();
        return undefined;
      };
      await bringAbout(wish, aws);
      watch();

      expect(seen.length).toBeLessThanOrEqual(2);
    });
  });

  it('ends with the list that changes in place would have ended with, and nothing to do', async () => {
    await check(async (world) => {
      const [switched, inPlace] = [await accountOf(world, 'BlueGreen'), await accountOf(world, 'InPlace')];
      await bringAbout(applying(...pipelinesOf(world.after, 'BlueGreen')), switched);
      await bringAbout(applying(...pipelinesOf(world.after, 'InPlace')), inPlace);

      expect(inUse(switched)).toEqual(inUse(inPlace));
      switched.calls.length = 0;
      await bringAbout(applying(...pipelinesOf(world.after, 'BlueGreen')), switched);
      expect(switched.writes()).toEqual([]);
    });
  });

  it('loses no rule of somebody else, keeps them in order, and never writes one', async () => {
    await check(async (world) => {
      const aws = await accountOf(world, 'BlueGreen');
      aws.createsAppend = world.createsAppend;
      const before = inUse(aws).filter(isForeign);
      await bringAbout(applying(...pipelinesOf(world.after, 'BlueGreen')), aws);

      expect(inUse(aws).filter(isForeign)).toEqual(before);
      expect(aws.writes().filter((call) => /(create|update|delete) \S+ theirs/.test(call))).toEqual([]);
    });
  });

  it('costs a clone, one call a rule that differs, two looks, the switch, and a Reorder where the order is wrong', async () => {
    await check(async (world) => {
      const aws = await accountOf(world, 'BlueGreen');
      const before = inUse(aws);
      aws.calls.length = 0;
      await bringAbout(applying(...pipelinesOf(world.after, 'BlueGreen')), aws);
      const after = inUse(aws);

      const old = new Map(before.map((one) => [one.name, textOf([one])]));
      const kept = new Set(after.map(({ name }) => name));
      const differing =
        after.filter((one) => old.get(one.name) !== textOf([one])).length +
        before.filter(({ name }) => !kept.has(name)).length;
      const calls = aws.calls.filter((call) => call.startsWith('receiptRules.'));
      const looks = 2;
      const reorders = calls.filter((call) => call.startsWith('receiptRules.reorder')).length;
      expect(reorders).toBeLessThanOrEqual(1);
      expect(calls.length).toBe(textOf(before) === textOf(after) ? looks : looks + 1 + differing + reorders + 3);
    });
  });
});
