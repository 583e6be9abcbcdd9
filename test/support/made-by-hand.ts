import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, CreateFunctionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SetActiveReceiptRuleSetCommand,
  type ReceiptRule,
} from '@aws-sdk/client-ses';
import { strToU8, zipSync } from 'fflate';
import { ECHO } from './manifests.ts';
import type { Foreign } from './aws-clients.ts';

export const ACCOUNT = '123456789012';
export const functionArn = (name: string): string => `arn:aws:lambda:us-west-2:${ACCOUNT}:function:${name}`;

const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const mayLog = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'logs:*', Resource: '*' }],
};

/** What people set up without this project: a bucket that SES may write to, a role, and functions that SES may invoke. */
export async function setUpByHand(
  { s3, iam, lambda }: Foreign,
  { bucket, functions }: { readonly bucket: string; readonly functions: readonly string[] },
): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const grant = {
    Sid: 'AllowSES',
    Effect: 'Allow',
    Principal: { Service: 'ses.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${bucket}/*`,
    Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [grant] });
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const RoleName = 'made-by-hand';
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const PolicyDocument = JSON.stringify(mayLog);
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'log', PolicyDocument }));
  for (const FunctionName of functions) {
    const code = { 'index.mjs': strToU8(ECHO) };
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Role: `arn:aws:iam::${ACCOUNT}:role/${RoleName}`,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Description: 'Reads mail',
        Environment: { Variables: { TABLE: 'mail' } },
        Code: { ZipFile: zipSync(code) },
      }),
    );
    await lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: 'by-hand',
        Action: 'lambda:InvokeFunction',
        Principal: 'ses.amazonaws.com',
        SourceAccount: ACCOUNT,
      }),
    );
  }
}

/** A rule set with these rules in this order, active. */
export async function activeSet({ ses }: Foreign, name: string, rules: readonly ReceiptRule[]): Promise<void> {
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: name }));
  let after: string | undefined;
  for (const rule of rules) {
    await ses.send(new CreateReceiptRuleCommand({ RuleSetName: name, Rule: rule, After: after }));
    after = rule.Name;
  }
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: name }));
}
