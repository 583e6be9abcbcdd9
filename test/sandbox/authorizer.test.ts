import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
} from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetFunctionCommand,
  GetPolicyCommand,
  PublishVersionCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { zipFor } from '../cluster/edits.ts';
import { ACCOUNT, REGION, clientsOf, codeOf, functionWorld, policyOf, trustOf } from './support/running-sandbox.ts';

const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:orders`;
const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
const FULL = 'arn:aws:iam::aws:policy/AmazonS3FullAccess';

/** A published function, and clients of a session that may do what the statements say. */
async function sessionWith(...statements: readonly object[]) {
  const { sandbox, iam, lambda, Role } = await functionWorld();
  const RoleName = 'somebody';
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com') }));
  const PolicyDocument = policyOf(...statements.map((statement) => ({ Effect: 'Allow', ...statement })));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'some', PolicyDocument }));
  const FunctionName = 'orders';
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Role,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Code: { ZipFile: zipFor('orders') },
      Tags: { team: 'a' },
    }),
  );
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
  return clientsOf(sandbox, {
    credentials: sandbox.iam.door.issueSession(`arn:aws:iam::${ACCOUNT}:role/${RoleName}`, 'run'),
  });
}

/** `yes`, or what it was refused with. */
const answerTo = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'yes',
    (error: unknown) => codeOf(Promise.reject(error)),
  );

describe('a call with a qualifier', () => {
  it.each([
    ['the function', [FUNCTION], ['yes', '403 AccessDeniedException', '403 AccessDeniedException']],
    ['its alias', [`${FUNCTION}:live`], ['403 AccessDeniedException', 'yes', '403 AccessDeniedException']],
    ['both and its versions', [FUNCTION, `${FUNCTION}:*`], ['yes', 'yes', 'yes']],
  ])('is judged by the ARN with it: whoever may read %s', async (_, Resource, answers) => {
    const { lambda } = await sessionWith({ Action: ['lambda:GetFunction', 'lambda:ListTags'], Resource });
    const FunctionName = 'orders';

    expect([
      await answerTo(lambda.send(new GetFunctionCommand({ FunctionName }))),
      await answerTo(lambda.send(new GetFunctionCommand({ FunctionName, Qualifier: 'live' }))),
      await answerTo(lambda.send(new GetFunctionCommand({ FunctionName, Qualifier: '1' }))),
    ]).toEqual(answers);
  });

  it('does not bear the tags of the function, which are shown with it all the same', async () => {
    const Condition = { StringEquals: { 'aws:ResourceTag/team': 'a' } };
    const { lambda } = await sessionWith(
      { Action: 'lambda:GetPolicy', Resource: '*', Condition },
      { Action: 'lambda:GetFunction', Resource: '*' },
      { Action: 'lambda:ListTags', Resource: FUNCTION, Condition },
    );
    const live = { FunctionName: 'orders', Qualifier: 'live' };

    expect(await codeOf(lambda.send(new GetPolicyCommand(live)))).toBe('403 AccessDeniedException');
    // Allowed, so Lambda says that there is no policy yet.
    expect(await codeOf(lambda.send(new GetPolicyCommand({ FunctionName: 'orders' })))).toMatch(/^404 /);
    expect((await lambda.send(new GetFunctionCommand(live))).Tags).toEqual({ team: 'a' });
  });
});

describe('a condition on', () => {
  it('the policy that a role gets or loses', async () => {
    const { iam } = await sessionWith({
      Action: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
      Resource: '*',
      Condition: { ArnEquals: { 'iam:PolicyARN': READ_ONLY } },
    });
    const attach = (PolicyArn: string) =>
      answerTo(iam.send(new AttachRolePolicyCommand({ RoleName: 'runner', PolicyArn })));

    expect([await attach(READ_ONLY), await attach(FULL)]).toEqual(['yes', '403 AccessDenied']);
    expect(await answerTo(iam.send(new DetachRolePolicyCommand({ RoleName: 'runner', PolicyArn: READ_ONLY })))).toBe(
      'yes',
    );
  });

  it('the tags that a role gets or loses', async () => {
    const { iam } = await sessionWith(
      { Action: 'iam:TagRole', Resource: '*', Condition: { StringEquals: { 'aws:RequestTag/team': 'a' } } },
      { Action: 'iam:UntagRole', Resource: '*', Condition: { StringEquals: { 'aws:TagKeys': 'team' } } },
    );
    const tag = (Value: string) =>
      answerTo(iam.send(new TagRoleCommand({ RoleName: 'runner', Tags: [{ Key: 'team', Value }] })));
    const untag = (...TagKeys: string[]) => answerTo(iam.send(new UntagRoleCommand({ RoleName: 'runner', TagKeys })));

    expect([await tag('a'), await tag('b')]).toEqual(['yes', '403 AccessDenied']);
    expect([await untag('team'), await untag('owner')]).toEqual(['yes', '403 AccessDenied']);
  });

  it('the tags that a function gets or loses', async () => {
    const { lambda } = await sessionWith(
      { Action: 'lambda:TagResource', Resource: '*', Condition: { StringEquals: { 'aws:RequestTag/team': 'a' } } },
      { Action: 'lambda:UntagResource', Resource: '*', Condition: { StringEquals: { 'aws:TagKeys': 'team' } } },
    );
    const tag = (team: string) => answerTo(lambda.send(new TagResourceCommand({ Resource: FUNCTION, Tags: { team } })));
    const untag = (...TagKeys: string[]) =>
      answerTo(lambda.send(new UntagResourceCommand({ Resource: FUNCTION, TagKeys })));

    expect([await tag('a'), await tag('b')]).toEqual(['yes', '403 AccessDeniedException']);
    expect([await untag('team'), await untag('owner')]).toEqual(['yes', '403 AccessDeniedException']);
  });
});

describe('a session without rights', () => {
  it('is refused in the way of each service', async () => {
    const { iam, lambda, logs } = await sessionWith({ Action: 's3:ListBucket', Resource: '*' });

    expect([
      await codeOf(iam.send(new GetRoleCommand({ RoleName: 'runner' }))),
      await codeOf(lambda.send(new GetFunctionCommand({ FunctionName: 'orders' }))),
      await codeOf(logs.send(new CreateLogGroupCommand({ logGroupName: '/a' }))),
    ]).toEqual(['403 AccessDenied', '403 AccessDeniedException', '400 AccessDeniedException']);
  });
});
