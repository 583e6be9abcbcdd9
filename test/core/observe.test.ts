import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import type { Fault } from '../../src/core/fault.ts';
import { bucketNames } from '../../src/core/names.ts';
import { observe, observeRuleSets, problemForAll } from '../../src/core/observe.ts';
import { ownerTags } from '../../src/core/ownership.ts';
import { bucket, fakeAws } from './support/fake-aws.ts';
import { IDENTITY, pipeline } from './support/pipeline.ts';
import { applying, settled } from './support/work.ts';

const NAMES = bucketNames(IDENTITY, 'Special');
const [FIRST = '', SECOND = '', THIRD = ''] = NAMES;
const DENIED: Fault = { class: 'denied', reason: 'AccessDenied', message: 'not allowed' };

async function chosen(prepare: (aws: ReturnType<typeof fakeAws>) => void) {
  const aws = fakeAws();
  prepare(aws);
  const { input, problems } = await observe(applying(pipeline()), aws.ports);
  return {
    name: input.pipelines[0]?.desired.bucket.name,
    exists: input.pipelines[0]?.observed.bucket !== undefined,
    problems,
    aws,
  };
}

describe('the bucket', () => {
  const ours = (name: string) => bucket(name, { tags: ownerTags(IDENTITY) });

  test('gets the first name when nothing is there', async () => {
    expect(await chosen(() => undefined)).toMatchObject({ name: FIRST, exists: false, problems: [] });
  });

  test('gets the first name that nobody has', async () => {
    const found = await chosen(({ forbidden, buckets }) => {
      forbidden.add(FIRST);
      buckets.set(SECOND, bucket(SECOND));
    });

    expect(found).toMatchObject({ name: THIRD, exists: false });
  });

  test('is the one with our mark, even when an earlier name is free again', async () => {
    expect(await chosen(({ buckets }) => buckets.set(THIRD, ours(THIRD)))).toMatchObject({ name: THIRD, exists: true });
  });

  test('costs one look when it has the first name', async () => {
    const { aws, name } = await chosen(({ buckets }) => buckets.set(FIRST, ours(FIRST)));

    expect(name).toBe(FIRST);
    expect(aws.calls.filter((call) => call.startsWith('buckets.head'))).toHaveLength(1);
  });

  test('keeps the name that the function uses when it was deleted by hand', async () => {
    const aws = fakeAws();
    aws.forbidden.add(FIRST);
    await settled(applying(pipeline()), aws);
    expect(aws.buckets.has(SECOND)).toBe(true);
    aws.buckets.clear();
    aws.forbidden.clear();

    const { input } = await observe(applying(pipeline()), aws.ports);

    expect(input.pipelines[0]?.desired.bucket.name).toBe(SECOND);
  });

  test('is not replaced by another when only the live rules still name it and it cannot be reached', async () => {
    const aws = fakeAws();
    aws.forbidden.add(FIRST);
    await settled(applying(pipeline()), aws);
    aws.functions.clear();
    aws.forbidden.add(SECOND);

    const { input, problems } = await observe(applying(pipeline()), aws.ports);

    expect(input.pipelines).toEqual([]);
    expect(problems).toMatchObject([
      { part: 'bucket', stops: true, fault: { class: 'denied', message: expect.stringContaining(SECOND) } },
    ]);
  });

  test('keeps the name that only the live rules still have when bucket and function were deleted by hand', async () => {
    const aws = fakeAws();
    aws.forbidden.add(FIRST);
    await settled(applying(pipeline()), aws);
    aws.functions.clear();
    aws.buckets.clear();
    aws.forbidden.clear();

    const { input } = await observe(applying(pipeline()), aws.ports);

    expect(input.pipelines[0]?.desired.bucket.name).toBe(SECOND);
  });

  test('is looked for in the rules without one more call of SES', async () => {
    const { aws } = await chosen(() => undefined);

    expect(aws.calls.filter((call) => call.startsWith('receiptRules.'))).toEqual([
      'receiptRules.describeActive',
      'receiptRules.describe ses-lambda-pipeline',
    ]);
  });

  test('cannot be when all names are taken, and says what to do', async () => {
    const { problems } = await chosen(({ forbidden }) => NAMES.forEach((name) => forbidden.add(name)));

    expect(problems).toMatchObject([
      {
        owner: 'mail/app',
        part: 'bucket',
        stops: true,
        fault: { reason: 'BucketNameTaken', message: expect.stringContaining('choose another logicalName') },
      },
    ]);
  });
});

describe('the rule sets', () => {
  test('cost one call when the active set is the wanted one, and one more for each other', async () => {
    const aws = fakeAws();
    for (const name of ['a', 'b', 'c']) aws.sets.set(name, []);
    aws.active = 'a';

    expect((await observeRuleSets(['a'], aws.ports)).sets.size).toBe(1);
    expect(aws.calls).toEqual(['receiptRules.describeActive']);

    const more = await observeRuleSets(['c', 'missing', 'c', 'a'], aws.ports);
    expect([...more.sets.keys()]).toEqual(['a', 'c']);
    expect(aws.calls.slice(1)).toEqual([
      'receiptRules.describeActive',
      'receiptRules.describe c',
      'receiptRules.describe missing',
    ]);
  });

  test('include an old one that the function is still granted to', async () => {
    const aws = fakeAws();
    await settled(applying(pipeline({ ruleSet: { name: 'old' } })), aws);
    aws.active = undefined;

    const { input } = await observe(applying(pipeline({ ruleSet: { name: 'new' } })), aws.ports);

    expect([...input.ruleSets.sets.keys()]).toEqual(['old']);
  });

  test('that cannot be read leave nothing to plan: a problem of every pipeline', async () => {
    const aws = fakeAws();
    aws.before = (call) => (call === 'receiptRules.describeActive' ? DENIED : undefined);
    const other = pipeline({}, { identity: { ...IDENTITY, name: 'other' } });

    const outlook = await lookAhead(applying(pipeline(), other), aws.ports);

    expect(outlook).toMatchObject({ steps: [], observation: undefined });
    expect(outlook.problems).toEqual(problemForAll(applying(pipeline(), other), DENIED));
    expect(outlook.problems.map(({ owner, stops }) => [owner, stops])).toEqual([
      ['mail/app', true],
      ['mail/other', true],
    ]);
  });
});

test('a pipeline that cannot be read does not hinder the others', async () => {
  const aws = fakeAws();
  const other = pipeline({ receiptRules: [] }, { identity: { ...IDENTITY, name: 'other' } });
  aws.before = (call) => (call.startsWith('roles.get slp-mail-app-') ? DENIED : undefined);

  const { input, problems } = await observe(applying(pipeline(), other), aws.ports);

  expect(problems).toMatchObject([{ owner: 'mail/app', stops: true, fault: DENIED }]);
  expect(input.pipelines.map(({ desired }) => desired.key)).toEqual(['mail/other']);
});

test('a token that does not exist is a problem of its pipeline, found without a write', async () => {
  const aws = fakeAws();
  const { problems } = await observe(
    applying(pipeline({ role: { privileges: [{ actions: ['s3:GetObject'], resource: '${bucket}' }] } })),
    aws.ports,
  );

  expect(problems).toMatchObject([
    { stops: true, fault: { class: 'invalid', message: expect.stringContaining('unknown token ${bucket}') } },
  ]);
  expect(aws.writes()).toEqual([]);
});

test('looking writes nothing', async () => {
  const aws = fakeAws();
  await settled(applying(pipeline()), aws);
  const writes = aws.writes().length;

  await lookAhead(applying(pipeline()), aws.ports);

  expect(aws.writes()).toHaveLength(writes);
});
