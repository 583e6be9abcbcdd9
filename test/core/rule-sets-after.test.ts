import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import { observeRuleSets } from '../../src/core/observe.ts';
import type { ObservedRuleSets } from '../../src/core/observed.ts';
import { ruleSetsAfter } from '../../src/core/rule-sets-after.ts';
import { fakeAws } from './support/fake-aws.ts';
import { pipeline } from './support/pipeline.ts';
import { rule } from './support/rules.ts';
import { applying, bringAbout } from './support/work.ts';

/** Without the times of the look and of the sets. */
const contentOf = ({ active, sets }: ObservedRuleSets) => ({
  active,
  rules: new Map([...sets].map(([name, set]) => [name, set.rules])),
});

const names = ['A', 'B', 'C', 'D'];
const lists = fc.tuple(fc.shuffledSubarray(names, { minLength: 1 }), fc.boolean()).map(([rules, reaches]) => ({
  receiptRules: rules
    .map((name) => ({ name, recipients: [`${name}@example.com`, ...(reaches ? ['x.example.com'] : [])] }))
    .map((each, index) => (index === 0 ? each : { ...each, recipients: each.recipients.slice(0, 1) })),
}));

test('the sets after a plan are those that are found once it has run', async () => {
  await fc.assert(
    fc.asyncProperty(lists, lists, fc.boolean(), async (first, second, foreign) => {
      const aws = fakeAws();
      if (foreign) aws.sets.set('ses-lambda-pipeline', [rule('theirs', { actions: [] })]);
      await bringAbout(applying(pipeline(first)), aws);
      const work = applying(pipeline(second));
      const { observation, steps } = await lookAhead(work, aws.ports);
      if (observation === undefined) throw new Error('nothing could be observed');

      const foreseen = ruleSetsAfter(observation.input.ruleSets, steps);
      await bringAbout(work, aws);

      const found = await observeRuleSets(['ses-lambda-pipeline'], aws.ports);
      expect(contentOf(foreseen)).toEqual(contentOf(found));
    }),
    { numRuns: 60 },
  );
});

test('a set that is switched on or made is so afterwards', async () => {
  const aws = fakeAws();
  const { observation, steps } = await lookAhead(applying(pipeline()), aws.ports);
  if (observation === undefined) throw new Error('nothing could be observed');

  const { active, sets } = ruleSetsAfter(observation.input.ruleSets, steps);

  expect(active).toBe('ses-lambda-pipeline');
  expect(sets.get('ses-lambda-pipeline')?.rules.map(({ name }) => name)).toEqual([
    'slp_mail_app_MessageBodyStorage',
    'slp_mail_app_Default',
  ]);
});
