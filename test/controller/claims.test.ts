import { describe, expect, it } from 'vitest';
import { functionName } from '../../src/core/names.ts';
import { IDENTITY } from '../core/support/pipeline.ts';
import { reconciling, type Reconciling } from './support/reconciling.ts';
import { resource } from './support/resource.ts';

const [OLDER, YOUNGER] = ['mail/zzz', 'mail/aaa'] as const;
const naming = (...recipients: readonly string[]) => ({ receiptRules: [{ name: 'Default', recipients }] });
const older = (...recipients: readonly string[]) => resource(naming(...recipients), { key: OLDER, createdAtMs: 1 });
const younger = (...recipients: readonly string[]) => resource(naming(...recipients), { key: YOUNGER, createdAtMs: 2 });

const readyOf = ({ source }: Reconciling, key: string): string | undefined =>
  source.resources.get(key)?.status?.conditions.find(({ type }) => type === 'Ready')?.reason;

const recipientsOnAws = ({ aws }: Reconciling): Record<string, readonly string[]> =>
  Object.fromEntries(
    [...aws.sets.values()]
      .flat()
      .filter(({ name }) => name.endsWith('_Default'))
      .map(({ name, recipients }) => [name, recipients]),
  );

describe('a recipient that two pipelines name', () => {
  it('belongs to the older, whoever is looked at first; the younger writes nothing and says whom to ask', async () => {
    const world = reconciling(older('a@x.io'), younger('a@x.io'));

    expect(await world.next(YOUNGER)).toMatchObject({
      outcome: { kind: 'settled' },
      writes: [],
      statuses: 1,
      events: ['Stalled'],
    });
    await world.next(OLDER);

    expect(readyOf(world, OLDER)).toBe('Succeeded');
    expect(readyOf(world, YOUNGER)).toBe('RecipientClaimed');
    expect(world.source.statuses[0]?.conditions).toMatchObject([
      {
        type: 'Ready',
        message:
          'spec.receiptRules[0].recipients[0] already belongs to pipeline mail/zzz; take it out of one of the two',
      },
      { type: 'Stalled' },
      { type: 'BucketReady', status: 'False', reason: 'NotCreated' },
      { type: 'RoleReady', status: 'False', reason: 'NotCreated' },
      { type: 'FunctionReady', status: 'False', reason: 'NotCreated' },
      { type: 'PermissionReady', status: 'False', reason: 'NotCreated' },
      { type: 'RulesReady', status: 'False', reason: 'RecipientClaimed' },
      { type: 'RuleSetActive', status: 'False' },
      { type: 'MailRouted', status: 'False' },
    ]);
    expect([...world.aws.functions.keys()]).toEqual([functionName({ ...IDENTITY, name: 'zzz' }, 'Zip')]);
  });

  it('is decided alike when both are looked at together', async () => {
    const world = reconciling(older('a@x.io'), younger('a@x.io'));

    await world.reconcileAll(YOUNGER, OLDER);

    expect([readyOf(world, OLDER), readyOf(world, YOUNGER)]).toEqual(['Succeeded', 'RecipientClaimed']);
  });

  it('stays with one that is being deleted until it is gone', async () => {
    const world = reconciling({ ...older('a@x.io'), deleting: true }, younger('a@x.io'));

    await world.next(YOUNGER);
    expect(readyOf(world, YOUNGER)).toBe('RecipientClaimed');

    await world.next(OLDER);
    await world.next(YOUNGER);
    expect(world.source.resources.has(OLDER)).toBe(false);
    expect(readyOf(world, YOUNGER)).toBe('Succeeded');
  });

  it.each([
    { name: 'taken first', edits: [younger('b@x.io', 'a@x.io'), older('c@x.io')] },
    { name: 'given up first', edits: [older('c@x.io'), younger('b@x.io', 'a@x.io')] },
  ])('moves from one to the other by two edits, $name', async ({ edits }) => {
    const world = reconciling(older('a@x.io'), younger('b@x.io'));
    for (const key of [OLDER, YOUNGER]) await world.next(key);

    for (const edited of edits) {
      world.source.put({ ...edited, generation: 2, status: world.source.resources.get(edited.key)?.status });
      await world.reconcileAll(OLDER, YOUNGER);
    }

    expect([readyOf(world, OLDER), readyOf(world, YOUNGER)]).toEqual(['Succeeded', 'Succeeded']);
    expect(recipientsOnAws(world)).toEqual({
      slp_mail_zzz_Default: ['c@x.io'],
      slp_mail_aaa_Default: ['b@x.io', 'a@x.io'],
    });
  });
});

describe('two pipelines that want different sets active', () => {
  const wanting = (key: string, set: string, createdAtMs: number) =>
    resource({ ...naming(`${set}@x.io`), ruleSet: { name: set, activate: 'Always' } }, { key, createdAtMs });

  it.each([
    { name: 'older', order: [OLDER, YOUNGER] },
    { name: 'younger', order: [YOUNGER, OLDER] },
  ])('agree on that of the older when the $name one is looked at first, and nothing flips', async ({ order }) => {
    const world = reconciling(wanting(OLDER, 'first', 1), wanting(YOUNGER, 'second', 2));

    for (const key of [...order, ...order]) await world.next(key);

    expect(world.aws.active).toBe('first');
    expect(world.aws.writes().filter((call) => call.startsWith('receiptRules.setActive'))).toHaveLength(1);
    expect([readyOf(world, OLDER), readyOf(world, YOUNGER)]).toEqual(['Succeeded', 'OtherRuleSetActive']);
    expect(world.source.resources.get(YOUNGER)?.status?.conditions[0]?.message).toContain('mail/zzz');
  });
});
