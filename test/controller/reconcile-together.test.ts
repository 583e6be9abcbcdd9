import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/core/fault.ts';
import { reconciling } from './support/reconciling.ts';
import { resource } from './support/resource.ts';

const AWAY: Fault = { class: 'transient', reason: 'AwsUnavailable', message: 'Lambda answers with 503' };
const FIRST = 'mail/first';
const SECOND = 'mail/second';
const THIRD = 'mail/third';

function three() {
  const world = reconciling(
    resource({ receiptRules: [{ name: 'Default', recipients: ['first@example.com'] }] }, { key: FIRST }),
    resource({ receiptRules: [{ name: 'Default', recipients: ['second@example.com'] }] }, { key: SECOND }),
    resource({ receiptRules: [{ name: 'Default', recipients: ['third@example.com'] }] }, { key: THIRD }),
  );
  const looks = () => world.aws.calls.filter((call) => call.startsWith('receiptRules.describe'));
  const conditionsOf = (key: string) =>
    (world.source.resources.get(key)?.status?.conditions ?? []).map(
      ({ type, status, reason }) => `${type}=${status} ${reason}`,
    );
  return { ...world, looks, conditionsOf };
}

describe('pipelines that are reconciled together', () => {
  it('all become Ready in one run, with one look before it and one after', async () => {
    const world = three();

    const outcomes = await world.reconcileAll(FIRST, SECOND, THIRD);

    expect([...outcomes.values()].map(({ kind }) => kind)).toEqual(['settled', 'settled', 'settled']);
    expect(world.source.statuses).toHaveLength(3);
    // The active set and ours before; none was active, so once more right before ours is made so; the order at the end.
    expect(world.looks()).toEqual([
      'receiptRules.describeActive',
      'receiptRules.describe ses-lambda-pipeline',
      'receiptRules.describe ses-lambda-pipeline',
      'receiptRules.describeActive',
    ]);
  });

  it('cost one look when nothing is to be done, and no status', async () => {
    const world = three();
    await world.reconcileAll(FIRST, SECOND, THIRD);
    const before = { looks: world.looks().length, statuses: world.source.statuses.length };

    await world.reconcileAll(FIRST, SECOND, THIRD);

    expect(world.looks().length - before.looks).toBe(1);
    expect(world.source.statuses.length - before.statuses).toBe(0);
  });

  it('fail one by one', async () => {
    const world = three();
    world.aws.before = (call) => (call.startsWith('functions.create slp-mail-second') ? AWAY : undefined);

    const outcomes = await world.reconcileAll(FIRST, SECOND, THIRD);

    expect(outcomes.get(FIRST)).toEqual({ kind: 'settled' });
    expect(outcomes.get(SECOND)).toEqual({ kind: 'retry' });
    expect(outcomes.get(THIRD)).toEqual({ kind: 'settled' });
    expect(world.conditionsOf(SECOND)).toContain('Ready=False AwsUnavailable');
  });

  it('do not keep each other from ending when the source throws on one', async () => {
    const world = three();
    world.source.before = (method, key) => {
      if (method === 'writeStatus' && key === SECOND) throw new Error('a bug of ours');
    };

    const outcomes = await world.reconcileAll(FIRST, SECOND, THIRD);

    expect(outcomes.get(FIRST)).toEqual({ kind: 'settled' });
    expect(outcomes.get(SECOND)).toMatchObject({ kind: 'threw' });
    expect(outcomes.get(THIRD)).toEqual({ kind: 'settled' });
  });

  it('are all tried again when a bug of ours comes up in what they share', async () => {
    const world = three();
    world.source.before = (method) => {
      if (method === 'list') throw new Error('a bug of ours');
    };

    const outcomes = await world.reconcileAll(FIRST, SECOND);

    expect([...outcomes.values()].map(({ kind }) => kind)).toEqual(['threw', 'threw']);
  });

  it('tell a change of one as a change of that one only', async () => {
    const world = three();
    await world.reconcileAll(FIRST, SECOND, THIRD);
    world.told.length = 0;
    const before = world.source.resources.get(SECOND);
    if (before !== undefined)
      world.source.resources.set(SECOND, {
        ...resource({ ruleSet: { priority: -5 } }, { key: SECOND }),
        status: before.status,
        generation: 2,
      });

    await world.reconcileAll(FIRST, SECOND, THIRD);

    expect(world.told.filter((line) => line.startsWith('event'))).toEqual(['event Updated']);
    expect(world.told).not.toContain('drift detected');
  });

  it('take one down while another is brought about', async () => {
    const world = three();
    await world.reconcileAll(FIRST, SECOND);
    const leaving = world.source.resources.get(FIRST);
    if (leaving !== undefined) world.source.resources.set(FIRST, { ...leaving, deleting: true });

    const outcomes = await world.reconcileAll(FIRST, SECOND, THIRD);

    expect(outcomes.get(FIRST)).toEqual({ kind: 'forget' });
    expect(world.source.releases).toEqual([FIRST]);
    expect(outcomes.get(THIRD)).toEqual({ kind: 'settled' });
    const owners = [...world.aws.sets.values()].flat().map(({ name }) => name.split('_')[2]);
    expect(new Set(owners)).toEqual(new Set(['second', 'third']));
  });
});
