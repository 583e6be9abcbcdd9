import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import type { Pipeline } from '../../src/core/pipeline.ts';
import { isRuleOf, rulePrefix } from '../../src/core/names.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { isWrite } from '../../src/core/step.ts';
import { fakeAws, type FakeAws } from './support/fake-aws.ts';
import { IDENTITY, pipeline } from './support/pipeline.ts';
import { rule } from './support/rules.ts';
import { applying, bringAbout, kindsOf, settled } from './support/work.ts';

const OBSERVE = { managementPolicy: 'Observe' };
const SUSPEND = { suspend: true };
const SET = 'ses-lambda-pipeline';

const named = (name: string, spec: object = {}): Pipeline =>
  pipeline(
    { receiptRules: [{ name: 'Default', recipients: [`${name}@example.com`] }], ...spec },
    { identity: { ...IDENTITY, name } },
  );

const ownersOf = (steps: readonly { readonly owner: string | undefined }[]) => new Set(steps.map(({ owner }) => owner));

describe('a pipeline under Observe', () => {
  test('that is not there yet needs what a new one needs, and gets none of it', async () => {
    const aws = fakeAws();
    const wanted = await lookAhead(applying(named('app')), aws.ports);

    const observed = await lookAhead(applying(named('app', OBSERVE)), aws.ports);
    await bringAbout(applying(named('app', OBSERVE)), aws);

    expect(observed.steps).toEqual([]);
    expect(observed.withheld).toEqual(wanted.steps);
    expect(aws.writes()).toEqual([]);
  });

  test('that differs is reported by the steps that would put it right', async () => {
    const aws = fakeAws();
    await settled(applying(named('app')), aws);
    aws.functions.forEach((fn, name) => aws.functions.set(name, { ...fn, memorySize: 1024 }));

    const { steps, withheld } = await lookAhead(applying(named('app', OBSERVE)), aws.ports);

    expect(steps).toEqual([]);
    expect(withheld.filter(({ action }) => isWrite(action))).toMatchObject([
      { owner: 'mail/app', changes: [{ field: 'memorySize', before: 1024, after: 128 }] },
    ]);
  });

  test('that is as declared has nothing to report', async () => {
    const aws = fakeAws();
    await settled(applying(named('app')), aws);

    expect(await lookAhead(applying(named('app', OBSERVE)), aws.ports)).toMatchObject({
      steps: [],
      withheld: [],
      problems: [],
    });
  });

  test('does not keep the others from being looked after, nor does it report their differences as its own', async () => {
    const aws = fakeAws();
    const work = applying(named('one'), named('two', OBSERVE));

    const { steps, withheld } = await lookAhead(work, aws.ports);

    expect(ownersOf(steps)).toEqual(new Set(['mail/one', undefined]));
    expect(ownersOf(withheld)).toEqual(new Set(['mail/two']));
  });

  test('is not ended with the pipeline that leaves the set beside it', async () => {
    const aws = fakeAws();
    await settled(applying(named('one'), named('two')), aws);
    const before = rulesOf(aws, 'two');

    await bringAbout({ ...applying(named('two', OBSERVE)), remove: [named('one')] }, aws);

    expect(rulesOf(aws, 'one')).toEqual([]);
    expect(rulesOf(aws, 'two')).toEqual(before);
  });

  test('with a conflict is told so, as one that holds up nobody', async () => {
    const aws = fakeAws();
    await settled(applying(named('app')), aws);
    aws.roles.forEach((role, name) => aws.roles.set(name, { ...role, tags: {} }));

    const { steps, withheld, problems } = await lookAhead(applying(named('app', OBSERVE)), aws.ports);

    expect([...steps, ...withheld]).toEqual([]);
    expect(problems).toMatchObject([{ part: 'role', withheld: true, fault: { reason: 'OwnershipConflict' } }]);
  });

  test('that cannot be read holds up nobody either', async () => {
    const aws = fakeAws();
    aws.before = (call) =>
      call.startsWith('functions.get slp-mail-two')
        ? { class: 'denied', reason: 'AccessDenied', message: 'no' }
        : undefined;

    const { steps, problems } = await lookAhead(applying(named('one'), named('two', OBSERVE)), aws.ports);

    expect(problems).toMatchObject([{ owner: 'mail/two', withheld: true }]);
    expect(kindsOf({ steps })).toContain('createFunction');
  });
});

describe('a suspended pipeline', () => {
  test('is not even looked at, and a note says so', async () => {
    const aws = fakeAws();

    const outlook = await lookAhead(applying(named('app', SUSPEND)), aws.ports);

    expect(outlook).toMatchObject({
      steps: [],
      withheld: [],
      problems: [],
      warnings: [{ owner: 'mail/app', message: expect.stringContaining('it is suspended'), suspended: true }],
    });
    expect(aws.calls).toEqual([]);
  });

  test('is left alone even when AWS cannot be reached', async () => {
    const aws = fakeAws();
    aws.before = () => ({ class: 'denied', reason: 'AccessDenied', message: 'no' });

    const { problems } = await lookAhead(applying(named('one'), named('two', SUSPEND)), aws.ports);

    expect(problems.map(({ owner }) => owner)).toEqual(['mail/one']);
  });

  test('lends its place to a new one', async () => {
    const aws = fakeAws();
    await settled(applying(named('bbb')), aws);
    aws.sets.set(SET, [rule('theirs', { actions: [] }), ...(aws.sets.get(SET) ?? [])]);

    await settled(applying(named('aaa'), named('bbb', SUSPEND)), aws);

    expect(aws.sets.get(SET)?.map(({ name }) => name.replace(/_[^_]*$/, ''))).toEqual([
      'theirs',
      'slp_mail_aaa',
      'slp_mail_aaa',
      'slp_mail_bbb',
      'slp_mail_bbb',
    ]);
  });
});

describe.each([
  { how: 'suspended', spec: SUSPEND },
  { how: 'under Observe', spec: OBSERVE },
])('a pipeline that is $how', ({ spec }) => {
  test('keeps the recipients that it names', async () => {
    const aws = fakeAws();
    const rules = { receiptRules: [{ name: 'Default', recipients: ['a@example.com'] }] };
    await settled(applying(named('aaa', rules)), aws);

    const { steps, problems } = await lookAhead(
      applying(named('aaa', { ...rules, ...spec }), named('bbb', rules)),
      aws.ports,
    );

    expect(kindsOf({ steps })).toEqual([]);
    expect(problems).toMatchObject([{ owner: 'mail/bbb', fault: { reason: 'RecipientClaimed' } }]);
  });

  test('is not moved, whatever the manifests now say about the order', async () => {
    const aws = fakeAws();
    await settled(applying(named('aaa'), named('bbb'), named('ccc')), aws);
    const before = aws.sets.get(SET);
    const last = (name: string) => named(name, { ...spec, ruleSet: { priority: 9 } });

    const { steps } = await lookAhead(applying(last('aaa'), named('bbb', spec), named('ccc')), aws.ports);

    expect(kindsOf({ steps })).toEqual([]);
    expect(aws.sets.get(SET)).toEqual(before);
  });
});

const rulesOf = (aws: FakeAws, name: string): readonly ReceiptRule[] =>
  (aws.sets.get(SET) ?? []).filter((one) => isRuleOf(rulePrefix({ ...IDENTITY, name }), one.name));

describe('whatever was there, and whatever the manifests say now', () => {
  const NAMES = ['aaa', 'bbb', 'ccc'] as const;
  const version = fc.record({
    position: fc.constantFrom('Head', 'Tail'),
    priority: fc.integer({ min: 0, max: 2 }),
    rules: fc.shuffledSubarray(['A', 'B', 'C']),
    memorySize: fc.constantFrom(128, 256),
    placement: fc.constantFrom('HeadRule', 'PerRule'),
  });
  type Version = typeof version extends fc.Arbitrary<infer Value> ? Value : never;
  const world = fc.record({
    before: fc.array(fc.option(version, { nil: undefined }), { minLength: 3, maxLength: 3 }),
    after: fc.array(version, { minLength: 3, maxLength: 3 }),
    restraints: fc.array(fc.constantFrom('Full', 'NoDelete', 'Observe', 'suspend'), { minLength: 3, maxLength: 3 }),
    foreignAt: fc.nat({ max: 8 }),
  });

  const versioned = (name: string, { position, priority, rules, memorySize, placement }: Version, restraint: string) =>
    named(name, {
      messageBodyStorage: { logicalName: 'Special', placement },
      function: { memorySize, code: { inline: { 'index.mjs': '' } } },
      ruleSet: { position, priority },
      receiptRules: rules.map((rule) => ({ name: rule, recipients: [`${rule}@${name}.example.com`] })),
      ...(restraint === 'suspend' ? SUSPEND : { managementPolicy: restraint }),
    });

  test('what is held back keeps all it has, in its order, and the rest is settled', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ before, after, restraints, foreignAt }) => {
        const aws = fakeAws();
        const old = NAMES.flatMap((name, at) => {
          const version = before[at];
          return version === undefined ? [] : [versioned(name, version, 'Full')];
        });
        await settled(applying(...old), aws);
        const rules = aws.sets.get(SET) ?? [];
        aws.sets.set(SET, rules.toSpliced(foreignAt % (rules.length + 1), 0, rule('theirs', { actions: [] })));
        const isHeld = (at: number) => restraints[at] === 'Observe' || restraints[at] === 'suspend';
        const held = NAMES.filter((_, at) => isHeld(at));
        const belongings = () => ({
          rules: (aws.sets.get(SET) ?? []).filter(
            ({ name }) => name === 'theirs' || held.some((one) => name.startsWith(`slp_mail_${one}_`)),
          ),
          functions: [...aws.functions].filter(([name]) => held.some((one) => name.startsWith(`slp-mail-${one}`))),
          roles: [...aws.roles].filter(([name]) => held.some((one) => name.startsWith(`slp-mail-${one}`))),
          buckets: [...aws.buckets].filter(([name]) => held.some((one) => name.startsWith(`${one}-`))),
        });
        const had = belongings();
        const work = applying(
          ...NAMES.flatMap((name, at) => {
            const version = after[at];
            return version === undefined ? [] : [versioned(name, version, restraints[at] ?? 'Full')];
          }),
        );

        const { steps, withheld } = await lookAhead(work, aws.ports);

        for (const name of held) expect(ownersOf(steps)).not.toContain(`mail/${name}`);
        const observed = NAMES.filter((_, at) => restraints[at] === 'Observe').map((name) => `mail/${name}`);
        expect([undefined, ...observed]).toEqual(expect.arrayContaining([...ownersOf(withheld)]));
        await settled(work, aws);
        expect(belongings()).toEqual(had);
      }),
      { numRuns: 80 },
    );
  });

  test('what is reported under Observe is what is done once it is Full', async () => {
    await fc.assert(
      fc.asyncProperty(version, version, async (before, after) => {
        const aws = fakeAws();
        await settled(applying(versioned('aaa', before, 'Full')), aws);

        const observed = await lookAhead(applying(versioned('aaa', after, 'Observe')), aws.ports);
        const full = await lookAhead(applying(versioned('aaa', after, 'Full')), aws.ports);

        expect(observed.withheld).toEqual(full.steps);
      }),
      { numRuns: 40 },
    );
  });
});
