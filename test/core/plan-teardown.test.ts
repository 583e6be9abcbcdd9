import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import { keptBucket } from '../../src/core/plan-teardown.ts';
import { bucket, fakeAws, type FakeAws } from './support/fake-aws.ts';
import { BUCKET_NAME, IDENTITY, pipeline } from './support/pipeline.ts';
import { rule } from './support/rules.ts';
import { applying, bringAbout, kindsOf, removing, settled } from './support/work.ts';

const storage = (deletionPolicy: string) => ({ messageBodyStorage: { logicalName: 'Special', deletionPolicy } });
const SETUP = { key: 'in/AMAZON_SES_SETUP_NOTIFICATION' };
const MAIL = { key: 'in/abc' };

async function standing(spec: object = {}): Promise<FakeAws> {
  const aws = fakeAws();
  await settled(applying(pipeline(spec)), aws);
  return aws;
}

test('takes rules, function, role and the grant away, in the reverse order of a create; the bucket stays', async () => {
  const aws = await standing();

  const { steps } = await lookAhead(removing(pipeline()), aws.ports);

  expect(kindsOf({ steps })).toEqual([
    'deleteRule',
    'deleteRule',
    'deleteFunction',
    'deleteRolePolicy',
    'deleteRole',
    'mergeBucketPolicy',
  ]);
  const rules = steps.filter(({ part }) => part === 'rules').map(({ id }) => id);
  expect(steps.find(({ action }) => action.kind === 'deleteFunction')?.needs).toEqual(rules);
});

test('leaves nothing but the bucket, without our grant, and the set, still active', async () => {
  const aws = await standing({ role: { managedPolicyArns: ['arn:aws:iam::aws:policy/A'] } });

  await settled(removing(pipeline()), aws);

  expect(aws.functions.size + aws.roles.size).toBe(0);
  expect(aws.buckets.get(BUCKET_NAME)?.policy).toBeUndefined();
  expect(aws.sets.get('ses-lambda-pipeline')).toEqual([]);
  expect(aws.active).toBe('ses-lambda-pipeline');
});

test('has nothing to do where nothing is', async () => {
  expect(kindsOf(await lookAhead(removing(pipeline()), fakeAws().ports))).toEqual([]);
});

test('goes on from wherever an earlier run was interrupted', async () => {
  const aws = await standing();
  aws.before = (call) =>
    call.startsWith('roles.delete ') ? { class: 'transient', reason: 'AwsUnavailable', message: 'no' } : undefined;
  const { results } = await bringAbout(removing(pipeline()), aws);
  expect(results.filter(({ kind }) => kind === 'failed')).toHaveLength(1);

  aws.before = () => undefined;
  expect(kindsOf(await lookAhead(removing(pipeline()), aws.ports))).toEqual(['deleteRole']);
  await settled(removing(pipeline()), aws);
});

describe('the bucket', () => {
  test.each<[string, object[], string[], boolean]>([
    ['Retain', [MAIL], ['mergeBucketPolicy'], true],
    ['Delete', [], ['deleteBucket'], false],
    ['Delete', [SETUP], ['emptyBucket', 'deleteBucket'], false],
    ['Delete', [SETUP, MAIL], ['mergeBucketPolicy'], true],
    ['DeleteWithContents', [SETUP, MAIL], ['emptyBucket', 'deleteBucket'], false],
    ['DeleteWithContents', [], ['deleteBucket'], false],
  ])('under %s, holding %j: %j', async (deletionPolicy, objects, expected, stays) => {
    const aws = await standing(storage(deletionPolicy));
    aws.objects.set(BUCKET_NAME, objects as { key: string }[]);

    const { steps } = await lookAhead(removing(pipeline(storage(deletionPolicy))), aws.ports);
    expect(kindsOf({ steps: steps.filter(({ part }) => part === 'bucket') })).toEqual(expected);

    await settled(removing(pipeline(storage(deletionPolicy))), aws);
    expect(aws.buckets.has(BUCKET_NAME)).toBe(stays);
    expect(aws.objects.get(BUCKET_NAME)).toHaveLength(stays ? objects.length : 0);
  });

  test('that is kept because of mail in it says so and what to do', async () => {
    const aws = await standing(storage('Delete'));
    const keptWith = async (...objects: { key: string }[]) => {
      aws.objects.set(BUCKET_NAME, objects);
      const { observation } = await lookAhead(removing(pipeline(storage('Delete'))), aws.ports);
      return observation?.input.departing.map(keptBucket);
    };

    expect(await keptWith(MAIL)).toMatchObject([
      { class: 'delete-blocked', message: expect.stringMatching(/^Bucket \S+ is kept, .* DeleteWithContents/) },
    ]);
    expect(await keptWith(SETUP)).toEqual([undefined]);
  });

  test('that is not ours keeps the statements of others', async () => {
    const existing = { messageBodyStorage: { bucketName: 'theirs' } };
    const aws = fakeAws();
    const Statement = [{ Sid: 'Theirs', Effect: 'Allow' }];
    aws.buckets.set('theirs', bucket('theirs', { policy: { Statement } }));
    await settled(applying(pipeline(existing)), aws);

    await settled(removing(pipeline(existing)), aws);

    expect(aws.buckets.get('theirs')?.policy?.Statement).toEqual(Statement);
  });
});

test('never touches role and function without our mark', async () => {
  const aws = await standing();
  aws.roles.forEach((role, key) => aws.roles.set(key, { ...role, tags: {} }));
  aws.functions.forEach((fn, key) => aws.functions.set(key, { ...fn, tags: {} }));

  await bringAbout(removing(pipeline()), aws);

  expect(aws.roles.size + aws.functions.size).toBe(2);
});

test('leaves rules of other pipelines and of others where they are', async () => {
  const other = pipeline(
    { receiptRules: [{ name: 'Default', recipients: ['b@example.com'] }] },
    { identity: { ...IDENTITY, name: 'app2' } },
  );
  const aws = await standing();
  await settled(applying(pipeline(), other), aws);
  const foreign = {
    name: 'slp_mail_app',
    enabled: true,
    tlsPolicy: 'Optional',
    scanEnabled: true,
    recipients: [],
    actions: [],
  } as const;
  aws.sets.set('ses-lambda-pipeline', [...(aws.sets.get('ses-lambda-pipeline') ?? []), foreign]);

  await settled(removing(pipeline()), aws);

  expect(aws.sets.get('ses-lambda-pipeline')?.map(({ name }) => name)).toEqual([
    'slp_mail_app2_MessageBodyStorage',
    'slp_mail_app2_Default',
    'slp_mail_app',
  ]);
});

describe('the set', () => {
  const asked = { ruleSet: { onDelete: 'DeleteWhenEmpty' } };

  test('goes when that was asked for and nothing is left in it', async () => {
    const aws = await standing(asked);

    await settled(removing(pipeline(asked)), aws);

    expect(aws.sets.size).toBe(0);
    expect(aws.active).toBeUndefined();
  });

  test('stays when somebody else has a rule in it', async () => {
    const aws = await standing(asked);
    const foreign = rule('theirs', { actions: [] });
    aws.sets.set('ses-lambda-pipeline', [...(aws.sets.get('ses-lambda-pipeline') ?? []), foreign]);

    await settled(removing(pipeline(asked)), aws);

    expect(aws.sets.get('ses-lambda-pipeline')).toEqual([foreign]);
    expect(aws.active).toBe('ses-lambda-pipeline');
  });
});
