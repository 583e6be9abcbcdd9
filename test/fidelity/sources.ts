const SES = 'https://docs.aws.amazon.com/ses/latest/APIReference';
/** Findings on live AWS (us-west-2, August and September 2026) that the floci project published with its changes. */
const SES_SEEN = 'https://github.com/floci-io/floci/pull/3176';
const SES_ACTIVE_SEEN = 'https://github.com/floci-io/floci/pull/2128';
const S3 = 'https://docs.aws.amazon.com/AmazonS3/latest/API';
const LAMBDA = 'https://docs.aws.amazon.com/lambda/latest/api';
const IAM = 'https://docs.aws.amazon.com/IAM/latest/APIReference';
const STS = 'https://docs.aws.amazon.com/STS/latest/APIReference';

/**
 * Operations whose behaviour a test in test/sandbox holds against a fact about AWS, with the source of the fact: its
 * documentation, or what somebody saw on live AWS.
 */
export const SOURCES: Readonly<Record<string, string>> = {
  'ses:CreateReceiptRuleSet': `${SES}/API_CreateReceiptRuleSet.html`,
  'ses:CloneReceiptRuleSet': SES_SEEN,
  'ses:DeleteReceiptRuleSet': SES_SEEN,
  'ses:DescribeReceiptRuleSet': `${SES}/API_DescribeReceiptRuleSet.html`,
  'ses:DescribeActiveReceiptRuleSet': SES_ACTIVE_SEEN,
  'ses:ListReceiptRuleSets': `${SES}/API_ListReceiptRuleSets.html`,
  'ses:SetActiveReceiptRuleSet': 'https://github.com/boto/botocore/issues/1759',
  'ses:ReorderReceiptRuleSet': SES_SEEN,
  'ses:CreateReceiptRule': SES_SEEN,
  'ses:UpdateReceiptRule': SES_SEEN,
  'ses:DeleteReceiptRule': SES_SEEN,
  'ses:DescribeReceiptRule': `${SES}/API_DescribeReceiptRule.html`,
  'ses:SetReceiptRulePosition': SES_SEEN,
  'ses:CreateReceiptFilter': `${SES}/API_CreateReceiptFilter.html`,
  'ses:DeleteReceiptFilter': `${SES}/API_DeleteReceiptFilter.html`,
  'ses:ListReceiptFilters': `${SES}/API_ListReceiptFilters.html`,
  's3:CreateBucket': `${S3}/API_CreateBucket.html`,
  's3:HeadBucket': `${S3}/API_HeadBucket.html`,
  's3:DeleteBucket': `${S3}/API_DeleteBucket.html`,
  's3:GetBucketLocation': `${S3}/API_GetBucketLocation.html`,
  's3:PutBucketPolicy': `${S3}/API_PutBucketPolicy.html`,
  's3:GetBucketPolicy': `${S3}/API_GetBucketPolicy.html`,
  's3:PutPublicAccessBlock': `${S3}/API_PutPublicAccessBlock.html`,
  's3:GetPublicAccessBlock': `${S3}/API_GetPublicAccessBlock.html`,
  's3:PutBucketTagging': `${S3}/API_PutBucketTagging.html`,
  's3:GetBucketTagging': `${S3}/API_GetBucketTagging.html`,
  's3:PutBucketVersioning': `${S3}/API_PutBucketVersioning.html`,
  's3:GetBucketVersioning': `${S3}/API_GetBucketVersioning.html`,
  's3:PutBucketEncryption': `${S3}/API_PutBucketEncryption.html`,
  's3:GetBucketEncryption': `${S3}/API_GetBucketEncryption.html`,
  's3:PutBucketLifecycleConfiguration': `${S3}/API_PutBucketLifecycleConfiguration.html`,
  's3:GetBucketLifecycleConfiguration': `${S3}/API_GetBucketLifecycleConfiguration.html`,
  's3:GetObject': `${S3}/API_GetObject.html`,
  's3:HeadObject': `${S3}/API_HeadObject.html`,
  's3:PutObject': `${S3}/API_PutObject.html`,
  's3:CopyObject': `${S3}/API_CopyObject.html`,
  's3:CompleteMultipartUpload': `${S3}/API_CompleteMultipartUpload.html`,
  's3:AbortMultipartUpload': `${S3}/API_AbortMultipartUpload.html`,
  'iam:CreateRole': `${IAM}/API_CreateRole.html`,
  'iam:GetRole': `${IAM}/API_GetRole.html`,
  'iam:ListRoles': `${IAM}/API_ListRoles.html`,
  'iam:DeleteRole': `${IAM}/API_DeleteRole.html`,
  'iam:PutRolePolicy': `${IAM}/API_PutRolePolicy.html`,
  'iam:GetRolePolicy': `${IAM}/API_GetRolePolicy.html`,
  'iam:SimulatePrincipalPolicy': `${IAM}/API_EvaluationResult.html`,
  'iam:AttachRolePolicy': `${IAM}/API_AttachRolePolicy.html`,
  'iam:DeletePolicy': `${IAM}/API_DeletePolicy.html`,
  'iam:TagRole': `${IAM}/API_TagRole.html`,
  'sts:AssumeRole': `${STS}/API_AssumeRole.html`,
  'lambda:GetAccountSettings': `${LAMBDA}/API_GetAccountSettings.html`,
  'lambda:CreateFunction': `${LAMBDA}/API_CreateFunction.html`,
  'lambda:UpdateFunctionCode': `${LAMBDA}/API_UpdateFunctionCode.html`,
  'lambda:UpdateFunctionConfiguration': `${LAMBDA}/API_UpdateFunctionConfiguration.html`,
  'lambda:GetFunction': `${LAMBDA}/API_GetFunction.html`,
  'lambda:Invoke': 'https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html',
  'lambda:AddPermission': 'https://github.com/hashicorp/terraform-provider-aws/issues/3312',
  'lambda:RemovePermission': `${LAMBDA}/API_RemovePermission.html`,
  'lambda:GetPolicy': `${LAMBDA}/API_GetPolicy.html`,
  'lambda:PublishVersion': `${LAMBDA}/API_PublishVersion.html`,
  'lambda:PutFunctionEventInvokeConfig': `${LAMBDA}/API_PutFunctionEventInvokeConfig.html`,
  'lambda:UpdateFunctionEventInvokeConfig': `${LAMBDA}/API_UpdateFunctionEventInvokeConfig.html`,
  'lambda:PutFunctionConcurrency': `${LAMBDA}/API_PutFunctionConcurrency.html`,
  'logs:FilterLogEvents': 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html',
  'logs:GetLogEvents': 'https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html',
};
