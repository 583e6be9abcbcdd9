import { OUR_BUCKETS } from './controller-policy.ts';
import { namePatterns } from './names.ts';
import type { PolicyDocument, Statement } from './policy-document.ts';
import { andBelow, type PolicyScope } from './policy-scope.ts';
import { environmentRight, networkRights } from './role-rights.ts';

/**
 * The most that functions of an installation can be allowed, as a permissions boundary of the roles that the controller
 * makes: read and write the bodies, log, trace, tell queues and topics of the account; with a VPC or keys in the scope,
 * what Lambda does there as the function. What handlers need beyond it is added here.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
export function functionBoundary(scope: PolicyScope): PolicyDocument {
  const { partition, account, regions, installation, namespaces } = scope;
  const { buckets = [], functions = [], vpc = false, kmsKeys = [] } = scope;
  const arns = (service: string, what: string): string[] =>
    regions.map((region) => `arn:${partition}:${service}:${region}:${account}:${what}`);
  const bodies = [OUR_BUCKETS, ...buckets].map((bucket) => `arn:${partition}:s3:::${bucket}`);
  const names = [...namePatterns(installation, namespaces), ...functions];
  return {
    Version: '2012-10-17',
    Statement: [
      allow(
        'Bodies',
        ['s3:DeleteObject', 's3:GetObject', 's3:ListBucket', 's3:PutObject'],
        [...bodies, ...bodies.map((bucket) => `${bucket}/*`)],
      ),
      allow(
        'Logs',
        ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        names.flatMap((name) => arns('logs', `log-group:/aws/lambda/${name}`)).flatMap(andBelow),
      ),
      allow('Queues', ['sqs:SendMessage'], arns('sqs', '*')),
      allow('Topics', ['sns:Publish'], arns('sns', '*')),
      allow('Traces', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], ['*']),
      ...(vpc ? networkRights(arns('ec2', '*/*')) : []),
      ...(kmsKeys.length === 0 ? [] : [environmentRight(kmsKeys)]),
    ],
  };
}

const allow = (sid: string, actions: readonly string[], resources: readonly string[]): Statement => ({
  Sid: sid,
  Effect: 'Allow',
  Action: actions,
  Resource: resources,
});
