import { API_GROUP } from './api-group.ts';
import { rolePath } from './names.ts';
import type { PolicyDocument, Statement } from './policy-document.ts';

/** Where a controller works, and what it may touch that it does not make itself. */
export type PolicyScope = {
  readonly partition: string;
  readonly account: string;
  readonly regions: readonly string[];
  readonly installation: string;
  /** Every role that it makes has to carry this boundary. Undefined: it may make roles without one. */
  readonly permissionsBoundaryArn?: string;
  /** Existing buckets that take bodies: `messageBodyStorage.bucketName`; patterns. */
  readonly buckets?: readonly string[];
  /** Buckets that function code comes from: `function.code.s3`; patterns. */
  readonly codeBuckets?: readonly string[];
  /** Existing roles of functions: `role.existingArn`. */
  readonly roleArns?: readonly string[];
  /** Functions under names of their own: `function.name`; patterns. */
  readonly functions?: readonly string[];
};

/** Reads of one function, its tags included: GetFunction leaves them out for who may not list them. */
const FUNCTION_READS = [
  'lambda:GetFunction',
  'lambda:GetFunctionEventInvokeConfig',
  'lambda:GetPolicy',
  'lambda:ListAliases',
  'lambda:ListTags',
  'lambda:ListVersionsByFunction',
];

/** Writes of a function that already bears our mark. */
const MARKED_FUNCTION_WRITES = [
  'lambda:DeleteFunctionConcurrency',
  'lambda:PublishVersion',
  'lambda:PutFunctionConcurrency',
  'lambda:UpdateFunctionCode',
  'lambda:UpdateFunctionConfiguration',
];

/** Writes of a function by its name: one that is adopted has no mark yet, and a version or alias has none of its own. */
const FUNCTION_WRITES = [
  'lambda:AddPermission',
  'lambda:CreateAlias',
  'lambda:DeleteAlias',
  'lambda:DeleteFunction',
  'lambda:DeleteFunctionEventInvokeConfig',
  'lambda:PutFunctionEventInvokeConfig',
  'lambda:RemovePermission',
  'lambda:TagResource',
  'lambda:UntagResource',
  'lambda:UpdateAlias',
];

/** What is done with the log group of a function. */
const LOG_GROUP_ACTIONS = [
  'logs:CreateLogGroup',
  'logs:DeleteLogGroup',
  'logs:DeleteRetentionPolicy',
  'logs:ListTagsForResource',
  'logs:PutRetentionPolicy',
  'logs:TagResource',
  'logs:UntagResource',
];

/** SES knows no resource for receipt rules, and none for the reads of identities. */
const SES_ACTIONS = [
  'ses:CloneReceiptRuleSet',
  'ses:CreateReceiptRule',
  'ses:CreateReceiptRuleSet',
  'ses:DeleteReceiptRule',
  'ses:DeleteReceiptRuleSet',
  'ses:DescribeActiveReceiptRuleSet',
  'ses:DescribeReceiptRuleSet',
  'ses:GetIdentityVerificationAttributes',
  'ses:ListIdentities',
  'ses:ReorderReceiptRuleSet',
  'ses:SetActiveReceiptRuleSet',
  'ses:UpdateReceiptRule',
];

/** What is done with a bucket, whoever made it. */
const BUCKET_ACTIONS = [
  's3:DeleteBucketPolicy',
  's3:GetBucketOwnershipControls',
  's3:GetBucketPolicy',
  's3:GetBucketPublicAccessBlock',
  's3:GetBucketTagging',
  's3:GetBucketVersioning',
  's3:GetEncryptionConfiguration',
  's3:GetLifecycleConfiguration',
  's3:ListBucket',
  's3:PutBucketPolicy',
];

/** What is done only with a bucket of ours. */
const OWN_BUCKET_ACTIONS = [
  's3:DeleteBucket',
  's3:ListBucketVersions',
  's3:PutBucketOwnershipControls',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketTagging',
  's3:PutBucketVersioning',
  's3:PutEncryptionConfiguration',
  's3:PutLifecycleConfiguration',
];

/** Only for a bucket whose deletionPolicy empties it. What lies there is listed and deleted by version, `null` included. */
const OBJECT_ACTIONS = ['s3:DeleteObjectVersion'];

/** Reads of a role that may not be there: it has no path then that IAM could judge by. */
const ROLE_SEARCH = ['iam:GetRole', 'iam:ListAttachedRolePolicies', 'iam:ListRolePolicies'];

/** What is done with a role of ours and gives nobody more rights. */
const ROLE_ACTIONS = [
  'iam:DeleteRole',
  'iam:DeleteRolePolicy',
  'iam:DetachRolePolicy',
  'iam:GetRolePolicy',
  'iam:ListInstanceProfilesForRole',
  'iam:TagRole',
  'iam:UpdateAssumeRolePolicy',
  'iam:UpdateRole',
];

/** What gives a role rights: with a boundary, only under it. */
const ROLE_GRANTS = ['iam:AttachRolePolicy', 'iam:PutRolePermissionsBoundary', 'iam:PutRolePolicy'];

/** Taking a boundary off widens the role, so it is nobody's right where there has to be one. */
const BOUNDARY_REMOVAL = 'iam:DeleteRolePermissionsBoundary';

/** What `--prune` asks for; both list the whole account and take no resource. */
const LISTS = ['iam:ListRoles', 'lambda:ListFunctions'];

/** Characters of a managed policy, white space aside. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const MAX_MANAGED_POLICY = 6_144;

/** Actions that IAM ties to no resource, as the Service Authorization Reference has it: `Resource` is `*` for no others. */
export const WITHOUT_RESOURCE: readonly string[] = [...SES_ACTIONS, ...LISTS];

/**
 * The least a controller can do its work with, as an identity policy: a test judges every call of ours by it, and fails
 * for an action that no call has needed.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function controllerPolicy(scope: PolicyScope): PolicyDocument {
  const { partition, account, installation, permissionsBoundaryArn: boundary } = scope;
  const { buckets = [], codeBuckets = [], roleArns = [], functions = [] } = scope;
  const everyRegion = (arn: (region: string) => string) => scope.regions.map(arn);
  const iam = (what: string) => `arn:${partition}:iam::${account}:${what}`;
  const s3 = (what: string) => `arn:${partition}:s3:::${what}`;
  const functionArns = (name: string) =>
    everyRegion((region) => `arn:${partition}:lambda:${region}:${account}:function:${name}`);

  const mark = { [`${API_GROUP}/installation`]: installation };
  const ourRoles = iam(`role${rolePath(installation)}*`);
  const ourFunctions = [`${installation}-*`, ...functions].flatMap(functionArns);
  const inOurRegions = { StringEquals: { 'aws:RequestedRegion': scope.regions } };
  const inOurAccount = { StringEquals: { 's3:ResourceAccount': account } };
  const underBoundary = boundary === undefined ? {} : { 'iam:PermissionsBoundary': boundary };

  return {
    Version: '2012-10-17',
    Statement: [
      allow('ReceiptRules', SES_ACTIONS, ['*'], inOurRegions),
      allow('FindWhatNobodyNames', LISTS, ['*']),

      allow('MakeBuckets', ['s3:CreateBucket', 's3:TagResource'], [s3(OUR_BUCKETS)]),
      allow('OurBuckets', [...BUCKET_ACTIONS, ...OWN_BUCKET_ACTIONS].sort(), [s3(OUR_BUCKETS)], inOurAccount),
      allow('EmptyOurBuckets', OBJECT_ACTIONS, [s3(`${OUR_BUCKETS}/*`)], inOurAccount),
      ...(buckets.length === 0 ? [] : [allow('ExistingBuckets', BUCKET_ACTIONS, buckets.map(s3), inOurAccount)]),
      ...(codeBuckets.length === 0
        ? []
        : [
            allow(
              'ReadCode',
              ['s3:GetObject', 's3:GetObjectVersion'],
              codeBuckets.map((bucket) => s3(`${bucket}/*`)),
            ),
          ]),

      allow('LookForRoles', ROLE_SEARCH, [iam(`role/${installation}-*`)]),
      allow('MakeRoles', ['iam:CreateRole'], [ourRoles], {
        StringEquals: { ...requestTags(mark), ...underBoundary },
      }),
      allow('OurRoles', [...ROLE_SEARCH, ...ROLE_ACTIONS].sort(), [ourRoles]),
      ...(boundary === undefined
        ? [allow('RightsOfOurRoles', [...ROLE_GRANTS, BOUNDARY_REMOVAL].sort(), [ourRoles])]
        : [allow('RightsOfOurRoles', ROLE_GRANTS, [ourRoles], { StringEquals: underBoundary })]),
      allow('TakeRolesOutOfProfiles', ['iam:RemoveRoleFromInstanceProfile'], [iam('instance-profile/*')]),
      allow('PassRolesToLambda', ['iam:PassRole'], [ourRoles, ...roleArns], {
        StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' },
      }),

      allow('MakeFunctions', ['lambda:CreateFunction'], ourFunctions, { StringEquals: requestTags(mark) }),
      allow('OurFunctions', [...FUNCTION_READS, ...FUNCTION_WRITES].sort(), ourFunctions),
      allow('OurLogGroups', LOG_GROUP_ACTIONS, ourFunctions.map(logGroupOf)),
      allow(
        'FindLogGroups',
        ['logs:DescribeLogGroups'],
        everyRegion((region) => `arn:${partition}:logs:${region}:${account}:log-group:*`),
      ),
      allow('OurMarkedFunctions', MARKED_FUNCTION_WRITES, ourFunctions, { StringEquals: resourceTags(mark) }),
    ],
  };
}

/**
 * With `*` at the end it fits both forms of the ARN, with and without `:*`.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
 */
const logGroupOf = (functionArn: string): string =>
  functionArn.replace(':lambda:', ':logs:').replace(':function:', ':log-group:/aws/lambda/').replace(/\*?$/, '*');

/** Buckets of all installations: their names, which are the seed's, do not tell them apart. */
const OUR_BUCKETS = '*-sesmessagestorebucket*';

/**
 * The most that functions of an installation can be allowed, as a permissions boundary of the roles that the controller
 * makes: read and write the bodies, log, trace, tell queues and topics of the account, work in a VPC. What handlers need
 * beyond it is added here.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
export function functionBoundary({
  partition,
  account,
  regions,
  installation,
  buckets = [],
}: PolicyScope): PolicyDocument {
  const arns = (service: string, what: string) =>
    regions.map((region) => `arn:${partition}:${service}:${region}:${account}:${what}`);
  const bodies = [OUR_BUCKETS, ...buckets].map((bucket) => `arn:${partition}:s3:::${bucket}`);
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
        arns('logs', `log-group:/aws/lambda/${installation}-*`),
      ),
      allow('Queues', ['sqs:SendMessage'], arns('sqs', '*')),
      allow('Topics', ['sns:Publish'], arns('sns', '*')),
      allow('Traces', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], ['*']),
    ],
  };
}

/** For a controller with a tenants file: it works as the roles named there and needs no right of its own. */
export function tenantsPolicy(roleArns: readonly string[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [allow('WorkAsTenants', ['sts:AssumeRole', 'sts:TagSession'], roleArns)],
  };
}

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

const allow = (
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
  conditions?: Conditions,
): Statement => ({
  Sid: sid,
  Effect: 'Allow',
  Action: actions,
  Resource: resources,
  ...(conditions !== undefined && { Condition: conditions }),
});

const requestTags = (tags: Readonly<Record<string, string>>) => prefixed('aws:RequestTag', tags);
const resourceTags = (tags: Readonly<Record<string, string>>) => prefixed('aws:ResourceTag', tags);

const prefixed = (prefix: string, tags: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}/${key}`, value]));
