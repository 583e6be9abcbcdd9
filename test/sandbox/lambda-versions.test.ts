import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  GetLayerVersionCommand,
  GetPolicyCommand,
  InvokeCommand,
  ListAliasesCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { zipOf } from './mail-fixture.ts';
import { ACCOUNT, codeOf, functionWorld, REGION, refusalOf } from './support/running-sandbox.ts';

const FunctionName = 'f';
const ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:f`;
const codeThatAnswers = (value: number) => zipOf({ 'index.mjs': `export const handler = () => ${value}` });

/** A function whose first version answers 1 and whose `$LATEST` answers 2. */
async function twoVersions() {
  const world = await functionWorld();
  const { lambda, Role } = world;
  const settings = { FunctionName, Role, Runtime: 'nodejs24.x', Handler: 'index.handler' } as const;
  await lambda.send(new CreateFunctionCommand({ ...settings, Code: { ZipFile: codeThatAnswers(1) }, Publish: true }));
  await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: codeThatAnswers(2) }));
  const answerOf = async (Qualifier?: string) => {
    const { Payload, ExecutedVersion } = await lambda.send(new InvokeCommand({ FunctionName, Qualifier }));
    return `${ExecutedVersion} ${Payload?.transformToString()}`;
  };
  return { ...world, answerOf };
}

describe('a published version', () => {
  it('keeps the code it was published with', async () => {
    const { lambda, answerOf } = await twoVersions();

    const { Version, FunctionArn } = await lambda.send(new PublishVersionCommand({ FunctionName, Description: 'two' }));

    expect([Version, FunctionArn]).toEqual(['2', `${ARN}:2`]);
    expect([await answerOf(), await answerOf('1'), await answerOf('2')]).toEqual(['$LATEST 2', '1 1', '2 2']);
  });

  it('is the last one as long as nothing has changed', async () => {
    const { lambda } = await twoVersions();
    await lambda.send(new PublishVersionCommand({ FunctionName }));

    expect((await lambda.send(new PublishVersionCommand({ FunctionName }))).Version).toBe('2');
  });

  it('is listed behind $LATEST', async () => {
    const { lambda } = await twoVersions();

    const { Versions } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
    const all = await lambda.send(new ListFunctionsCommand({ FunctionVersion: 'ALL' }));

    const expected = [`${ARN}:$LATEST`, `${ARN}:1`];
    expect(Versions?.map((each) => each.FunctionArn)).toEqual(expected);
    expect(all.Functions?.map((each) => each.FunctionArn)).toEqual(expected);
  });

  it('can be deleted, and its number is not given again', async () => {
    const { lambda, answerOf } = await twoVersions();

    await lambda.send(new DeleteFunctionCommand({ FunctionName, Qualifier: '1' }));

    expect(await codeOf(answerOf('1'))).toBe('404 ResourceNotFoundException');
    expect((await lambda.send(new PublishVersionCommand({ FunctionName }))).Version).toBe('2');
    expect(await answerOf()).toBe('$LATEST 2');
  });

  it('is published of the code the caller means', async () => {
    const { lambda } = await twoVersions();
    const publish = (more: object) => codeOf(lambda.send(new PublishVersionCommand({ FunctionName, ...more })));

    expect(await publish({ CodeSha256: 'another' })).toBe('400 InvalidParameterValueException');
    expect(await publish({ RevisionId: 'another' })).toBe('412 PreconditionFailedException');
  });
});

describe('an alias', () => {
  it('leads to its version, also after it has been moved', async () => {
    const { lambda, answerOf } = await twoVersions();
    await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
    const before = await answerOf('live');

    await lambda.send(new UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '$LATEST' }));

    expect([before, await answerOf('live')]).toEqual(['1 1', '$LATEST 2']);
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName, Qualifier: 'live' }));
    expect(Configuration).toMatchObject({ FunctionArn: `${ARN}:live`, Version: '$LATEST' });
  });

  it('keeps its version from being deleted', async () => {
    const { lambda } = await twoVersions();
    await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
    const remove = () => lambda.send(new DeleteFunctionCommand({ FunctionName, Qualifier: '1' }));

    expect((await refusalOf(remove())).message).toBe(
      'Unable to delete version because the following aliases reference it: [live]',
    );
    await lambda.send(new DeleteAliasCommand({ FunctionName, Name: 'live' }));
    await expect(remove()).resolves.toBeDefined();
  });

  it('is listed, and changed by who has seen its latest state only', async () => {
    const { lambda } = await twoVersions();
    const alias = await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
    const move = { FunctionName, Name: 'live', FunctionVersion: '$LATEST' };

    expect(alias.AliasArn).toBe(`${ARN}:live`);
    expect(await codeOf(lambda.send(new UpdateAliasCommand({ ...move, RevisionId: 'older' })))).toBe(
      '412 PreconditionFailedException',
    );
    await lambda.send(new UpdateAliasCommand({ ...move, RevisionId: alias.RevisionId }));
    const { Aliases } = await lambda.send(new ListAliasesCommand({ FunctionName }));
    expect(Aliases).toMatchObject([{ Name: 'live', FunctionVersion: '$LATEST' }]);
  });

  it.each([
    ['of a version that is not there', '404 ResourceNotFoundException', { Name: 'live', FunctionVersion: '7' }],
    ['that looks like a version', '400 InvalidParameterValueException', { Name: '7', FunctionVersion: '1' }],
    ['twice', '409 ResourceConflictException', { Name: 'taken', FunctionVersion: '1' }],
  ])('is not created %s', async (_what, code, alias) => {
    const { lambda } = await twoVersions();
    await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'taken', FunctionVersion: '1' }));

    expect(await codeOf(lambda.send(new CreateAliasCommand({ FunctionName, ...alias })))).toBe(code);
    expect(await codeOf(lambda.send(new GetAliasCommand({ FunctionName, Name: 'other' })))).toBe(
      '404 ResourceNotFoundException',
    );
  });
});

describe('a qualifier', () => {
  it('has a policy of its own, which names its ARN', async () => {
    const { sandbox, lambda } = await twoVersions();
    await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
    const grant = { FunctionName, StatementId: 'ses', Action: 'lambda:InvokeFunction', Principal: 'ses.amazonaws.com' };

    await lambda.send(new AddPermissionCommand({ ...grant, Qualifier: 'live' }));

    const { Policy = '' } = await lambda.send(new GetPolicyCommand({ FunctionName, Qualifier: 'live' }));
    expect(JSON.parse(Policy).Statement[0].Resource).toBe(`${ARN}:live`);
    expect(await codeOf(lambda.send(new GetPolicyCommand({ FunctionName })))).toBe('404 ResourceNotFoundException');
    const ses = {
      kind: 'service',
      service: 'ses.amazonaws.com',
      sourceAccount: ACCOUNT,
      sourceArn: 'arn:aws:ses',
    } as const;
    expect([ARN, `${ARN}:live`, `${ARN}:1`].map((arn) => sandbox.lambda.door.invokableBy(ses, arn))).toEqual([
      false,
      true,
      false,
    ]);
    const ofLatest = new AddPermissionCommand({ ...grant, Qualifier: '$LATEST' });
    expect(await codeOf(lambda.send(ofLatest))).toBe('400 InvalidParameterValueException');
  });

  it('has asynchronous settings of its own', async () => {
    const { lambda } = await twoVersions();
    const ofOne = { FunctionName, Qualifier: '1' };

    await lambda.send(new PutFunctionEventInvokeConfigCommand({ ...ofOne, MaximumRetryAttempts: 0 }));

    expect(await codeOf(lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName })))).toBe(
      '404 ResourceNotFoundException',
    );
    const listed = await lambda.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName }));
    expect(listed.FunctionEventInvokeConfigs).toMatchObject([{ FunctionArn: `${ARN}:1`, MaximumRetryAttempts: 0 }]);
  });

  it('given twice must be the same', async () => {
    const { answerOf, lambda } = await twoVersions();
    const invoke = new InvokeCommand({ FunctionName: `${ARN}:1`, Qualifier: '$LATEST' });

    expect(await codeOf(lambda.send(invoke))).toBe('400 InvalidParameterValueException');
    expect(await answerOf('1')).toBe('1 1');
  });
});

it('names an operation that the sandbox lacks', async () => {
  const { lambda } = await functionWorld();

  const refusal = await refusalOf(lambda.send(new GetLayerVersionCommand({ LayerName: 'l', VersionNumber: 1 })));

  expect(refusal.name).toBe('NotImplemented');
  expect(refusal.message).toContain('lambda:GetLayerVersion');
});
