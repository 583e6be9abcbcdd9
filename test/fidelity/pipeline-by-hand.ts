/** A whole pipeline made with the AWS SDK for JavaScript, as somebody would by hand. Takes the handler's zip; needs AWS_ENDPOINT_URL. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { IAM, waitUntilRoleExists } from '@aws-sdk/client-iam';
import { Lambda, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { S3, waitUntilBucketExists } from '@aws-sdk/client-s3';
import { RuleSetDoesNotExistException, SES } from '@aws-sdk/client-ses';

const ACCOUNT = '123456789012';
const REGION = 'us-west-2';
const NAME = 'by-js';
const RULE_ARN = `arn:aws:ses:${REGION}:${ACCOUNT}:receipt-rule-set/${NAME}:receipt-rule/store`;

const policy = (statement: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });

// On an address that is no name of AWS the bucket goes into the path by itself.
const [s3, iam, lambda, ses, logs] = [new S3(), new IAM(), new Lambda(), new SES(), new CloudWatchLogs()];
const patience = { maxWaitTime: 60, minDelay: 1 };

await s3.createBucket({ Bucket: NAME, CreateBucketConfiguration: { LocationConstraint: REGION } });
await waitUntilBucketExists({ client: s3, ...patience }, { Bucket: NAME });
await s3.putBucketPolicy({
  Bucket: NAME,
  Policy: policy({
    Principal: { Service: 'ses.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${NAME}/*`,
    Condition: { StringEquals: { 'AWS:SourceAccount': ACCOUNT, 'AWS:SourceArn': RULE_ARN } },
  }),
});
const { Role } = await iam.createRole({
  RoleName: NAME,
  AssumeRolePolicyDocument: policy({ Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }),
});
await waitUntilRoleExists({ client: iam, ...patience }, { RoleName: NAME });
await iam.putRolePolicy({
  RoleName: NAME,
  PolicyName: 'logs',
  PolicyDocument: policy({ Action: 'logs:*', Resource: '*' }),
});
const { FunctionArn } = await lambda.createFunction({
  FunctionName: NAME,
  Runtime: 'nodejs24.x',
  Handler: 'index.handler',
  Role: Role?.Arn,
  Code: { ZipFile: await readFile(process.argv[2] ?? '') },
});
await waitUntilFunctionActiveV2({ client: lambda, ...patience }, { FunctionName: NAME });
await lambda.addPermission({
  FunctionName: NAME,
  StatementId: 'ses',
  Action: 'lambda:InvokeFunction',
  Principal: 'ses.amazonaws.com',
  SourceAccount: ACCOUNT,
  SourceArn: RULE_ARN,
});
await ses.createReceiptRuleSet({ RuleSetName: NAME });
await ses.createReceiptRule({
  RuleSetName: NAME,
  Rule: {
    Name: 'store',
    Enabled: true,
    Recipients: ['js@example.com'],
    Actions: [{ S3Action: { BucketName: NAME } }, { LambdaAction: { FunctionArn, InvocationType: 'Event' } }],
  },
});
await ses.setActiveReceiptRuleSet({ RuleSetName: NAME });

await s3.putObject({ Bucket: NAME, Key: 'in/a mail é.eml', Body: 'Subject: hello\r\n\r\n', Metadata: { by: 'js' } });
const { Body, Metadata } = await s3.getObject({ Bucket: NAME, Key: 'in/a mail é.eml' });
assert.deepEqual([await Body?.transformToString(), Metadata], ['Subject: hello\r\n\r\n', { by: 'js' }]);
const { Payload } = await lambda.invoke({ FunctionName: NAME, Payload: JSON.stringify({ by: 'js' }) });
assert.equal(Payload?.transformToString(), '{"by":"js"}');
const { events } = await logs.filterLogEvents({ logGroupName: `/aws/lambda/${NAME}`, filterPattern: 'handling' });
assert.equal(events?.length, 1);
await assert.rejects(ses.describeReceiptRuleSet({ RuleSetName: 'missing' }), RuleSetDoesNotExistException);
