import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutBucketTaggingCommand } from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SetActiveReceiptRuleSetCommand,
} from '@aws-sdk/client-ses';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { bucketNames, functionName, roleName, rolePath } from '../../src/core/names.ts';
import type { Foreign } from '../support/aws-clients.ts';
import { pipeline } from '../support/manifests.ts';
import { startWorld } from '../support/world.ts';

const IDENTITY = {
  partition: 'aws',
  account: '123456789012',
  region: 'us-west-2',
  installation: 'slp',
  namespace: 'mail',
  name: 'app',
};
const OTHER = {
  'ses-lambda-pipeline.dev/installation': 'slp',
  'ses-lambda-pipeline.dev/namespace': 'mail',
  'ses-lambda-pipeline.dev/name': 'other',
};
const pairs = (tags: Readonly<Record<string, string>>) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

const createRole = ({ iam }: Foreign, RoleName: string, tags: Readonly<Record<string, string>>, Path = '/') =>
  iam.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument: TRUST, Tags: pairs(tags) }));

async function createFunction(
  clients: Foreign,
  FunctionName: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await createRole(clients, 'theirs', {});
  await clients.lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: 'arn:aws:iam::123456789012:role/theirs',
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: zipSync({ 'index.mjs': strToU8('export const handler = () => {};') }) },
      Tags: { ...tags },
    }),
  );
}

async function createBuckets({ s3 }: Foreign, tags: Readonly<Record<string, string>>): Promise<void> {
  for (const Bucket of bucketNames(IDENTITY, 'Special')) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    if (Object.keys(tags).length > 0)
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: pairs(tags) } }));
  }
}

describe.each([
  { whose: 'nobody’s', tags: {}, words: 'was not made by ses-lambda-pipeline' },
  { whose: 'another pipeline’s', tags: OTHER, words: 'belongs to pipeline mail/other of installation slp' },
])('B6 what has the name of ours and is $whose', ({ tags, words }) => {
  it.each([
    { what: 'function', create: (clients: Foreign) => createFunction(clients, functionName(IDENTITY, 'Zip'), tags) },
    { what: 'role', create: (clients: Foreign) => createRole(clients, roleName(IDENTITY), tags) },
  ])('stops apply before its first write: a $what', async ({ create }) => {
    const world = await startWorld();
    await create(world.foreign);
    const before = await world.holdings();
    world.faults.clearCalls();
    const { code, err } = await world.apply([pipeline()]);

    expect(code).toBe(1);
    expect(err).toContain('OwnershipConflict');
    expect(err).toContain(words);
    expect(world.writes()).toEqual([]);
    expect(await world.holdings()).toEqual(before);
  });

  it('stops apply before its first write: every name that our bucket could have', async () => {
    const world = await startWorld();
    await createBuckets(world.foreign, tags);
    world.faults.clearCalls();
    const { code, err } = await world.apply([pipeline()]);

    expect(code).toBe(1);
    expect(err).toContain('BucketNameTaken');
    expect(world.writes()).toEqual([]);
  });

  it('is not deleted with the pipeline', async () => {
    const world = await startWorld();
    await createFunction(world.foreign, functionName(IDENTITY, 'Zip'), tags);
    await createRole(world.foreign, roleName(IDENTITY), tags);
    const before = await world.holdings();
    world.faults.clearCalls();
    await world.remove([pipeline({ storage: { deletionPolicy: 'DeleteWithContents' } })]);

    expect(world.writes()).toEqual([]);
    expect(await world.holdings()).toEqual(before);
  });
});

describe('a conflict', () => {
  it('of one pipeline keeps apply from changing any other in the same files', async () => {
    const world = await startWorld();
    await createRole(world.foreign, roleName(IDENTITY), {});
    world.faults.clearCalls();
    const { code, err } = await world.apply([pipeline(), pipeline({ name: 'fine', rules: [] })]);

    expect(code).toBe(1);
    expect(err).toContain('Nothing was changed.');
    expect(world.writes()).toEqual([]);
  });

  it('is told by plan and by get, which both write nothing', async () => {
    const world = await startWorld();
    await createRole(world.foreign, roleName(IDENTITY), {});
    world.faults.clearCalls();

    expect(await world.plan([pipeline()])).toMatchObject({
      code: 1,
      problems: [{ pipeline: 'mail/app', reason: 'OwnershipConflict', stops: true }],
    });
    const { out } = await world.run(['get', '-o', 'json'], [pipeline()]);
    expect(JSON.parse(out)).toMatchObject({
      status: {
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'RoleReady', status: 'False', reason: 'OwnershipConflict' }),
        ]),
      },
    });
    expect(world.writes()).toEqual([]);
  });

  it('B2 is none for a rule: its prefix is its mark, so it is brought in line in its place', async () => {
    const world = await startWorld();
    const { ses } = world.foreign;
    await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'ses-lambda-pipeline' }));
    await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'ses-lambda-pipeline' }));
    const Rule = { Name: 'slp_mail_app_First', Enabled: false, Recipients: ['wrong@example.com'], Actions: [] };
    await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'ses-lambda-pipeline', Rule }));
    await world.mustApply(pipeline());

    expect(await world.rules()).toMatchObject([
      { Name: 'slp_mail_app_MessageBodyStorage' },
      { Name: 'slp_mail_app_First', Enabled: true, Recipients: ['first@example.com'] },
      { Name: 'slp_mail_app_Second' },
    ]);
  });
});

describe('adoption, when the pipeline asks for it', () => {
  const ADOPT = { 'ses-lambda-pipeline.dev/adopt': 'true' } as const;
  const adopting = pipeline({ annotations: ADOPT });
  const MARK = { ...OTHER, 'ses-lambda-pipeline.dev/name': 'app' };

  async function madeByHand(clients: Foreign, tags: Readonly<Record<string, string>>): Promise<void> {
    await createBuckets(clients, tags);
    await createRole(clients, roleName(IDENTITY), tags, rolePath('slp'));
    await createFunction(clients, functionName(IDENTITY, 'Zip'), tags);
  }

  it('takes over bucket, role and function made by hand, and mail runs through them', async () => {
    const world = await startWorld();
    await madeByHand(world.foreign, { team: 'post' });
    const { steps, problems } = await world.plan([adopting]);
    await world.mustApply(adopting);
    await world.send({ to: 'first@example.com' });

    expect(problems).toEqual([]);
    expect(steps.filter(({ why }) => why.startsWith('it is adopted')).map(({ part }) => part)).toEqual([
      'bucket',
      'role',
      'function',
    ]);
    const { buckets, roles, functions } = await world.holdings();
    const ours = [...buckets, ...roles, ...functions].filter(({ tags }) => 'ses-lambda-pipeline.dev/name' in tags);
    expect(ours.map(({ tags }) => tags)).toEqual(Array(3).fill(expect.objectContaining({ ...MARK, team: 'post' })));
    expect(await world.log()).toMatchObject([{ recipients: ['first@example.com'] }]);
    expect(await world.plan([pipeline()])).toMatchObject({ code: 0, steps: [] });
  });

  it('is refused for what belongs to another pipeline, before the first write', async () => {
    const world = await startWorld();
    await madeByHand(world.foreign, OTHER);
    world.faults.clearCalls();
    const { code, err } = await world.apply([adopting]);

    expect(code).toBe(1);
    expect(err).toContain('BucketNameTaken');
    expect(world.writes()).toEqual([]);
  });

  it('is refused for a role at another path, before the first write', async () => {
    const world = await startWorld();
    await createRole(world.foreign, roleName(IDENTITY), {});
    world.faults.clearCalls();
    const { code, err } = await world.apply([adopting]);

    expect(code).toBe(1);
    expect(err).toContain('cannot be adopted: its path is /');
    expect(world.writes()).toEqual([]);
  });

  it('is what the refusal without the annotation tells to do', async () => {
    const world = await startWorld();
    await madeByHand(world.foreign, {});
    const { err } = await world.apply([pipeline()]);

    expect(err).toContain('annotate the pipeline with ses-lambda-pipeline.dev/adopt: "true"');
  });
});
