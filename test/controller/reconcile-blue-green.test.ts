import { describe, expect, it } from 'vitest';
import { rule } from '../core/support/rules.ts';
import { reconciling } from './support/reconciling.ts';
import { resource } from './support/resource.ts';

const FIRST = 'mail/first';
const SECOND = 'mail/second';

const specOf = (address: string, rollout: 'InPlace' | 'BlueGreen' = 'BlueGreen') => ({
  ruleSet: { name: 'mail', rollout },
  receiptRules: [{ name: 'Default', recipients: [address] }],
});

async function twoInOneSet() {
  const world = reconciling(
    resource(specOf('first@example.com'), { key: FIRST }),
    resource(specOf('second@example.com'), { key: SECOND }),
  );
  await world.reconcileAll(FIRST, SECOND);
  await world.reconcileAll(FIRST, SECOND);
  const edit = (key: string, spec: object) =>
    void world.source.resources.set(key, {
      ...resource(spec, { key }),
      generation: 2,
      status: world.source.resources.get(key)?.status,
    });
  const statusOf = (key: string) => world.source.resources.get(key)?.status;
  const reasonOf = (key: string) => statusOf(key)?.conditions.find(({ type }) => type === 'Ready')?.reason;
  return { ...world, edit, statusOf, reasonOf };
}

describe('a set that is switched by one of its pipelines', () => {
  it('takes along the rules of the others, whose next run finds nothing to do', async () => {
    const world = await twoInOneSet();
    world.edit(FIRST, specOf('new@example.com'));

    await world.reconcile(FIRST);

    expect(world.aws.active).toBe('mail-green');
    expect(world.statusOf(FIRST)?.ruleSet).toMatchObject({ name: 'mail-green', active: true });
    const { writes, outcome } = await world.next(SECOND);
    expect([writes, outcome]).toEqual([[], { kind: 'settled' }]);
    expect(world.statusOf(SECOND)?.ruleSet).toMatchObject({ name: 'mail-green', active: true });
  });

  it('is changed in place while nobody has seen that the other is granted both names', async () => {
    const world = await twoInOneSet();
    world.edit(SECOND, specOf('second@example.com', 'InPlace'));
    await world.reconcile(SECOND);
    world.edit(FIRST, specOf('new@example.com'));
    world.edit(SECOND, specOf('second@example.com', 'BlueGreen'));
    const seen = world.source.resources.get(SECOND);
    if (seen !== undefined) world.source.resources.set(SECOND, { ...seen, generation: 3 });

    await world.reconcile(FIRST);

    expect(world.aws.active).toBe('mail');
    expect(world.reasonOf(FIRST)).toBe('RolloutFellBack');
    await world.reconcile(SECOND);
    await world.reconcile(FIRST);
    expect(world.reasonOf(FIRST)).toBe('Succeeded');
  });

  it('is changed in place when somebody else never lets go of it, and the status says so', async () => {
    const world = await twoInOneSet();
    world.edit(FIRST, specOf('new@example.com'));
    let times = 0;
    world.aws.before = (call) => {
      if (call !== 'receiptRules.describeActive') return undefined;
      times += 1;
      const set = world.aws.active ?? '';
      const others = (world.aws.sets.get(set) ?? []).filter(({ name }) => !name.startsWith('theirs'));
      world.aws.sets.set(set, [...others, rule(`theirs${times}`)]);
      return undefined;
    };

    await world.reconcile(FIRST);

    expect(world.reasonOf(FIRST)).toBe('RolloutFellBack');
    expect(world.statusOf(FIRST)?.conditions.find(({ type }) => type === 'Ready')?.message).toContain(
      'each time that the clone was about to be made active',
    );
    const rules = world.aws.sets.get(world.aws.active ?? '') ?? [];
    expect(rules.find(({ name }) => name === 'slp_mail_first_Default')?.recipients).toEqual(['new@example.com']);
  });
});
