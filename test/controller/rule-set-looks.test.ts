import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRuleSetLooks } from '../../src/controller/rule-set-looks.ts';
import type { ReceiptRules } from '../../src/core/ports.ts';
import { fakeAws } from '../core/support/fake-aws.ts';
import { rule } from '../core/support/rules.ts';

const SET = 'SpartaRuleSet';

function looking() {
  const aws = fakeAws();
  aws.sets.set(SET, [rule('a'), rule('b'), rule('c')]);
  aws.active = SET;
  const changed: string[] = [];
  const looks = createRuleSetLooks({
    ports: aws.ports,
    clock: aws.ports.clock,
    onChangedByOthers: (rules) => void changed.push(...rules),
  });
  const asOf = (ms: number): ReceiptRules => looks.planning(ms).receiptRules;
  const now = () => aws.ports.clock.now();
  const pass = () => aws.ports.clock.sleep(1_000);
  const reads = () => aws.calls.filter((call) => call.includes('.describe')).length;
  return { aws, looks, changed, asOf, now, pass, reads };
}

describe('createRuleSetLooks', () => {
  it('looks once for all who ask for a state no later than that look', async () => {
    const { asOf, now, pass, reads } = looking();
    const first = await asOf(now()).describeActive();
    const since = now();
    await pass();

    expect(await asOf(since).describeActive()).toEqual(first);
    expect((await asOf(since).describe(SET))?.rules).toHaveLength(3);
    expect(reads()).toBe(1);
  });

  it('looks again for who asks for a later state', async () => {
    const { asOf, now, pass, reads } = looking();
    await asOf(now()).describeActive();
    await pass();

    await asOf(now()).describeActive();

    expect(reads()).toBe(2);
  });

  it('remembers that a set does not exist', async () => {
    const { asOf, now, reads } = looking();

    expect(await asOf(now()).describe('missing')).toBeUndefined();
    expect(await asOf(now()).describe('missing')).toBeUndefined();
    expect(reads()).toBe(1);
  });

  it('reads anew for whoever acts', async () => {
    const { looks, reads } = looking();

    await looks.acting.receiptRules.describe(SET);
    await looks.acting.receiptRules.describe(SET);

    expect(reads()).toBe(2);
  });

  it('knows nothing any more after a write that failed: it may have taken effect', async () => {
    const { aws, looks, asOf, now, reads } = looking();
    const since = now();
    await asOf(since).describeActive();
    aws.before = (call) =>
      call.startsWith('receiptRules.delete')
        ? { class: 'transient', reason: 'AwsUnavailable', message: 'the answer was lost' }
        : undefined;

    await expect(looks.acting.receiptRules.delete(SET, 'a')).rejects.toThrow('the answer was lost');
    await asOf(since).describeActive();

    expect(reads()).toBe(2);
  });

  it.each([
    { what: 'an edit', now: [rule('a', { recipients: ['x@example.com'] }), rule('b'), rule('c')], told: ['a'] },
    { what: 'a rule that is gone', now: [rule('a'), rule('c')], told: ['b'] },
    { what: 'a rule that came', now: [rule('a'), rule('new'), rule('b'), rule('c')], told: ['new'] },
    { what: 'another order', now: [rule('b'), rule('a'), rule('c')], told: ['a', 'b', 'c'] },
    { what: 'nothing', now: [rule('a'), rule('b'), rule('c')], told: [] },
  ])('tells $what by somebody else at the next look', async ({ now: rules, told }) => {
    const { aws, asOf, now, pass, changed } = looking();
    await asOf(now()).describeActive();
    aws.sets.set(SET, rules);
    await pass();

    await asOf(now()).describeActive();

    expect(changed).toEqual(told);
  });

  it('tells nothing of what we have written ourselves', async () => {
    const { looks, asOf, now, pass, changed } = looking();
    await asOf(now()).describeActive();
    await looks.acting.receiptRules.update(SET, rule('a', { recipients: ['x@example.com'] }));
    await looks.acting.receiptRules.create(SET, rule('d'), 'b');
    await pass();

    await asOf(now()).describeActive();

    expect(changed).toEqual([]);
  });

  it('knows a clone of ours and its age without a look at it', async () => {
    const { looks, asOf, now, pass, reads } = looking();
    const since = now();
    await asOf(since).describeActive();
    await pass();
    await looks.acting.receiptRules.cloneSet(`${SET}-green`, SET);
    await looks.acting.receiptRules.delete(`${SET}-green`, 'b');
    await looks.acting.receiptRules.setActive(`${SET}-green`);

    expect(await asOf(since).describeActive()).toMatchObject({
      name: `${SET}-green`,
      createdAtMs: now(),
      rules: [{ name: 'a' }, { name: 'c' }],
    });
    expect(reads()).toBe(1);
  });

  it("takes its own writes for nobody else's when it reads again before a Reorder", async () => {
    const { looks, asOf, now, pass, changed } = looking();
    await asOf(now()).describeActive();
    await pass();
    await asOf(now()).describeActive();
    await looks.acting.receiptRules.create(SET, rule('d'), 'b');

    await looks.acting.receiptRules.describe(SET);

    expect(changed).toEqual([]);
  });

  it('shows the sets as they are after any writes of ours, without another look', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const write = fc.oneof(
      fc.record({
        kind: fc.constant('create' as const),
        name: fc.constantFrom(...names),
        after: fc.constantFrom('', ...names),
      }),
      fc.record({ kind: fc.constant('update' as const), name: fc.constantFrom(...names), after: fc.constant('') }),
      fc.record({ kind: fc.constant('delete' as const), name: fc.constantFrom(...names), after: fc.constant('') }),
      fc.record({ kind: fc.constant('reverse' as const), name: fc.constant(''), after: fc.constant('') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
        const { aws, looks, asOf, now, reads } = looking();
        const since = now();
        await asOf(since).describeActive();
        const live = () => (aws.sets.get(SET) ?? []).map(({ name }) => name);
        for (const { kind, name, after } of writes) {
          const { receiptRules } = looks.acting;
          const exists = live().includes(name);
          if (kind === 'create' && !exists)
            await receiptRules.create(SET, rule(name), live().includes(after) ? after : undefined);
          if (kind === 'update' && exists)
            await receiptRules.update(SET, rule(name, { recipients: ['x@example.com'] }));
          if (kind === 'delete' && exists) await receiptRules.delete(SET, name);
          if (kind === 'reverse') await receiptRules.reorder(SET, live().reverse());
        }

        expect((await asOf(since).describe(SET))?.rules).toEqual(aws.sets.get(SET));
        expect(reads()).toBe(1);
      }),
    );
  });
});
