import * as lambdaClient from '@aws-sdk/client-lambda';
import * as iamClient from '@aws-sdk/client-iam';
import { zipOf } from '../sandbox/mail-fixture.ts';
import { ACCOUNT, REGION, trustOf } from '../sandbox/support/running-sandbox.ts';
import { callsOf } from './script.ts';

const lambda = callsOf('lambda', lambdaClient);
const iam = callsOf('iam', iamClient);
const FunctionName = 'fidelity';
const Resource = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${FunctionName}`;
const missing = { FunctionName: 'fidelity-missing' };
const Role = `arn:aws:iam::${ACCOUNT}:role/fidelity-runner`;
const ZipFile = zipOf({ 'index.mjs': 'export const handler = () => 1' });
const OtherZip = zipOf({ 'index.mjs': 'export const handler = () => 2' });
const create = { FunctionName, Role, Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile } } as const;
const grant = { FunctionName, StatementId: 'ses', Action: 'lambda:InvokeFunction', Principal: 'ses.amazonaws.com' };

const functions = [
  iam('CreateRole', 'for functions', {
    RoleName: 'fidelity-runner',
    AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com'),
  }),
  lambda('CreateFunction', 'with everything', {
    ...create,
    Description: 'about',
    Timeout: 10,
    MemorySize: 256,
    Environment: { Variables: { AA: '1' } },
    Tags: { a: '1' },
  }),
  lambda('CreateFunction', 'that is there', create),
  lambda('CreateFunction', 'with a role that is missing', { ...create, FunctionName: 'x', Role: `${Role}-missing` }),
  lambda('GetFunctionConfiguration', 'that is there', { FunctionName }),
  lambda('GetFunction', 'that is there', { FunctionName }),
  lambda('GetFunction', 'that is missing', missing),
  lambda('GetFunctionConfiguration', 'that is missing', missing),
  lambda('ListFunctions', 'all', {}),
  lambda('UpdateFunctionConfiguration', 'of a function', { FunctionName, Description: 'changed', Timeout: 20 }),
  lambda('UpdateFunctionConfiguration', 'of a missing function', { ...missing, Timeout: 20 }),
  lambda('UpdateFunctionCode', 'of a function', { FunctionName, ZipFile: OtherZip }),
  lambda('UpdateFunctionCode', 'of a missing function', { ...missing, ZipFile }),
];

const versions = [
  lambda('PublishVersion', 'the first', { FunctionName, Description: 'one' }),
  lambda('PublishVersion', 'of a missing function', missing),
  lambda('ListVersionsByFunction', 'of a function', { FunctionName }),
  lambda('CreateAlias', 'of a version', { FunctionName, Name: 'live', FunctionVersion: '1', Description: 'about' }),
  lambda('CreateAlias', 'that is there', { FunctionName, Name: 'live', FunctionVersion: '1' }),
  lambda('GetAlias', 'that is there', { FunctionName, Name: 'live' }),
  lambda('GetAlias', 'that is missing', { FunctionName, Name: 'missing' }),
  lambda('ListAliases', 'of a function', { FunctionName }),
  lambda('UpdateAlias', 'to $LATEST', { FunctionName, Name: 'live', FunctionVersion: '$LATEST' }),
  lambda('DeleteAlias', 'of a function', { FunctionName, Name: 'live' }),
];

const permissions = [
  lambda('GetPolicy', 'of a function without one', { FunctionName }),
  lambda('AddPermission', 'for SES', {
    ...grant,
    SourceAccount: ACCOUNT,
    SourceArn: `arn:aws:ses:${REGION}:${ACCOUNT}:receipt-rule-set/s:receipt-rule/r`,
  }),
  lambda('AddPermission', 'of a missing function', { ...grant, ...missing }),
  lambda('GetPolicy', 'with one statement', { FunctionName }),
  lambda('RemovePermission', 'under an id that is not there', { FunctionName, StatementId: 'missing' }),
  lambda('RemovePermission', 'for SES', { FunctionName, StatementId: 'ses' }),
];

const rest = [
  lambda('TagResource', 'one more', { Resource, Tags: { b: '2' } }),
  lambda('ListTags', 'of a function', { Resource }),
  lambda('UntagResource', 'one', { Resource, TagKeys: ['a'] }),
  lambda('ListTags', 'of a missing function', { Resource: `${Resource}-missing` }),
  lambda('GetFunctionConcurrency', 'of a function without', { FunctionName }),
  lambda('PutFunctionConcurrency', 'of a function', { FunctionName, ReservedConcurrentExecutions: 5 }),
  lambda('GetFunctionConcurrency', 'of a function', { FunctionName }),
  lambda('DeleteFunctionConcurrency', 'of a function', { FunctionName }),
  lambda('GetFunctionEventInvokeConfig', 'of a function without', { FunctionName }),
  lambda('PutFunctionEventInvokeConfig', 'of a function', { FunctionName, MaximumRetryAttempts: 1 }),
  lambda('UpdateFunctionEventInvokeConfig', 'of a function', { FunctionName, MaximumEventAgeInSeconds: 60 }),
  lambda('GetFunctionEventInvokeConfig', 'of a function', { FunctionName }),
  lambda('ListFunctionEventInvokeConfigs', 'of a function', { FunctionName }),
  lambda('DeleteFunctionEventInvokeConfig', 'of a function', { FunctionName }),
  lambda('DeleteFunction', 'that is there', { FunctionName }),
  lambda('DeleteFunction', 'that is missing', { FunctionName }),
];

// What one of the two takes and the other refuses comes last, so that nothing later stands on it.
const refusals = [
  lambda('CreateFunction', 'again', create),
  lambda('AddPermission', 'again', grant),
  lambda('CreateFunction', 'with a bad name', { ...create, FunctionName: 'no name' }),
  lambda('CreateFunction', 'with too much memory', { ...create, FunctionName: 'x', MemorySize: 99_999 }),
  lambda('AddPermission', 'under an id that is taken', grant),
];

/** A function from its creation to its end. moto runs handlers in Docker only, so none is invoked here. */
export const LAMBDA_CALLS = [...functions, ...versions, ...permissions, ...rest, ...refusals];
