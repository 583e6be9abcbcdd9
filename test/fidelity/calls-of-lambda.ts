import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionEventInvokeConfigCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
  ListAliasesCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionsCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { zipOf } from '../sandbox/mail-fixture.ts';
import { ACCOUNT, REGION, trustOf } from '../sandbox/support/running-sandbox.ts';
import { callsOf } from './script.ts';

const lambda = callsOf('lambda');
const iam = callsOf('iam');
const FunctionName = 'fidelity';
const Resource = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${FunctionName}`;
const missing = { FunctionName: 'fidelity-missing' };
const Role = `arn:aws:iam::${ACCOUNT}:role/fidelity-runner`;
const ZipFile = zipOf({ 'index.mjs': 'export const handler = () => 1' });
const OtherZip = zipOf({ 'index.mjs': 'export const handler = () => 2' });
const create = { FunctionName, Role, Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile } } as const;
const grant = { FunctionName, StatementId: 'ses', Action: 'lambda:InvokeFunction', Principal: 'ses.amazonaws.com' };

const functions = [
  iam(
    'for functions',
    () =>
      new CreateRoleCommand({ RoleName: 'fidelity-runner', AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com') }),
  ),
  lambda(
    'with everything',
    () =>
      new CreateFunctionCommand({
        ...create,
        Description: 'about',
        Timeout: 10,
        MemorySize: 256,
        Environment: { Variables: { AA: '1' } },
        Tags: { a: '1' },
      }),
  ),
  lambda('that is there', () => new CreateFunctionCommand(create)),
  lambda(
    'with a role that is missing',
    () => new CreateFunctionCommand({ ...create, FunctionName: 'x', Role: `${Role}-missing` }),
  ),
  lambda('that is there', () => new GetFunctionConfigurationCommand({ FunctionName })),
  lambda('that is there', () => new GetFunctionCommand({ FunctionName })),
  lambda('that is missing', () => new GetFunctionCommand(missing)),
  lambda('that is missing', () => new GetFunctionConfigurationCommand(missing)),
  lambda('all', () => new ListFunctionsCommand({})),
  lambda(
    'of a function',
    () => new UpdateFunctionConfigurationCommand({ FunctionName, Description: 'changed', Timeout: 20 }),
  ),
  lambda('of a missing function', () => new UpdateFunctionConfigurationCommand({ ...missing, Timeout: 20 })),
  lambda('of a function', () => new UpdateFunctionCodeCommand({ FunctionName, ZipFile: OtherZip })),
  lambda('of a missing function', () => new UpdateFunctionCodeCommand({ ...missing, ZipFile })),
];

const versions = [
  lambda('the first', () => new PublishVersionCommand({ FunctionName, Description: 'one' })),
  lambda('of a missing function', () => new PublishVersionCommand(missing)),
  lambda('of a function', () => new ListVersionsByFunctionCommand({ FunctionName })),
  lambda(
    'of a version',
    () => new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1', Description: 'about' }),
  ),
  lambda('that is there', () => new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' })),
  lambda('that is there', () => new GetAliasCommand({ FunctionName, Name: 'live' })),
  lambda('that is missing', () => new GetAliasCommand({ FunctionName, Name: 'missing' })),
  lambda('of a function', () => new ListAliasesCommand({ FunctionName })),
  lambda('to $LATEST', () => new UpdateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '$LATEST' })),
  lambda('of a function', () => new DeleteAliasCommand({ FunctionName, Name: 'live' })),
];

const permissions = [
  lambda('of a function without one', () => new GetPolicyCommand({ FunctionName })),
  lambda(
    'for SES',
    () =>
      new AddPermissionCommand({
        ...grant,
        SourceAccount: ACCOUNT,
        SourceArn: `arn:aws:ses:${REGION}:${ACCOUNT}:receipt-rule-set/s:receipt-rule/r`,
      }),
  ),
  lambda('of a missing function', () => new AddPermissionCommand({ ...grant, ...missing })),
  lambda('with one statement', () => new GetPolicyCommand({ FunctionName })),
  lambda('under an id that is not there', () => new RemovePermissionCommand({ FunctionName, StatementId: 'missing' })),
  lambda('for SES', () => new RemovePermissionCommand({ FunctionName, StatementId: 'ses' })),
];

const rest = [
  lambda('one more', () => new TagResourceCommand({ Resource, Tags: { b: '2' } })),
  lambda('of a function', () => new ListTagsCommand({ Resource })),
  lambda('one', () => new UntagResourceCommand({ Resource, TagKeys: ['a'] })),
  lambda('of a missing function', () => new ListTagsCommand({ Resource: `${Resource}-missing` })),
  lambda('of a function without', () => new GetFunctionConcurrencyCommand({ FunctionName })),
  lambda('of a function', () => new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 5 })),
  lambda('of a function', () => new GetFunctionConcurrencyCommand({ FunctionName })),
  lambda('of a function', () => new DeleteFunctionConcurrencyCommand({ FunctionName })),
  lambda('of a function without', () => new GetFunctionEventInvokeConfigCommand({ FunctionName })),
  lambda('of a function', () => new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 1 })),
  lambda(
    'of a function',
    () => new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumEventAgeInSeconds: 60 }),
  ),
  lambda('of a function', () => new GetFunctionEventInvokeConfigCommand({ FunctionName })),
  lambda('of a function', () => new ListFunctionEventInvokeConfigsCommand({ FunctionName })),
  lambda('of a function', () => new DeleteFunctionEventInvokeConfigCommand({ FunctionName })),
  lambda('that is there', () => new DeleteFunctionCommand({ FunctionName })),
  lambda('that is missing', () => new DeleteFunctionCommand({ FunctionName })),
];

// What one of the two takes and the other refuses comes last, so that nothing later stands on it.
const refusals = [
  lambda('again', () => new CreateFunctionCommand(create)),
  lambda('again', () => new AddPermissionCommand(grant)),
  lambda('with a bad name', () => new CreateFunctionCommand({ ...create, FunctionName: 'no name' })),
  lambda('with too much memory', () => new CreateFunctionCommand({ ...create, FunctionName: 'x', MemorySize: 99_999 })),
  lambda('under an id that is taken', () => new AddPermissionCommand(grant)),
];

/** A function from its creation to its end. moto runs handlers in Docker only, so none is invoked here. */
export const LAMBDA_CALLS = [...functions, ...versions, ...permissions, ...rest, ...refusals];
