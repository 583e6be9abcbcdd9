import {
  AddPermissionCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
  ListFunctionsCommand,
  ListTagsCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  ACCOUNT,
  BUCKET,
  createMailBucket,
  createRole,
  manualClock,
  ROLE,
  startFixture,
  zipOf,
} from './mail-fixture.ts';

const ARN = `arn:aws:lambda:us-west-2:${ACCOUNT}:function:f`;
const ZIP = zipOf({ 'index.mjs': 'export const handler = () => null' });
const OTHER_ZIP = zipOf({ 'index.mjs': 'export const handler = () => 1' });
const sha256 = (zip: Uint8Array) => createHash('sha256').update(zip).digest('base64');

const input = (more: Partial<CreateFunctionCommandInput> = {}): CreateFunctionCommandInput => ({
  FunctionName: 'f',
  Role: ROLE,
  Runtime: 'nodejs24.x',
  Handler: 'index.handler',
  Code: { ZipFile: ZIP },
  ...more,
});

async function startWithRole(options: Parameters<typeof startFixture>[0] = {}) {
  const world = await startFixture(options);
  await createRole(world);
  return world;
}

describe('creating a function', () => {
  test('returns what was asked for, with defaults', async () => {
    await using world = await startWithRole();
    const created = await world.lambda.send(
      new CreateFunctionCommand(
        input({
          Description: 'echo',
          Tags: { team: 'mail' },
          Architectures: ['arm64'],
          Environment: { Variables: { STAGE: 'test' } },
          LoggingConfig: { LogFormat: 'JSON' },
        }),
      ),
    );
    expect(created).toMatchObject({
      FunctionName: 'f',
      FunctionArn: ARN,
      Role: ROLE,
      Description: 'echo',
      Timeout: 3,
      MemorySize: 128,
      CodeSize: ZIP.length,
      CodeSha256: sha256(ZIP),
      Architectures: ['arm64'],
      Environment: { Variables: { STAGE: 'test' } },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: '/aws/lambda/f' },
      PackageType: 'Zip',
      Version: '$LATEST',
    });
    const found = await world.lambda.send(new GetFunctionCommand({ FunctionName: ARN }));
    expect(found).toMatchObject({
      Tags: { team: 'mail' },
      Code: { RepositoryType: 'S3', Location: expect.any(String) },
    });
    expect(found.Concurrency).toBeUndefined();
    const { Functions } = await world.lambda.send(new ListFunctionsCommand({}));
    expect(Functions?.map(({ FunctionName }) => FunctionName)).toEqual(['f']);
  });

  test('takes its code from S3', async () => {
    await using world = await startWithRole();
    await createMailBucket(world);
    const Code = { S3Bucket: BUCKET, S3Key: 'code.zip' };
    await expect(world.lambda.send(new CreateFunctionCommand(input({ Code })))).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: expect.stringContaining('NoSuchKey'),
    });
    await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'code.zip', Body: ZIP }));
    const { CodeSha256 } = await world.lambda.send(new CreateFunctionCommand(input({ Code })));
    expect(CodeSha256).toBe(sha256(ZIP));
  });

  test('is Pending until its time is over, and takes no update before', async () => {
    const clock = manualClock();
    await using world = await startWithRole({ clock, functionUpdateMs: 200 });
    const created = await world.lambda.send(new CreateFunctionCommand(input()));
    expect(created).toMatchObject({ State: 'Pending', LastUpdateStatus: 'InProgress' });
    const update = () =>
      world.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Description: 'x' }));
    const code = () => world.lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: OTHER_ZIP }));
    await expect(update()).rejects.toMatchObject({ name: 'ResourceConflictException' });
    clock.advance(200);
    expect(await update()).toMatchObject({ State: 'Active', LastUpdateStatus: 'InProgress' });
    await expect(code()).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message: `The operation cannot be performed at this time. An update is in progress for resource: ${ARN}`,
    });
    clock.advance(200);
    expect(await code()).toMatchObject({ CodeSha256: sha256(OTHER_ZIP), Description: 'x' });
  });

  test('needs a role that Lambda can assume, once that has propagated', async () => {
    const clock = manualClock();
    await using world = await startFixture({ clock });
    const create = () => world.lambda.send(new CreateFunctionCommand(input()));
    const refusal = {
      name: 'InvalidParameterValueException',
      message: 'The role defined for the function cannot be assumed by Lambda.',
    };
    await expect(create()).rejects.toMatchObject(refusal);
    world.sandbox.faults.setPropagationMs(3000);
    await createRole(world);
    await expect(create()).rejects.toMatchObject(refusal);
    clock.advance(3000);
    await expect(create()).resolves.toMatchObject({ FunctionName: 'f' });
  });

  test('refuses a role made for another service', async () => {
    await using world = await startFixture();
    await createRole(world, 'ec2.amazonaws.com');
    await expect(world.lambda.send(new CreateFunctionCommand(input()))).rejects.toMatchObject({
      message: 'The role defined for the function cannot be assumed by Lambda.',
    });
  });

  test.each<[string, Partial<CreateFunctionCommandInput>]>([
    ['no runtime', { Runtime: undefined }],
    ['no handler', { Handler: undefined }],
    ['a bad name', { FunctionName: 'no spaces' }],
    ['a timeout over 900', { Timeout: 901 }],
    ['memory below 128', { MemorySize: 64 }],
    ['a variable of one character', { Environment: { Variables: { A: '1' } } }],
    ['a reserved variable', { Environment: { Variables: { AWS_REGION: 'x' } } }],
    ['variables over 4 KB', { Environment: { Variables: { BIG: 'x'.repeat(4096) } } }],
    ['code that is no zip', { Code: { ZipFile: Buffer.from('no zip') } }],
    ['code that leaves its folder', { Code: { ZipFile: zipOf({ '../evil.js': '' }) } }],
    ['code with an absolute path', { Code: { ZipFile: zipOf({ '/etc/evil.js': '' }) } }],
    ['no code', { Code: {} }],
    ['two architectures', { Architectures: ['arm64', 'x86_64'] }],
  ])('refuses %s', async (_what, more) => {
    await using world = await startWithRole();
    await expect(world.lambda.send(new CreateFunctionCommand(input(more)))).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      $metadata: { httpStatusCode: 400 },
    });
    expect((await world.lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
  });

  test('refuses a name that is taken', async () => {
    await using world = await startWithRole();
    await world.lambda.send(new CreateFunctionCommand(input()));
    await expect(world.lambda.send(new CreateFunctionCommand(input()))).rejects.toMatchObject({
      name: 'ResourceConflictException',
      $metadata: { httpStatusCode: 409 },
    });
  });
});

describe('changing a function', () => {
  test('leaves alone what an update does not mention, and clears by explicit empties', async () => {
    await using world = await startWithRole();
    const Environment = { Variables: { STAGE: 'test' } };
    await world.lambda.send(new CreateFunctionCommand(input({ Environment, Description: 'old', Timeout: 9 })));
    const update = new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Description: 'new' });
    expect(await world.lambda.send(update)).toMatchObject({ Description: 'new', Timeout: 9, Environment });
    const clear = new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Environment: { Variables: {} } });
    expect(await world.lambda.send(clear)).toMatchObject({ Environment: { Variables: {} }, Description: 'new' });
  });

  test('gives every write a new revision and refuses an old one', async () => {
    await using world = await startWithRole();
    const { RevisionId } = await world.lambda.send(new CreateFunctionCommand(input()));
    const update = new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: OTHER_ZIP, RevisionId });
    expect((await world.lambda.send(update)).RevisionId).not.toBe(RevisionId);
    await expect(world.lambda.send(update)).rejects.toMatchObject({
      name: 'PreconditionFailedException',
      $metadata: { httpStatusCode: 412 },
    });
  });

  test('changes nothing on a dry run', async () => {
    await using world = await startWithRole();
    await world.lambda.send(new CreateFunctionCommand(input()));
    const dry = new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: OTHER_ZIP, DryRun: true });
    expect((await world.lambda.send(dry)).CodeSha256).toBe(sha256(OTHER_ZIP));
    const read = new GetFunctionConfigurationCommand({ FunctionName: 'f' });
    expect((await world.lambda.send(read)).CodeSha256).toBe(sha256(ZIP));
  });

  test('answers ResourceNotFound for what is not there, and deletes with all that hangs on it', async () => {
    await using world = await startWithRole();
    const gone = { name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 } };
    const remove = () => world.lambda.send(new DeleteFunctionCommand({ FunctionName: 'f' }));
    await expect(remove()).rejects.toMatchObject(gone);
    await world.lambda.send(new CreateFunctionCommand(input()));
    await world.lambda.send(permission('a'));
    await remove();
    await expect(world.lambda.send(new GetFunctionCommand({ FunctionName: 'f' }))).rejects.toMatchObject(gone);
    await world.lambda.send(new CreateFunctionCommand(input()));
    await expect(world.lambda.send(new GetPolicyCommand({ FunctionName: 'f' }))).rejects.toMatchObject(gone);
  });

  test('adds and removes tags by key', async () => {
    await using world = await startWithRole();
    await world.lambda.send(new CreateFunctionCommand(input({ Tags: { a: '1', b: '2' } })));
    await world.lambda.send(new TagResourceCommand({ Resource: ARN, Tags: { b: '3', c: '4' } }));
    await world.lambda.send(new UntagResourceCommand({ Resource: ARN, TagKeys: ['a', 'x'] }));
    expect((await world.lambda.send(new ListTagsCommand({ Resource: ARN }))).Tags).toEqual({ b: '3', c: '4' });
  });

  test('keeps reserved concurrency and the limits of the queue', async () => {
    await using world = await startWithRole();
    await world.lambda.send(new CreateFunctionCommand(input()));
    const FunctionName = 'f';
    await world.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 2 }));
    const concurrency = () => world.lambda.send(new GetFunctionConcurrencyCommand({ FunctionName }));
    expect((await concurrency()).ReservedConcurrentExecutions).toBe(2);
    const { Concurrency } = await world.lambda.send(new GetFunctionCommand({ FunctionName }));
    expect(Concurrency).toEqual({ ReservedConcurrentExecutions: 2 });
    await world.lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    expect((await concurrency()).ReservedConcurrentExecutions).toBeUndefined();

    const get = () => world.lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }));
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const limits = { FunctionName, MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 };
    await world.lambda.send(new PutFunctionEventInvokeConfigCommand(limits));
    await world.lambda.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 0 }));
    expect(await get()).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
    await world.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 2 }));
    expect((await get()).MaximumEventAgeInSeconds).toBeUndefined();
    await world.lambda.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName }));
    await expect(get()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

const permission = (StatementId: string, more: { SourceArn?: string; RevisionId?: string | undefined } = {}) =>
  new AddPermissionCommand({
    FunctionName: 'f',
    StatementId,
    Action: 'lambda:InvokeFunction',
    Principal: 'ses.amazonaws.com',
    SourceAccount: ACCOUNT,
    ...more,
  });

describe('permissions', () => {
  test('shows statements as Lambda writes them', async () => {
    await using world = await startWithRole();
    await world.lambda.send(new CreateFunctionCommand(input()));
    const SourceArn = `arn:aws:ses:us-west-2:${ACCOUNT}:receipt-rule-set/s:receipt-rule/r*`;
    await world.lambda.send(permission('ses', { SourceArn }));
    const { Policy = '' } = await world.lambda.send(new GetPolicyCommand({ FunctionName: 'f' }));
    expect(JSON.parse(Policy)).toEqual({
      Version: '2012-10-17',
      Id: 'default',
      Statement: [
        {
          Sid: 'ses',
          Effect: 'Allow',
          Principal: { Service: 'ses.amazonaws.com' },
          Action: 'lambda:InvokeFunction',
          Resource: ARN,
          Condition: { StringEquals: { 'AWS:SourceAccount': ACCOUNT }, ArnLike: { 'AWS:SourceArn': SourceArn } },
        },
      ],
    });
  });

  test('refuses an id that is taken and an old revision', async () => {
    await using world = await startWithRole();
    await world.lambda.send(new CreateFunctionCommand(input()));
    await world.lambda.send(permission('a'));
    await expect(world.lambda.send(permission('a'))).rejects.toMatchObject({
      name: 'ResourceConflictException',
      message: expect.stringContaining('The statement id (a) provided already exists'),
    });
    const { RevisionId } = await world.lambda.send(new GetPolicyCommand({ FunctionName: 'f' }));
    await world.lambda.send(permission('b', { RevisionId }));
    await expect(world.lambda.send(permission('c', { RevisionId }))).rejects.toMatchObject({
      name: 'PreconditionFailedException',
    });
    const remove = (StatementId: string) =>
      world.lambda.send(new RemovePermissionCommand({ FunctionName: 'f', StatementId }));
    await remove('a');
    await expect(remove('a')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await remove('b');
    await expect(world.lambda.send(new GetPolicyCommand({ FunctionName: 'f' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test.each([
    ['the very rule', 'receipt-rule-set/s:receipt-rule/r', true],
    ['another rule', 'receipt-rule-set/s:receipt-rule/other', false],
  ])('lets SES invoke for %s: %s', async (_what, rule, expected) => {
    const clock = manualClock();
    await using world = await startWithRole({ clock });
    await world.lambda.send(new CreateFunctionCommand(input()));
    world.sandbox.faults.setPropagationMs(1000);
    const arnOf = (path: string) => `arn:aws:ses:us-west-2:${ACCOUNT}:${path}`;
    await world.lambda.send(permission('ses', { SourceArn: arnOf('receipt-rule-set/s:receipt-rule/r') }));
    const allowed = () =>
      world.sandbox.lambda.door.invokableBy(
        { kind: 'service', service: 'ses.amazonaws.com', sourceAccount: ACCOUNT, sourceArn: arnOf(rule) },
        ARN,
      );
    expect(allowed()).toBe(false);
    clock.advance(1000);
    expect(allowed()).toBe(expected);
  });
});
