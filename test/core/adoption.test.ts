import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import { bucketNames } from '../../src/core/names.ts';
import { ownerTags } from '../../src/core/ownership.ts';
import { isWrite, type Step } from '../../src/core/step.ts';
import { bucket, fakeAws, type FakeAws } from './support/fake-aws.ts';
import { adopting, BUCKET_NAME, IDENTITY, pipeline } from './support/pipeline.ts';
import { applying, kindsOf, settled } from './support/work.ts';

const MARK = ownerTags(IDENTITY);
const OTHER = ownerTags({ ...IDENTITY, name: 'other' });
const OTHER_CLUSTER = ownerTags({ ...IDENTITY, installation: 'two' });

const MADE = {
  bucket: {
    tagging: 'putBucketTags',
    retag: ({ buckets }: FakeAws, tags: Record<string, string>) =>
      buckets.forEach((one, name) => buckets.set(name, { ...one, tags, ownership: 'ObjectWriter', policy: undefined })),
  },
  role: {
    tagging: 'tagRole',
    retag: ({ roles }: FakeAws, tags: Record<string, string>) =>
      roles.forEach((one, name) =>
        roles.set(name, { ...one, tags, description: 'theirs', inlinePolicies: { theirs: { Statement: [] } } }),
      ),
  },
  function: {
    tagging: 'tagFunction',
    retag: ({ functions }: FakeAws, tags: Record<string, string>) =>
      functions.forEach((one, name) =>
        functions.set(name, { ...one, tags, memorySize: 1024, codeSha256: 'theirs', policy: undefined }),
      ),
  },
} as const;

/** Ids of all that must have succeeded before the step. */
const needsOf = ({ needs }: Step, steps: readonly Step[]): string[] =>
  needs.flatMap((id) => [id, ...steps.filter((step) => step.id === id).flatMap((step) => needsOf(step, steps))]);

/** An account in which one part of the pipeline is as a stranger left it. */
async function accountWith(part: keyof typeof MADE, tags: Record<string, string>): Promise<FakeAws> {
  const aws = fakeAws();
  await settled(applying(pipeline()), aws);
  MADE[part].retag(aws, tags);
  return aws;
}

describe.each(['bucket', 'role', 'function'] as const)('a %s with our name', (part) => {
  test.each<[string, Record<string, string>]>([
    ['without tags', {}],
    ['with tags of others', { cost: 'x' }],
  ])('%s is adopted when that is asked for: marked first, then brought in line', async (_, tags) => {
    const aws = await accountWith(part, tags);

    const { steps, problems } = await lookAhead(applying(adopting()), aws.ports);
    const writes = steps.filter(({ action }) => isWrite(action));
    const [first, ...rest] = writes;

    expect(problems).toEqual([]);
    expect(first).toMatchObject({ part, action: { kind: MADE[part].tagging } });
    expect(first?.why).toMatch(/^it is adopted: /);
    expect(first?.changes.map(({ field }) => field)).toEqual(
      expect.arrayContaining(Object.keys(MARK).map((key) => `tags.${key}`)),
    );
    expect(rest.length).toBeGreaterThan(1);
    for (const step of rest.filter(({ lane }) => lane === first?.lane))
      expect(needsOf(step, steps)).toContain(first?.id);

    await settled(applying(adopting()), aws);
    const held = [...aws.buckets.values(), ...aws.roles.values(), ...aws.functions.values()];
    for (const one of held) expect(one.tags).toMatchObject(MARK);
    expect(held.find((one) => 'cost' in one.tags) !== undefined).toBe('cost' in tags);
    await settled(applying(pipeline()), aws);
  });

  test.each<[string, Record<string, string>, string]>([
    ['of another pipeline', OTHER, 'belongs to pipeline mail/other of installation slp'],
    ['of another installation', OTHER_CLUSTER, 'belongs to pipeline mail/app of installation two'],
    ['that is half torn off', { 'ses-lambda-pipeline.dev/name': 'app' }, 'belongs to pipeline ?/app'],
  ])('and a mark %s is refused all the same', async (_, tags, says) => {
    const aws = await accountWith(part, tags);

    const { steps, problems } = await lookAhead(applying(adopting()), aws.ports);

    expect(kindsOf({ steps })).toEqual([]);
    expect(problems).toMatchObject([
      { part, stops: true, fault: { reason: 'OwnershipConflict', message: expect.stringContaining(says) } },
    ]);
    expect(problems[0]?.fault.message).not.toContain('annotate');
  });

  test('is refused without the annotation, and the message names it', async () => {
    const aws = await accountWith(part, {});

    const { steps, problems } = await lookAhead(applying(pipeline()), aws.ports);

    expect(kindsOf({ steps })).toEqual([]);
    expect(problems[0]?.fault.message).toContain('annotate the pipeline with ses-lambda-pipeline.dev/adopt: "true"');
  });
});

test('a role at another path is refused: a path cannot be changed', async () => {
  const aws = await accountWith('role', {});
  aws.roles.forEach((role, name) => aws.roles.set(name, { ...role, path: '/' }));

  const { steps, problems } = await lookAhead(applying(adopting()), aws.ports);

  expect(kindsOf({ steps })).toEqual([]);
  expect(problems).toMatchObject([{ part: 'role', fault: { reason: 'OwnershipConflict' } }]);
  expect(problems[0]?.fault.message).toContain('its path is /, ours have /ses-lambda-pipeline/slp/');
});

test('a function from an S3 zip says which code runs only once that code runs', async () => {
  const aws = await accountWith('function', {});
  const code = { kind: 's3', bucket: 'releases', key: 'app.zip' } as const;
  const work = applying({ ...adopting({ function: { code: { s3: { bucket: 'releases', key: 'app.zip' } } } }), code });

  const { steps } = await lookAhead(work, aws.ports);

  expect(kindsOf({ steps })).toEqual([
    'tagFunction',
    'updateFunctionCode',
    'updateFunctionConfiguration',
    'tagFunction',
    'addPermission',
  ]);
  expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
  await settled(work, aws);
});

describe('among the names that a bucket may have', () => {
  const [, second = '', third = ''] = bucketNames(IDENTITY, 'Special');
  const bucketPlanned = async (aws: FakeAws, work = applying(adopting())) => {
    const { steps } = await lookAhead(work, aws.ports);
    return steps.flatMap(({ action }) =>
      action.kind === 'createBucket' || action.kind === 'putBucketTags' ? [`${action.kind} ${action.bucket}`] : [],
    );
  };

  test('one without a mark is adopted rather than a free one made', async () => {
    const aws = fakeAws();
    aws.buckets.set(second, bucket(second));

    expect(await bucketPlanned(aws)).toEqual([`putBucketTags ${second}`]);
    expect(await bucketPlanned(aws, applying(pipeline()))).toEqual([`createBucket ${BUCKET_NAME}`]);
  });

  test('one with our mark goes before one without', async () => {
    const aws = fakeAws();
    await settled(applying(pipeline()), aws);
    aws.buckets.set(third, bucket(third));

    expect(await bucketPlanned(aws)).toEqual([]);
  });

  test('one of somebody else is passed over', async () => {
    const aws = fakeAws();
    aws.buckets.set(BUCKET_NAME, bucket(BUCKET_NAME, { tags: OTHER }));
    aws.forbidden.add(second);

    expect(await bucketPlanned(aws)).toEqual([`createBucket ${third}`]);
  });

  test('when none is left, the annotation is named as the way out', async () => {
    const aws = fakeAws();
    for (const name of bucketNames(IDENTITY, 'Special')) aws.buckets.set(name, bucket(name));

    const { problems } = await lookAhead(applying(pipeline()), aws.ports);

    expect(problems).toMatchObject([{ fault: { reason: 'BucketNameTaken' } }]);
    expect(problems[0]?.fault.message).toContain(`to make ${BUCKET_NAME} ours, annotate the pipeline with`);
    expect(await bucketPlanned(aws)).toEqual([`putBucketTags ${BUCKET_NAME}`]);
  });
});
