import { describe, expect, it } from 'vitest';
import { converge, lookAhead } from '../../src/core/converge.ts';
import type { Work } from '../../src/core/observe.ts';
import { sesCalls, sesSeconds, sesStepsUntil } from '../../src/core/ses-pace.ts';
import type { Step } from '../../src/core/step.ts';
import { fakeAws, type FakeAws } from './support/fake-aws.ts';
import { IDENTITY, pipeline } from './support/pipeline.ts';
import { applying, removing, settled } from './support/work.ts';

const rules = (...names: readonly string[]) => ({
  receiptRules: names.map((name) => ({ name, recipients: [`${name}@example.com`] })),
});
const inSet = (name: string, over: object = {}) => ({ ruleSet: { name, activate: 'Always', ...over } });

/** How many calls to SES running the plan comes to, beside what was foretold. */
async function foretold(work: Work, aws: FakeAws) {
  const outlook = await lookAhead(work, aws.ports);
  aws.calls.length = 0;
  const { results } = await converge(work, outlook, aws.ports, {});
  expect(results.filter(({ kind }) => kind !== 'done')).toEqual([]);
  const made = aws.calls.filter((call) => call.startsWith('receiptRules.')).length;
  return { foretold: sesCalls(outlook.steps), made };
}

describe('calls to SES', () => {
  it.each([
    { what: 'of a first apply, which switches receiving on', before: undefined, after: rules('A', 'B') },
    { what: 'of nothing to do', before: rules('A'), after: rules('A') },
    { what: 'of a new order', before: rules('A', 'B', 'C'), after: rules('C', 'B', 'A') },
    { what: 'of some of everything', before: rules('A', 'B', 'C'), after: rules('C', 'D') },
    { what: 'of another set', before: inSet('one'), after: inSet('two') },
    {
      what: 'of a clone and a switch',
      before: { ...inSet('one', { rollout: 'BlueGreen' }), ...rules('A', 'B', 'C') },
      after: { ...inSet('one', { rollout: 'BlueGreen' }), ...rules('C', 'D') },
    },
  ])('$what are foretold by the plan', async ({ before, after }) => {
    const aws = fakeAws();
    if (before !== undefined) await settled(applying(pipeline(before)), aws);

    const calls = await foretold(applying(pipeline(after)), aws);

    expect(calls.made).toBe(calls.foretold);
  });

  it('of a deletion are foretold by the plan', async () => {
    const aws = fakeAws();
    const spec = inSet('one', { onDelete: 'DeleteWhenEmpty' });
    await settled(applying(pipeline(spec)), aws);

    const calls = await foretold(removing(pipeline(spec)), aws);

    expect(calls).toEqual({ foretold: calls.made, made: 5 });
  });
});

describe('sesSeconds', () => {
  const steps = async (): Promise<readonly Step[]> =>
    (await lookAhead(applying(pipeline(rules('A', 'B'))), fakeAws().ports)).steps;

  it('is the number of calls at the pace', async () => {
    const calls = sesCalls(await steps());

    expect(sesSeconds(await steps())).toBe(calls);
    expect(sesSeconds(await steps(), 0.5)).toBe(2 * calls);
    expect(sesSeconds(await steps(), 1000)).toBe(1);
    expect(sesSeconds([])).toBe(0);
  });

  it('is that of the slowest region, since each has a pace of its own', async () => {
    const here = await steps();
    const there = here.slice(1).map((step) => ({ ...step, region: 'eu-west-1' }));

    expect(sesSeconds([...here, ...there])).toBe(sesSeconds(here));
  });
});

describe('sesStepsUntil', () => {
  const named = (name: string, spec: object) => pipeline(spec, { identity: { ...IDENTITY, name } });
  const callsUntil = (owner: string, steps: readonly Step[]) => sesCalls(sesStepsUntil(owner, steps));

  it('counts what stands before the last call for a pipeline, and nothing for one with nothing to do', async () => {
    const aws = fakeAws();
    const settledOne = named('c', rules('C'));
    await settled(applying(settledOne), aws);

    const { steps } = await lookAhead(applying(named('a', rules('A')), named('b', rules('B')), settledOne), aws.ports);

    expect(callsUntil('mail/a', steps)).toBe(sesCalls(steps)); // the closing look is everybody's
    expect(callsUntil('mail/b', steps)).toBe(sesCalls(steps));
    expect(callsUntil('mail/c', steps)).toBe(0);
    const withoutIt = steps.filter(({ action }) => action.kind !== 'orderRules');
    expect(callsUntil('mail/a', withoutIt)).toBeLessThan(callsUntil('mail/b', withoutIt));
  });

  it("is everybody's where only the order is wrong", async () => {
    const aws = fakeAws();
    const both = [named('a', rules('A')), named('b', rules('B'))];
    await settled(applying(...both), aws);
    for (const [name, live] of aws.sets) aws.sets.set(name, live.toReversed());

    const { steps } = await lookAhead(applying(...both), aws.ports);

    for (const owner of ['mail/a', 'mail/b']) expect(callsUntil(owner, steps)).toBe(2);
  });
});
