import { GetRoleCommand, GetRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteFunctionCommand, GetFunctionCommand, GetPolicyCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  DescribeActiveReceiptRuleSetCommand,
  ReorderReceiptRuleSetCommand,
  type ReceiptRule,
} from '@aws-sdk/client-ses';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  activateRules,
  BUCKET,
  createFunction,
  createMailBucket,
  createRole,
  manualClock,
  SET,
  sesMayPut,
  startFixture,
  type Fixture,
} from './mail-fixture.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const STORE: ReceiptRule = { Name: 'all', Actions: [{ S3Action: { BucketName: BUCKET, ObjectKeyPrefix: 'in' } }] };
const talkative = (words: string) => `export const handler = async () => { console.log('${words}') }`;

/** Everything that a client can see, without what differs from call to call. */
async function visible({ s3, iam, lambda, ses, sandbox }: Fixture): Promise<unknown> {
  const withoutMetadata = (answer: object) => ({ ...answer, $metadata: undefined });
  const answers = await Promise.all([
    s3.send(new ListObjectVersionsCommand({ Bucket: BUCKET })),
    s3.send(new GetBucketPolicyCommand({ Bucket: BUCKET })),
    iam.send(new GetRoleCommand({ RoleName: 'handler' })),
    iam.send(new GetRolePolicyCommand({ RoleName: 'handler', PolicyName: 'read' })),
    lambda.send(new GetFunctionCommand({ FunctionName: 'talk' })),
    lambda.send(new GetPolicyCommand({ FunctionName: 'talk' })),
    ses.send(new DescribeActiveReceiptRuleSetCommand({})),
  ]);
  const { journal } = sandbox.ses;
  return {
    answers: answers.map(withoutMetadata),
    bodies: sandbox.s3
      .objects(BUCKET)
      .map(({ key }) => Buffer.from(sandbox.s3.readObject(BUCKET, key) ?? []).toString()),
    mails: journal.mails(),
    refusals: journal.refusals(),
    log: sandbox.lambda.logs.lines('talk'),
  };
}

describe('a sandbox that is started again on its folder', () => {
  test('is what it was: every id, time, version, body, mail, refusal and log line', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    let before: unknown;
    {
      await using world = await startFixture({ dataDir });
      await createRole(world);
      await createMailBucket(world);
      await world.s3.send(
        new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }),
      );
      for (const Body of ['one', 'two'])
        await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'note', Body }));
      await world.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'note' }));
      const arn = await createFunction(world, 'talk', talkative('hello'), {
        Environment: { Variables: { STAGE: 'b' } },
      });
      await createFunction(world, 'short-lived', talkative('no'));
      await world.lambda.send(new DeleteFunctionCommand({ FunctionName: 'short-lived' }));
      await activateRules(world, [
        { ...STORE, Recipients: ['y.test'] },
        { Name: 'call', Recipients: ['y.test'], Actions: [{ LambdaAction: { FunctionArn: arn } }] },
      ]);
      await world.ses.send(new ReorderReceiptRuleSetCommand({ RuleSetName: SET, RuleNames: ['call', 'all'] }));
      await world.send({ to: ['b@y.test'], raw: Buffer.from('Subject: caf\u00e9\r\n\r\n\u0000\r\n', 'latin1') });
      await expect(world.send({ to: ['b@nowhere.test'] })).rejects.toThrow('550');
      await world.sandbox.idle();
      before = await visible(world);
    }

    await using world = await startFixture({ dataDir });
    expect(await visible(world)).toEqual(before);
    expect(world.sandbox.notices).toEqual([]);

    const { response } = await world.send({ to: ['b@y.test'] });
    await world.sandbox.idle();
    expect(world.sandbox.ses.journal.mails().map(({ id, state }) => [`250 OK ${id}`, state])[1]).toEqual([
      response,
      'done',
    ]);
  });

  test('goes on with the retry of a mail that had waited for one, by the rules of its arrival', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const clock = manualClock();
    const add = { AddHeaderAction: { HeaderName: 'X-Seen', HeaderValue: 'yes' } };
    {
      await using world = await startFixture({ dataDir, clock });
      await createMailBucket(world);
      await activateRules(world, [{ Name: 'all', Actions: [add, ...(STORE.Actions ?? [])] }]);
      await world.s3.send(new DeleteBucketPolicyCommand({ Bucket: BUCKET }));
      await world.send({ to: ['b@y.test'] });
      await world.sandbox.idle();
      await world.s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: sesMayPut(BUCKET) }));
    }

    await using world = await startFixture({ dataDir, clock });
    await world.sandbox.idle();
    const [waiting] = world.sandbox.ses.journal.mails();
    expect(waiting).toMatchObject({ state: 'waitingForRetry' });

    clock.advance(60_000);
    await world.sandbox.idle();
    const mail = world.sandbox.ses.journal.mail(waiting?.id ?? '');
    expect(mail?.rules[0]?.actions.map(({ outcome, attempts }) => [outcome, attempts.length])).toEqual([
      ['done', 1],
      ['done', 2],
    ]);
    const stored = Buffer.from(world.sandbox.s3.readObject(BUCKET, `in/${mail?.id}`) ?? []).toString();
    expect(stored).toMatch(/^X-Seen: yes\r\nReturn-Path: /);
  });

  test('invokes a function again whose event had not succeeded', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const clock = manualClock();
    const starts = ({ sandbox }: Fixture) =>
      sandbox.lambda.logs.lines('fails').filter(({ text }) => text.startsWith('START'));
    {
      await using world = await startFixture({ dataDir, clock });
      await createRole(world);
      await createFunction(world, 'fails', 'export const handler = async () => { throw new Error("no") }');
      const event = { FunctionName: 'fails', InvocationType: 'Event', Payload: Buffer.from('{}') } as const;
      await world.lambda.send(new InvokeCommand(event));
      await world.sandbox.idle();
      expect(starts(world)).toHaveLength(1);
    }

    await using world = await startFixture({ dataDir, clock });
    await world.sandbox.idle();
    const [first, second] = starts(world);
    expect(second).toMatchObject({ requestId: first?.requestId });
  });

  test('does not run again what was over', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    {
      await using world = await startFixture({ dataDir });
      await createRole(world);
      const arn = await createFunction(world, 'talk', talkative('once'));
      await activateRules(world, [{ Name: 'call', Actions: [{ LambdaAction: { FunctionArn: arn } }] }]);
      await world.send({ to: ['b@y.test'] });
      await world.sandbox.idle();
    }

    await using world = await startFixture({ dataDir });
    await world.sandbox.idle();
    const said = world.sandbox.lambda.logs.lines('talk').filter(({ text }) => text.includes('once'));
    expect(said).toHaveLength(1);
  });
});
