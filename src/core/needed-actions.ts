import { bucketNames, functionArn, functionName, roleArn, rolePath, type PipelineIdentity } from './names.ts';
import type { Question } from './probes.ts';

/** Actions of IAM that are about the same things, and whether every pipeline needs them in the course of its life. */
type Needs = { readonly always: readonly string[]; readonly sometimes: readonly string[] };

/** @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html: they take no resource */
const SES: Needs = {
  always: [
    'ses:DescribeActiveReceiptRuleSet',
    'ses:DescribeReceiptRuleSet',
    'ses:CreateReceiptRuleSet',
    'ses:SetActiveReceiptRuleSet',
    'ses:CreateReceiptRule',
    'ses:UpdateReceiptRule',
    'ses:DeleteReceiptRule',
    'ses:ReorderReceiptRuleSet',
    'ses:GetIdentityVerificationAttributes',
  ],
  sometimes: ['ses:ListIdentities', 'ses:CloneReceiptRuleSet', 'ses:DeleteReceiptRuleSet'],
};

const BUCKET: Needs = {
  always: [
    's3:ListBucket',
    's3:GetBucketTagging',
    's3:GetBucketPublicAccessBlock',
    's3:GetBucketOwnershipControls',
    's3:GetEncryptionConfiguration',
    's3:GetBucketVersioning',
    's3:GetLifecycleConfiguration',
    's3:GetBucketPolicy',
    's3:CreateBucket',
    's3:PutBucketTagging',
    's3:PutBucketPublicAccessBlock',
    's3:PutBucketOwnershipControls',
    's3:PutEncryptionConfiguration',
    's3:PutBucketPolicy',
  ],
  sometimes: [
    's3:PutBucketVersioning',
    's3:PutLifecycleConfiguration',
    's3:DeleteBucketPolicy',
    's3:ListBucketVersions',
    's3:DeleteBucket',
  ],
};

const OBJECTS: Needs = { always: [], sometimes: ['s3:DeleteObject', 's3:DeleteObjectVersion'] };

const ROLE: Needs = {
  always: [
    'iam:GetRole',
    'iam:ListRolePolicies',
    'iam:GetRolePolicy',
    'iam:ListAttachedRolePolicies',
    'iam:CreateRole',
    'iam:TagRole',
    'iam:UpdateAssumeRolePolicy',
    'iam:UpdateRole',
    'iam:PutRolePolicy',
    'iam:DeleteRolePolicy',
    'iam:DetachRolePolicy',
    'iam:ListInstanceProfilesForRole',
    'iam:DeleteRole',
    'iam:PassRole',
  ],
  sometimes: [
    'iam:AttachRolePolicy',
    'iam:PutRolePermissionsBoundary',
    'iam:DeleteRolePermissionsBoundary',
    'iam:RemoveRoleFromInstanceProfile',
  ],
};

const FUNCTION: Needs = {
  always: [
    'lambda:GetFunction',
    'lambda:ListTags',
    'lambda:GetPolicy',
    'lambda:GetFunctionEventInvokeConfig',
    'lambda:CreateFunction',
    'lambda:TagResource',
    'lambda:UpdateFunctionCode',
    'lambda:UpdateFunctionConfiguration',
    'lambda:AddPermission',
    'lambda:RemovePermission',
    'lambda:DeleteFunction',
  ],
  sometimes: [
    'lambda:UntagResource',
    'lambda:PutFunctionEventInvokeConfig',
    'lambda:DeleteFunctionEventInvokeConfig',
    'lambda:PutFunctionConcurrency',
    'lambda:DeleteFunctionConcurrency',
  ],
};

/** Of functions whose log group is ours. */
const LOG_GROUP: Needs = {
  always: [],
  sometimes: [
    'logs:DescribeLogGroups',
    'logs:ListTagsForResource',
    'logs:CreateLogGroup',
    'logs:TagResource',
    'logs:UntagResource',
    'logs:PutRetentionPolicy',
    'logs:DeleteRetentionPolicy',
    'logs:DeleteLogGroup',
  ],
};

/** What only `--prune` asks for: it looks for pipelines that nobody names any more. */
const LISTS: Needs = { always: [], sometimes: ['lambda:ListFunctions', 'iam:ListRoles'] };

/** Each question is about one kind of thing, and a policy may name things of that kind: one of ours stands for all. */
export function neededActions(identity: PipelineIdentity): readonly (Question & { readonly always: boolean })[] {
  const [bucket = ''] = bucketNames(identity, 'Special');
  const { partition, region, account } = identity;
  const bucketArn = `arn:${partition}:s3:::${bucket}`;
  const fn = functionName(identity, 'Zip');
  const about: readonly (readonly [Needs, string])[] = [
    [SES, '*'],
    [BUCKET, bucketArn],
    [OBJECTS, `${bucketArn}/object`],
    [ROLE, roleArn(identity, rolePath(identity.installation))],
    [FUNCTION, functionArn(identity, fn)],
    [LOG_GROUP, `arn:${partition}:logs:${region}:${account}:log-group:/aws/lambda/${fn}:*`],
    [LISTS, '*'],
  ];
  return about.flatMap(([{ always, sometimes }, resource]) =>
    [
      { always: true, actions: always, resources: [resource] },
      { always: false, actions: sometimes, resources: [resource] },
    ].filter(({ actions }) => actions.length > 0),
  );
}
