import type { AsyncSettings, FunctionConfiguration } from './function-configuration.ts';
import type { PipelineIdentity } from './names.ts';
import { statementsOf, type PolicyDocument, type Statement } from './policy-document.ts';

/** Settings that Lambda carries out as the role of the function. */
export type SettingsWithRights = Pick<FunctionConfiguration, 'vpc' | 'deadLetterArn' | 'tracing' | 'kmsKeyArn'> & {
  readonly async: AsyncSettings | undefined;
};

const SIDS = {
  networkInterfaces: 'UseNetworkInterfaces',
  networks: 'SeeNetworks',
  deadLetters: 'SendDeadLetters',
  failures: 'SendFailures',
  successes: 'SendSuccesses',
  traces: 'WriteTraces',
  environment: 'DecryptEnvironment',
} as const;

const allow = (sid: string, actions: readonly string[], resource: string | readonly string[]): Statement => ({
  Sid: sid,
  Effect: 'Allow',
  Action: actions,
  Resource: resource,
});

/** What the role must be allowed for the settings to work: one statement a setting, on what it names where IAM lets it. */
export function rightsFor(settings: SettingsWithRights, { partition, region, account }: PipelineIdentity): Statement[] {
  const { vpc, deadLetterArn, tracing, kmsKeyArn, async } = settings;
  return [
    ...(vpc === undefined ? [] : networkRights(`arn:${partition}:ec2:${region}:${account}:*/*`)),
    ...(deadLetterArn === undefined ? [] : [sendRight(SIDS.deadLetters, deadLetterArn)]),
    ...(async?.onFailureArn === undefined ? [] : [sendRight(SIDS.failures, async.onFailureArn)]),
    ...(async?.onSuccessArn === undefined ? [] : [sendRight(SIDS.successes, async.onSuccessArn)]),
    // X-Ray knows no resources here. @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
    ...(tracing === 'Active' ? [allow(SIDS.traces, ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*')] : []),
    // Lambda's grant on the key is for the role as it was then: one that was made anew needs the right itself.
    ...(kmsKeyArn === undefined ? [] : [environmentRight(kmsKeyArn)]),
  ];
}

/**
 * To be in a network. EC2 describes all or nothing; and a narrower resource for the rest keeps functions out of their VPC.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 */
export const networkRights = (everyThingOfEc2: string | readonly string[]): Statement[] => [
  allow(
    SIDS.networkInterfaces,
    [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ],
    everyThingOfEc2,
  ),
  allow(SIDS.networks, ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'], '*'),
];

/** To read the environment when it starts. */
export const environmentRight = (keys: string | readonly string[]): Statement =>
  allow(SIDS.environment, ['kms:Decrypt'], keys);

/** @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function sendRight(sid: string, arn: string): Statement {
  switch (arn.split(':')[2] ?? '') {
    case 'sns':
      return allow(sid, ['sns:Publish'], arn);
    case 'lambda':
      return allow(sid, ['lambda:InvokeFunction'], arn);
    case 'events':
      return allow(sid, ['events:PutEvents'], arn);
    case 's3':
      return allow(sid, ['s3:PutObject', 's3:ListBucket'], [arn, `${arn}/*`]);
    default:
      return allow(sid, ['sqs:SendMessage'], arn);
  }
}

/**
 * The wanted policy with the rights that only the live function's settings still need: Lambda cleans up after a setting
 * as the same role, so they go when the function has let go of it.
 */
export function withRightsInUse(wanted: PolicyDocument, live: PolicyDocument | undefined): PolicyDocument {
  const kept = new Set(wanted.Statement.map(({ Sid }) => Sid));
  const sids: readonly string[] = Object.values(SIDS);
  const inUse = statementsOf(live).filter(({ Sid }) => Sid !== undefined && sids.includes(Sid) && !kept.has(Sid));
  return inUse.length === 0 ? wanted : { ...wanted, Statement: [...wanted.Statement, ...inUse] };
}
