import type { ScriptedCall } from './script.ts';
import type { Difference } from './compare.ts';

/** One way in which the sandbox and moto differ, and who of the two is right about AWS. */
export type Deviation = {
  /** Ids of the calls; `*` is any run of characters. */
  readonly calls: string;
  /** Paths in the answer; `*` is any run of characters. */
  readonly paths: string;
  readonly right: 'sandbox' | 'moto' | 'unknown';
  readonly why: string;
  readonly source: string;
};

const S3_API = 'https://docs.aws.amazon.com/AmazonS3/latest/API';
const IAM_API = 'https://docs.aws.amazon.com/IAM/latest/APIReference';
const LAMBDA_API = 'https://docs.aws.amazon.com/lambda/latest/api';
const LOGS_API = 'https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference';
const SES_API = 'https://docs.aws.amazon.com/ses/latest/APIReference';

const deviation = (
  calls: string,
  paths: string,
  right: Deviation['right'],
  why: string,
  source: string,
): Deviation => ({ calls, paths, right, why, source });

/** Every known difference. One that no longer shows is a failure too: the list says what is so. */
export const DEVIATIONS: readonly Deviation[] = [
  deviation(
    's3:CreateBucket in an unknown region',
    'error',
    'sandbox',
    'A constraint that is no region is invalid, not incompatible.',
    `${S3_API}/ErrorResponses.html`,
  ),
  deviation(
    's3:CreateBucket with a bad name',
    'error',
    'sandbox',
    'moto takes names with capitals and underscores.',
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html',
  ),
  deviation(
    's3:HeadBucket *',
    'AccessPointAlias',
    'sandbox',
    'S3 says whether the name is an alias of an access point.',
    `${S3_API}/API_HeadBucket.html`,
  ),
  deviation(
    's3:ListBuckets *',
    'Buckets.*.BucketRegion',
    'sandbox',
    'S3 tells the region of each bucket.',
    `${S3_API}/API_ListBuckets.html`,
  ),
  deviation(
    's3:*',
    '*DisplayName',
    'sandbox',
    'S3 no longer tells the display name of an owner.',
    `${S3_API}/API_Owner.html`,
  ),
  deviation(
    's3:GetPublicAccessBlock of a new bucket',
    'error',
    'sandbox',
    'New buckets block public access since April 2023.',
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html',
  ),
  deviation(
    's3:GetBucketOwnershipControls of a new bucket',
    'error',
    'sandbox',
    'New buckets have ACLs off since April 2023.',
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html',
  ),
  deviation(
    's3:GetBucketEncryption of a new bucket',
    'error',
    'sandbox',
    'New buckets are encrypted with AES256 since January 2023.',
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html',
  ),
  deviation(
    's3:PutBucketLifecycleConfiguration *',
    'TransitionDefaultMinimumObjectSize',
    'sandbox',
    'S3 answers the default size below which objects stay.',
    `${S3_API}/API_PutBucketLifecycleConfiguration.html`,
  ),
  deviation(
    's3:*',
    'ServerSideEncryption',
    'sandbox',
    'Every object is encrypted since January 2023, and the answer says so.',
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html',
  ),
  deviation(
    's3:ListObjects *',
    '*',
    'sandbox',
    'S3 answers prefix and marker also when they are empty.',
    `${S3_API}/API_ListObjects.html`,
  ),
  deviation(
    's3:ListMultipartUploads *',
    'Prefix',
    'sandbox',
    'S3 answers the prefix also when it is empty.',
    `${S3_API}/API_ListMultipartUploads.html`,
  ),
  deviation(
    's3:UploadPart of no upload',
    'error',
    'sandbox',
    'moto fails with a server error.',
    `${S3_API}/API_UploadPart.html`,
  ),
  deviation(
    's3:ListParts *',
    'Parts.*.Checksum*',
    'sandbox',
    'A part that came with a checksum is listed with it.',
    `${S3_API}/API_Part.html`,
  ),
  deviation(
    's3:CompleteMultipartUpload of its part',
    'ChecksumCRC32',
    'sandbox',
    'Parts that came with checksums make one of the whole.',
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html',
  ),
  deviation(
    's3:ListObjectVersions *',
    '*ChecksumAlgorithm*',
    'sandbox',
    'A version is listed with the algorithm of its checksum.',
    `${S3_API}/API_ObjectVersion.html`,
  ),
  deviation(
    's3:DeleteObject that is missing',
    'DeleteMarker',
    'sandbox',
    'On a versioned bucket a marker is left also for a key that never was.',
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html',
  ),
  deviation(
    's3:DeleteObjects several',
    'Deleted.*.DeleteMarker',
    'sandbox',
    'On a versioned bucket a marker is left also for a key that never was.',
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html',
  ),
  deviation(
    's3:PutObject with a wrong *',
    'error',
    'sandbox',
    'moto does not verify checksums.',
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html',
  ),
  deviation(
    's3:PutBucketPolicy that is no JSON',
    'error',
    'sandbox',
    'moto takes any text.',
    `${S3_API}/ErrorResponses.html`,
  ),

  deviation(
    'iam:GetAccountSummary *',
    'SummaryMap.PolicyVersionsInUse',
    'unknown',
    'moto counts how often policies are attached.',
    `${IAM_API}/API_GetAccountSummary.html`,
  ),
  deviation(
    'iam:*',
    '*PermissionsBoundaryUsageCount',
    'sandbox',
    'IAM counts the roles a policy bounds.',
    `${IAM_API}/API_Policy.html`,
  ),
  deviation(
    'iam:GetRole with a boundary',
    '*PermissionsBoundaryType',
    'unknown',
    'The model of the API has one word, answers that people publish another.',
    `${IAM_API}/API_AttachedPermissionsBoundary.html`,
  ),
  deviation(
    'iam:ListInstanceProfilesForRole *',
    'IsTruncated',
    'sandbox',
    'A listing says whether there is more.',
    `${IAM_API}/API_ListInstanceProfilesForRole.html`,
  ),
  deviation(
    'sts:GetCallerIdentity *',
    'Arn',
    'unknown',
    'Neither has users: each shows a static key as one with a name of its own.',
    'https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html',
  ),
  deviation(
    'sts:AssumeRole *',
    'PackedPolicySize',
    'unknown',
    'The size is told only of a session with policies or tags, says its documentation.',
    'https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html',
  ),
  deviation(
    'sts:AssumeRole that is missing',
    'error',
    'sandbox',
    'moto lets anybody assume roles that are not there.',
    'https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html',
  ),
  deviation(
    'sts:AssumeRole for too short a time',
    'error',
    'sandbox',
    'A session lasts 900 seconds at least.',
    'https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html',
  ),
  deviation(
    'iam:CreateRole with a *',
    'error',
    'sandbox',
    'moto checks neither trust policy nor name nor path.',
    `${IAM_API}/API_CreateRole.html`,
  ),
  deviation(
    'iam:TagRole reserved',
    'error',
    'sandbox',
    'Keys that begin with aws: are reserved.',
    'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html',
  ),
  deviation(
    'iam:DeletePolicy that is attached',
    'error',
    'sandbox',
    'A policy in use is not deleted.',
    `${IAM_API}/API_DeletePolicy.html`,
  ),

  deviation(
    'lambda:CreateFunction *',
    'LastUpdateStatus',
    'unknown',
    'Documentation says only that it is Successful after the creation.',
    'https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html',
  ),
  deviation(
    'lambda:*',
    '*LoggingConfig*',
    'sandbox',
    'Every function has its log group and format since November 2023.',
    `${LAMBDA_API}/API_LoggingConfig.html`,
  ),
  deviation(
    'lambda:CreateAlias that is there',
    'error',
    'sandbox',
    'Lambda’s word for it is ResourceConflictException.',
    `${LAMBDA_API}/API_CreateAlias.html`,
  ),
  deviation(
    'lambda:*FunctionEventInvokeConfig *',
    'FunctionArn',
    'sandbox',
    'The settings are those of a version, $LATEST if none is named.',
    `${LAMBDA_API}/API_PutFunctionEventInvokeConfig.html`,
  ),
  deviation(
    'lambda:UpdateFunctionEventInvokeConfig *',
    'error',
    'sandbox',
    'The SDK cannot read moto’s answer.',
    `${LAMBDA_API}/API_UpdateFunctionEventInvokeConfig.html`,
  ),
  deviation(
    'lambda:GetFunctionEventInvokeConfig *',
    'MaximumEventAgeInSeconds',
    'sandbox',
    'Follows from the update above.',
    `${LAMBDA_API}/API_UpdateFunctionEventInvokeConfig.html`,
  ),
  deviation(
    'lambda:ListFunctionEventInvokeConfigs *',
    'error',
    'sandbox',
    'The SDK cannot read moto’s answer.',
    `${LAMBDA_API}/API_ListFunctionEventInvokeConfigs.html`,
  ),
  deviation(
    'lambda:CreateFunction with a bad name',
    'error',
    'sandbox',
    'moto takes any name.',
    `${LAMBDA_API}/API_CreateFunction.html`,
  ),
  deviation(
    'lambda:CreateFunction with too much memory',
    'error',
    'sandbox',
    'moto takes any size.',
    'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html',
  ),
  deviation(
    'lambda:AddPermission under an id that is taken',
    'error',
    'sandbox',
    'A statement id is used once, be the statement the same.',
    `${LAMBDA_API}/API_AddPermission.html`,
  ),

  deviation(
    'logs:DescribeLogGroups *',
    '*.logGroupClass',
    'sandbox',
    'Every group has a class.',
    `${LOGS_API}/API_LogGroup.html`,
  ),
  deviation(
    'logs:ListTagsForResource of a missing group',
    'error',
    'sandbox',
    'moto answers no tags.',
    `${LOGS_API}/API_ListTagsForResource.html`,
  ),
  deviation(
    'logs:CreateLogGroup with a bad name',
    'error',
    'sandbox',
    'moto takes any name.',
    `${LOGS_API}/API_CreateLogGroup.html`,
  ),
  deviation(
    'logs:PutRetentionPolicy of two days',
    'error',
    'sandbox',
    'Only some numbers of days can be kept.',
    `${LOGS_API}/API_PutRetentionPolicy.html`,
  ),
  deviation(
    'ses:CreateReceiptRuleSet with a name too long',
    'error',
    'sandbox',
    'SES looks at characters first, at the length behind it, with another code.',
    'https://github.com/floci-io/floci/pull/3176',
  ),
  deviation(
    'ses:*',
    '*Enabled',
    'sandbox',
    'An update replaces the whole rule: what it leaves out has its default.',
    `${SES_API}/API_ReceiptRule.html`,
  ),
  deviation(
    'ses:*',
    '*TlsPolicy',
    'sandbox',
    'An update replaces the whole rule: what it leaves out has its default.',
    `${SES_API}/API_ReceiptRule.html`,
  ),
  deviation(
    'ses:CreateReceiptRule that is there, but for an action',
    'error',
    'sandbox',
    'Rules are told apart by their names.',
    `${SES_API}/API_CreateReceiptRule.html`,
  ),
];

/** The entry that a difference falls under. */
export function deviationOf(call: ScriptedCall, difference: Difference): Deviation | undefined {
  return DEVIATIONS.find(({ calls, paths }) => fits(calls, call.id) && fits(paths, difference.path));
}

function fits(pattern: string, text: string): boolean {
  const source = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${source}$`).test(text);
}
