import { GetRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  GetFunctionCommand,
  GetPolicyCommand,
  InvokeCommand,
  ListAliasesCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleSetCommand,
  ListReceiptRuleSetsCommand,
  SESClient,
  type ListReceiptRuleSetsCommandOutput,
} from '@aws-sdk/client-ses';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LOG_LIMIT } from '../../src/sandbox/lambda-logs.ts';
import {
  BUCKET,
  createFunction,
  createMailBucket,
  createRole,
  manualClock,
  startFixture,
  type Fixture,
} from './mail-fixture.ts';
import { logsApi } from './support/logs-api.ts';
import { REGION } from './support/running-sandbox.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const SAY = 'export const handler = async (event) => { console.log(event.say); return event.say }';
const withoutMetadata = (answer: object) => ({ ...answer, $metadata: undefined });

/** Two lives of a sandbox on one folder and one clock. */
function lives(options: { readonly clock?: ReturnType<typeof manualClock> } = {}) {
  const dataDir = join(temporaryFolder(), 'data');
  const clock = options.clock ?? manualClock();
  return { clock, live: () => startFixture({ dataDir, clock }) };
}

async function mayLog({ iam }: Fixture): Promise<void> {
  const Statement = [{ Effect: 'Allow', Action: 'logs:*', Resource: '*' }];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new PutRolePolicyCommand({ RoleName: 'handler', PolicyName: 'logs', PolicyDocument }));
}

const say = ({ lambda }: Fixture, words: string, FunctionName = 'talk') =>
  lambda.send(new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify({ say: words })) }));

describe('after a restart', () => {
  test('versions, aliases, their policies and their queues are what they were, and run', async () => {
    const { live } = lives();
    const visible = async ({ lambda }: Fixture) => {
      const named = { FunctionName: 'talk' };
      const answers = await Promise.all([
        lambda.send(new ListVersionsByFunctionCommand(named)),
        lambda.send(new ListAliasesCommand(named)),
        lambda.send(new GetPolicyCommand(named)),
        lambda.send(new ListFunctionEventInvokeConfigsCommand(named)),
      ]);
      return answers.map(withoutMetadata);
    };
    let before: unknown;
    {
      await using world = await live();
      await createRole(world);
      await createFunction(world, 'talk', SAY);
      await world.lambda.send(new PublishVersionCommand({ FunctionName: 'talk', Description: 'first' }));
      await world.lambda.send(new CreateAliasCommand({ FunctionName: 'talk', Name: 'live', FunctionVersion: '1' }));
      await world.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'talk', Description: 'newer' }));
      await world.lambda.send(
        new PutFunctionEventInvokeConfigCommand({ FunctionName: 'talk', Qualifier: 'live', MaximumRetryAttempts: 0 }),
      );
      before = await visible(world);
    }

    await using world = await live();
    expect(await visible(world)).toEqual(before);
    const answer = await say(world, 'again', 'talk:live');
    expect([answer.ExecutedVersion, Buffer.from(answer.Payload ?? []).toString()]).toEqual(['1', '"again"']);
  });

  test('an event for an alias goes on with that alias, and its limits', async () => {
    const { clock, live } = lives();
    const lines = ({ sandbox }: Fixture) => sandbox.lambda.logs.lines('fails').map(({ text }) => text);
    {
      await using world = await live();
      await createRole(world);
      await createFunction(world, 'fails', 'export const handler = async () => { throw new Error("no") }');
      await world.lambda.send(new PublishVersionCommand({ FunctionName: 'fails' }));
      await world.lambda.send(new CreateAliasCommand({ FunctionName: 'fails', Name: 'live', FunctionVersion: '1' }));
      await world.lambda.send(
        new PutFunctionEventInvokeConfigCommand({ FunctionName: 'fails', Qualifier: 'live', MaximumRetryAttempts: 1 }),
      );
      await world.lambda.send(new InvokeCommand({ FunctionName: 'fails:live', InvocationType: 'Event' }));
      await world.sandbox.idle();
    }

    await using world = await live();
    await world.sandbox.idle();
    clock.advance(60_000);
    await world.sandbox.idle();
    expect(lines(world).filter((text) => text.startsWith('START') && text.endsWith('Version: 1'))).toHaveLength(3);
    expect(lines(world).at(-1)).toMatch(/^Event given up after 2 attempts/);
  });

  test('log groups, those that functions made too, are what they were', async () => {
    const { clock, live } = lives();
    const visible = async ({ sandbox }: Fixture) => {
      const logs = logsApi(sandbox);
      const { logGroups } = await logs('DescribeLogGroups');
      const tags = await Promise.all(
        logGroups.map(({ logGroupArn: resourceArn }: { logGroupArn: string }) =>
          logs('ListTagsForResource', { resourceArn }),
        ),
      );
      const events = await logs('FilterLogEvents', { logGroupName: '/aws/lambda/talk' });
      return { logGroups, tags, events };
    };
    let before: unknown;
    {
      await using world = await live();
      await createRole(world);
      await mayLog(world);
      const logs = logsApi(world.sandbox);
      for (const name of ['talk', 'made-before', 'deleted']) await createFunction(world, name, SAY);
      // Refused for there is no such group yet: this must not hold for the one that comes later.
      await logs('PutRetentionPolicy', { logGroupName: '/aws/lambda/talk', retentionInDays: 1 });
      await logs('CreateLogGroup', { logGroupName: '/aws/lambda/made-before', tags: { team: 'mail' } });
      clock.advance(1000);
      for (const name of ['talk', 'made-before', 'deleted']) await say(world, 'first', name);
      clock.advance(1000);
      await logs('TagResource', {
        resourceArn: `arn:aws:logs:${REGION}:123456789012:log-group:/aws/lambda/talk`,
        tags: { stage: 'b' },
      });
      await logs('DeleteLogGroup', { logGroupName: '/aws/lambda/deleted' });
      await logs('CreateLogGroup', { logGroupName: '/app/empty' });
      await logs('PutRetentionPolicy', { logGroupName: '/app/empty', retentionInDays: 7 });
      before = await visible(world);
      expect(before).toMatchObject({
        logGroups: [
          { logGroupName: '/app/empty', retentionInDays: 7 },
          { logGroupName: '/aws/lambda/made-before' },
          { logGroupName: '/aws/lambda/talk' },
        ],
        tags: [{ tags: {} }, { tags: { team: 'mail' } }, { tags: { stage: 'b' } }],
      });
    }

    await using world = await live();
    expect(await visible(world)).toEqual(before);
    expect(world.sandbox.notices).toEqual([]);
  });

  test('a log group keeps its settings when the lines that began it have fallen out', async () => {
    const { clock, live } = lives();
    const groups = async ({ sandbox }: Fixture) => (await logsApi(sandbox)('DescribeLogGroups')).logGroups;
    let before: readonly { readonly creationTime: number }[];
    {
      await using world = await live();
      await createRole(world);
      await mayLog(world);
      await createFunction(world, 'talk', SAY);
      await say(world, 'first');
      const begunAtMs = clock.now();
      clock.advance(1000);
      await logsApi(world.sandbox)('PutRetentionPolicy', { logGroupName: '/aws/lambda/talk', retentionInDays: 7 });
      clock.advance(1000);
      const [line] = world.sandbox.lambda.logs.lines('talk');
      if (line === undefined) throw new Error('a line is expected');
      const at = new Date(clock.now()).toISOString();
      for (let count = 0; count < LOG_LIMIT; count += 1) world.sandbox.lambda.logs.append('talk', { ...line, at });
      before = await groups(world);
      expect(before).toMatchObject([{ retentionInDays: 7, creationTime: begunAtMs }]);
    }

    await using world = await live();
    expect(await groups(world)).toEqual(before);
    expect(world.sandbox.notices).toEqual([]);
    expect(world.sandbox.lambda.logs.lines('talk')).toHaveLength(LOG_LIMIT);
  });

  test('an upload that had begun is completed with the parts of both lives', async () => {
    const { live } = lives();
    const upload = { Bucket: BUCKET, Key: 'large' };
    const part = Buffer.alloc(5 * 1024 * 1024, 'a');
    let UploadId: string | undefined;
    {
      await using world = await live();
      await createMailBucket(world);
      ({ UploadId } = await world.s3.send(new CreateMultipartUploadCommand(upload)));
      await world.s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: part }));
    }

    await using world = await live();
    await world.s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 2, Body: 'the end' }));
    const { Parts = [] } = await world.s3.send(new ListPartsCommand({ ...upload, UploadId }));
    await world.s3.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        UploadId,
        MultipartUpload: { Parts: Parts.map(({ ETag, PartNumber }) => ({ ETag, PartNumber })) },
      }),
    );
    const { ContentLength } = await world.s3.send(new HeadObjectCommand(upload));
    expect(ContentLength).toBe(part.length + 'the end'.length);
  });

  test('every account has its own rule sets', async () => {
    const { live } = lives();
    const sesOf = ({ sandbox: { url: endpoint } }: Fixture, accessKeyId: string) =>
      new SESClient({ region: REGION, endpoint, credentials: { accessKeyId, secretAccessKey: 'any' }, maxAttempts: 1 });
    const names = ({ RuleSets = [] }: ListReceiptRuleSetsCommandOutput) => RuleSets.map(({ Name }) => Name);
    {
      await using world = await live();
      for (const account of ['111111111111', '222222222222'])
        await sesOf(world, account).send(new CreateReceiptRuleSetCommand({ RuleSetName: `of-${account}` }));
    }

    await using world = await live();
    const listed = await Promise.all(
      ['111111111111', '222222222222', 'AKIDEXAMPLE'].map((key) =>
        sesOf(world, key).send(new ListReceiptRuleSetsCommand({})),
      ),
    );
    expect(listed.map(names)).toEqual([['of-111111111111'], ['of-222222222222'], []]);
  });

  test('what had been written under a delay is seen when it would have been, though the trouble itself is over', async () => {
    const { clock, live } = lives();
    {
      await using world = await live();
      world.sandbox.faults.setPropagationMs(8000);
      await createRole(world);
      clock.advance(5000);
    }

    await using world = await live();
    const { Role } = await world.iam.send(new GetRoleCommand({ RoleName: 'handler' }));
    const seen = () => world.sandbox.iam.door.roleExists(Role?.Arn ?? '');
    const early = seen();
    clock.advance(3000);
    expect([early, seen(), world.sandbox.faults.propagationMs('role')]).toEqual([false, true, 0]);
    await createFunction(world, 'talk', SAY);
    expect((await world.lambda.send(new GetFunctionCommand({ FunctionName: 'talk' }))).Configuration?.State).toBe(
      'Active',
    );
  });
});
