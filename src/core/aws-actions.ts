/** When an action is needed: `always`, in the course of the life of every pipeline, or else only when the words hold. */
export type When = string;

export const ALWAYS: When = 'always';

const CHANGED_BY_HAND = 'somebody else has changed the role';
const EMPTIED = 'messageBodyStorage.deletionPolicy: DeleteWithContents';
const LOG_GROUP = 'function.logRetentionDays';
const PUBLISHED = 'function.publish';

/** What IAM judges together: the same kind of thing, under the same conditions. */
export type ActionGroup = {
  /** What the actions are about, for people. */
  readonly on: string;
  readonly actions: Readonly<Record<string, When>>;
};

/**
 * Every action of IAM that our calls need, once. The policies, what doctor asks about and docs/reference/aws-actions.md
 * are made from it; a test holds it against the calls that are made.
 *
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export const ACTION_GROUPS = {
  receiptRules: {
    on: 'receipt rules and identities of SES',
    actions: {
      'ses:CloneReceiptRuleSet': 'ruleSet.rollout: BlueGreen',
      'ses:CreateReceiptRule': ALWAYS,
      'ses:CreateReceiptRuleSet': ALWAYS,
      'ses:DeleteReceiptRule': ALWAYS,
      'ses:DeleteReceiptRuleSet': 'ruleSet.onDelete: DeleteWhenEmpty, or ruleSet.rollout: BlueGreen',
      'ses:DescribeActiveReceiptRuleSet': ALWAYS,
      'ses:DescribeReceiptRuleSet': ALWAYS,
      'ses:GetIdentityVerificationAttributes': ALWAYS,
      'ses:ListIdentities': 'a rule is for everybody (recipients: [])',
      'ses:ReorderReceiptRuleSet': ALWAYS,
      'ses:SetActiveReceiptRuleSet': ALWAYS,
      'ses:UpdateReceiptRule': ALWAYS,
    },
  },
  search: {
    on: 'the whole account',
    actions: { 'iam:ListRoles': '--prune on the command line', 'lambda:ListFunctions': '--prune on the command line' },
  },
  newBucket: {
    on: 'buckets that it makes',
    // Tags in the call are a right of their own. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    actions: { 's3:CreateBucket': ALWAYS, 's3:TagResource': ALWAYS },
  },
  bucket: {
    on: 'buckets that take bodies, its own and existing ones',
    actions: {
      's3:DeleteBucketPolicy': 'an existing bucket (messageBodyStorage.bucketName) is left with no other statement',
      's3:GetBucketOwnershipControls': ALWAYS,
      's3:GetBucketPolicy': ALWAYS,
      's3:GetBucketPublicAccessBlock': ALWAYS,
      's3:GetBucketTagging': ALWAYS,
      's3:GetBucketVersioning': ALWAYS,
      's3:GetEncryptionConfiguration': ALWAYS,
      's3:GetLifecycleConfiguration': ALWAYS,
      's3:ListBucket': ALWAYS,
      's3:PutBucketPolicy': ALWAYS,
    },
  },
  ownBucket: {
    on: 'buckets that it made',
    actions: {
      's3:DeleteBucket': 'messageBodyStorage.deletionPolicy: Delete or DeleteWithContents',
      's3:ListBucketVersions': 'messageBodyStorage.deletionPolicy: Delete or DeleteWithContents',
      's3:PutBucketOwnershipControls': ALWAYS,
      's3:PutBucketPublicAccessBlock': ALWAYS,
      's3:PutBucketTagging': ALWAYS,
      's3:PutBucketVersioning': 'messageBodyStorage.versioned',
      's3:PutEncryptionConfiguration': ALWAYS,
      's3:PutLifecycleConfiguration': 'messageBodyStorage.expireAfterDays',
    },
  },
  objects: {
    on: 'what lies in buckets that it made',
    // Listed and deleted by version, `null` included: s3:DeleteObject is about deleting without one.
    actions: { 's3:DeleteObjectVersion': EMPTIED },
  },
  codeObjects: {
    on: 'function code in S3, which Lambda reads as whoever asks it to',
    actions: { 's3:GetObject': 'function.code.s3' },
  },
  codeVersions: {
    on: 'one version of function code in S3',
    actions: { 's3:GetObjectVersion': 'function.code.s3.version' },
  },
  roleSearch: {
    on: 'roles of its names, which may not be there',
    actions: { 'iam:GetRole': ALWAYS, 'iam:ListAttachedRolePolicies': ALWAYS, 'iam:ListRolePolicies': ALWAYS },
  },
  newRole: { on: 'roles that it makes', actions: { 'iam:CreateRole': ALWAYS } },
  role: {
    on: 'roles that it made; nobody has more rights by it',
    actions: {
      'iam:DeleteRole': ALWAYS,
      'iam:DeleteRolePolicy': ALWAYS,
      'iam:DetachRolePolicy': ALWAYS,
      'iam:GetRolePolicy': ALWAYS,
      'iam:ListInstanceProfilesForRole': ALWAYS,
      'iam:TagRole': ALWAYS,
      'iam:UpdateAssumeRolePolicy': ALWAYS,
      'iam:UpdateRole': ALWAYS,
    },
  },
  roleGrants: {
    on: 'rights of roles that it made',
    actions: {
      'iam:AttachRolePolicy': 'role.managedPolicyArns',
      'iam:PutRolePermissionsBoundary': 'role.permissionsBoundaryArn',
      'iam:PutRolePolicy': ALWAYS,
    },
  },
  boundaryRemoval: {
    on: 'roles that it made, where they may be without a boundary',
    actions: { 'iam:DeleteRolePermissionsBoundary': 'role.permissionsBoundaryArn is taken out' },
  },
  profiles: {
    on: 'instance profiles that a role of its own is in',
    actions: { 'iam:RemoveRoleFromInstanceProfile': CHANGED_BY_HAND },
  },
  passedRoles: { on: 'roles that functions run as', actions: { 'iam:PassRole': ALWAYS } },
  newFunction: { on: 'functions that it makes', actions: { 'lambda:CreateFunction': ALWAYS } },
  fn: {
    on: 'functions of its names',
    // By name: one that is adopted has no mark yet. GetFunction leaves the tags out for who may not list them.
    actions: {
      'lambda:CreateAlias': PUBLISHED,
      'lambda:DeleteAlias': PUBLISHED,
      'lambda:ListAliases': PUBLISHED,
      'lambda:ListTags': ALWAYS,
      'lambda:ListVersionsByFunction': PUBLISHED,
      'lambda:TagResource': ALWAYS,
      'lambda:UntagResource': 'function.tags loses one, or the code no longer comes from S3',
      'lambda:UpdateAlias': PUBLISHED,
    },
  },
  qualifiedFunction: {
    on: 'functions of its names, with function.publish also their versions and aliases',
    // Of what a call with a qualifier is about, the ARN has the qualifier too. A version or alias has no mark of its own.
    actions: {
      'lambda:AddPermission': ALWAYS,
      'lambda:DeleteFunction': ALWAYS,
      'lambda:DeleteFunctionEventInvokeConfig': 'function.async is taken out',
      'lambda:GetFunction': ALWAYS,
      'lambda:GetFunctionEventInvokeConfig': ALWAYS,
      'lambda:GetPolicy': ALWAYS,
      'lambda:PutFunctionEventInvokeConfig': 'function.async',
      'lambda:RemovePermission': ALWAYS,
    },
  },
  markedFunction: {
    on: 'functions that bear its mark',
    actions: {
      'lambda:DeleteFunctionConcurrency': 'function.reservedConcurrency is taken out',
      'lambda:PublishVersion': PUBLISHED,
      'lambda:PutFunctionConcurrency': 'function.reservedConcurrency',
      'lambda:UpdateFunctionCode': ALWAYS,
      'lambda:UpdateFunctionConfiguration': ALWAYS,
    },
  },
  logGroup: {
    on: 'log groups of those functions',
    actions: {
      'logs:CreateLogGroup': LOG_GROUP,
      'logs:DeleteLogGroup': `${LOG_GROUP} and ${EMPTIED}`,
      'logs:DeleteRetentionPolicy': `${LOG_GROUP} is taken out`,
      'logs:ListTagsForResource': LOG_GROUP,
      'logs:PutRetentionPolicy': LOG_GROUP,
      'logs:TagResource': LOG_GROUP,
      'logs:UntagResource': `${LOG_GROUP}, and function.tags loses one`,
    },
  },
  logGroupSearch: { on: 'all log groups', actions: { 'logs:DescribeLogGroups': LOG_GROUP } },
  // Of what a function is given, Lambda asks whether the caller may use it.
  layers: {
    on: 'layers of functions',
    // https://docs.aws.amazon.com/lambda/latest/dg/permissions-user-function.html
    actions: { 'lambda:GetLayerVersion': 'function.layers' },
  },
  networks: {
    on: 'networks of functions; EC2 describes all or nothing',
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    actions: {
      'ec2:DescribeSecurityGroups': 'function.vpc',
      'ec2:DescribeSubnets': 'function.vpc',
      'ec2:DescribeVpcs': 'function.vpc',
    },
  },
  images: {
    on: 'repositories of images',
    // https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-permissions
    actions: { 'ecr:BatchGetImage': 'function.code.imageUri', 'ecr:GetDownloadUrlForLayer': 'function.code.imageUri' },
  },
  keys: {
    on: 'keys of environments, through Lambda',
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    actions: { 'kms:Decrypt': 'function.kmsKeyArn', 'kms:Encrypt': 'function.kmsKeyArn' },
  },
  keyGrants: {
    on: 'keys of environments, through Lambda and for Lambda',
    actions: { 'kms:CreateGrant': 'function.kmsKeyArn' },
  },
  tenants: {
    on: 'roles of tenants',
    actions: { 'sts:AssumeRole': ALWAYS, 'sts:TagSession': 'sessionTags in the tenants file' },
  },
} as const satisfies Readonly<Record<string, ActionGroup>>;

export type ActionGroupName = keyof typeof ACTION_GROUPS;

/** The actions of the groups, sorted; for every pipeline's life (`always`), for only some (`sometimes`), or both. */
export function actionsOf(
  groups: readonly ActionGroupName[],
  which: 'all' | 'always' | 'sometimes' = 'all',
): readonly string[] {
  return groups
    .flatMap((name) => Object.entries<When>(ACTION_GROUPS[name].actions))
    .filter(([, when]) => which === 'all' || (when === ALWAYS) === (which === 'always'))
    .map(([action]) => action)
    .sort();
}
