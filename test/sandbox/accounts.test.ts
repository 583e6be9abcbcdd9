import { CreateRoleCommand, ListRolesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  GetFunctionCommand,
  ListFunctionsCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, HeadBucketCommand, ListBucketsCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { CreateReceiptRuleCommand, CreateReceiptRuleSetCommand, ListReceiptRuleSetsCommand } from '@aws-sdk/client-ses';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { zipOf } from './mail-fixture.ts';
import { ACCOUNT, clientsOf, codeOf, policyOf, REGION, runningSandbox, trustOf } from './support/running-sandbox.ts';

const OTHER = '210987654321';
const CreateBucketConfiguration = { LocationConstraint: REGION };

/** Clients of the sandbox's own account, and of another one. */
async function twoAccounts() {
  const sandbox = await runningSandbox({ functionUpdateMs: 0 });
  const other = clientsOf(sandbox, { credentials: { accessKeyId: OTHER, secretAccessKey: 'any' } });
  return { sandbox, own: clientsOf(sandbox), other };
}

describe('an access key of twelve digits', () => {
  it('is the account of that number', async () => {
    const { own, other } = await twoAccounts();

    expect((await own.sts.send(new GetCallerIdentityCommand({}))).Account).toBe(ACCOUNT);
    expect(await other.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: OTHER,
      Arn: `arn:aws:iam::${OTHER}:user/sandbox`,
    });
  });

  it('sees its own roles, functions and rule sets only, under ARNs of its own', async () => {
    const { own, other } = await twoAccounts();
    const create = { RoleName: 'same', AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com') };
    await own.iam.send(new CreateRoleCommand(create));
    const { Role } = await other.iam.send(new CreateRoleCommand(create));
    const settings = { FunctionName: 'f', Runtime: 'nodejs24.x', Handler: 'index.handler' } as const;
    const Code = { ZipFile: zipOf({ 'index.mjs': 'export const handler = () => 1' }) };
    const { FunctionArn } = await other.lambda.send(new CreateFunctionCommand({ ...settings, Role: Role?.Arn, Code }));
    await other.ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'theirs' }));

    expect(FunctionArn).toBe(`arn:aws:lambda:${REGION}:${OTHER}:function:f`);
    expect((await own.lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
    expect(await codeOf(own.lambda.send(new GetFunctionCommand({ FunctionName: FunctionArn })))).toBe(
      '403 AccessDeniedException',
    );
    expect((await own.iam.send(new ListRolesCommand({}))).Roles).toHaveLength(1);
    expect((await own.ses.send(new ListReceiptRuleSetsCommand({}))).RuleSets).toEqual([]);
  });

  it('shares the names of buckets with everybody', async () => {
    const { own, other } = await twoAccounts();
    const create = new CreateBucketCommand({ Bucket: 'shared-name', CreateBucketConfiguration });
    await own.s3.send(create);

    expect(await codeOf(other.s3.send(create))).toBe('409 BucketAlreadyExists');
    expect(await codeOf(other.s3.send(new HeadBucketCommand({ Bucket: 'shared-name' })))).toBe('403 Unknown');
    expect((await other.s3.send(new ListBucketsCommand({}))).Buckets).toEqual([]);
  });

  it('keeps its number when it assumes a role', async () => {
    const { sandbox, other } = await twoAccounts();
    const trust = policyOf({ Effect: 'Allow', Principal: { AWS: OTHER }, Action: 'sts:AssumeRole' });
    const { Role } = await other.iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trust }));
    const { Credentials } = await other.sts.send(new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'run' }));

    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const { sts } = clientsOf(sandbox, { credentials });

    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(`arn:aws:sts::${OTHER}:assumed-role/r/run`);
  });

  it('assumes a role of another account when both sides agree', async () => {
    const { sandbox, own, other } = await twoAccounts();
    const trusting = (principal: string) =>
      policyOf({ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' });
    const caller = await other.iam.send(
      new CreateRoleCommand({ RoleName: 'c', AssumeRolePolicyDocument: trusting(OTHER) }),
    );
    const callerArn = caller.Role?.Arn ?? '';
    const target = new CreateRoleCommand({ RoleName: 't', AssumeRolePolicyDocument: trusting(callerArn) });
    const RoleArn = (await own.iam.send(target)).Role?.Arn;
    const credentials = sandbox.iam.door.issueSession(callerArn, 'run');
    const { sts } = clientsOf(sandbox, { credentials });
    const assume = () => sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'over' }));
    expect(await codeOf(assume())).toBe('403 AccessDenied');

    const PolicyDocument = policyOf({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: RoleArn });
    await other.iam.send(new PutRolePolicyCommand({ RoleName: 'c', PolicyName: 'over', PolicyDocument }));

    expect((await assume()).AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/t/over`);
  });

  it('receives mail by rules and grants of its own', async () => {
    const { sandbox, own, other } = await twoAccounts();
    const Bucket = 'mail-bodies';
    await own.s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
    const grantTo = (account: string) =>
      policyOf({
        Effect: 'Allow',
        Principal: { Service: 'ses.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${Bucket}/*`,
        Condition: { StringEquals: { 'AWS:SourceAccount': account } },
      });
    await own.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: grantTo(ACCOUNT) }));
    await other.ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'theirs' }));
    const Rule = { Name: 'store', Enabled: true, Actions: [{ S3Action: { BucketName: Bucket } }] };
    const create = new CreateReceiptRuleCommand({ RuleSetName: 'theirs', Rule });

    expect(await codeOf(other.ses.send(create))).toBe('400 InvalidS3ConfigurationException');
    await own.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: grantTo(OTHER) }));
    await other.ses.send(create);

    expect(sandbox.s3.objects(Bucket).map(({ key }) => key)).toEqual(['AMAZON_SES_SETUP_NOTIFICATION']);
  });
});

it('refuses the ARN of a function elsewhere', async () => {
  const { own } = await twoAccounts();
  const FunctionName = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:f`;
  const grant = { StatementId: 's', Action: 'lambda:InvokeFunction', Principal: 'ses.amazonaws.com' };

  expect(await codeOf(own.lambda.send(new AddPermissionCommand({ FunctionName, ...grant })))).toBe(
    '404 ResourceNotFoundException',
  );
});
