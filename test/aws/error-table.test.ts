import { describe, expect, it } from 'vitest';
import { classifyError, sameCode } from '../../src/aws/classify-error.ts';
import type { AwsService } from '../../src/aws/error-row.ts';
import { ERROR_TABLE } from '../../src/aws/error-table.ts';
import type { Fault } from '../../src/core/fault.ts';

type Case = readonly [
  service: AwsService,
  operation: string,
  status: number | undefined,
  code: string,
  text: string,
  verdict: `${Fault['class']}/${Fault['reason']}`,
];

const ARN = 'arn:aws:lambda:us-west-2:123456789012:function:f';

// prettier-ignore
const CASES: readonly Case[] = [
  ['ses', 'DescribeReceiptRuleSet', 400, 'Throttling', 'Rate exceeded', 'throttled/Throttled'],
  ['ses', 'CreateReceiptRule', 400, 'AlreadyExistsException', 'Rule already exists: r', 'stale/ChangedMeanwhile'],
  ['ses', 'CreateReceiptRule', 400, 'RuleDoesNotExistException', 'Rule does not exist: anchor', 'stale/ChangedMeanwhile'],
  ['ses', 'UpdateReceiptRule', 400, 'RuleDoesNotExistException', 'Rule does not exist: r', 'stale/ChangedMeanwhile'],
  ['ses', 'CreateReceiptRule', 400, 'RuleSetDoesNotExistException', 'Rule set does not exist: s', 'stale/ChangedMeanwhile'],
  ['ses', 'ReorderReceiptRuleSet', 400, 'InvalidParameterValue', 'Positions for rules not found', 'stale/ChangedMeanwhile'],
  ['ses', 'ReorderReceiptRuleSet', 400, 'InvalidParameterValue', 'Multiple positions found for rule', 'bug/InternalError'],
  ['ses', 'DeleteReceiptRuleSet', 400, 'CannotDeleteException', 'Cannot delete active rule set: s', 'delete-blocked/DeletionBlocked'],
  ['ses', 'CreateReceiptRule', 400, 'LimitExceededException', 'Too many rules', 'invalid/QuotaExceeded'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidS3ConfigurationException', 'No such bucket: b', 'dependency/DependencyNotReady'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidS3ConfigurationException', 'Could not write to bucket: b', 'propagating/WaitingForPropagation'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidS3ConfigurationException', 'Could not write to bucket: kms-mail', 'propagating/WaitingForPropagation'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidS3ConfigurationException', 'Invalid KMS encryption key ARN', 'invalid/InvalidSpec'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidLambdaFunctionException', 'Invalid Lambda function: f', 'invalid/InvalidSpec'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidLambdaFunctionException', `Could not invoke Lambda function: ${ARN}`, 'propagating/WaitingForPropagation'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidSnsTopicException', 'Invalid SNS topic: t', 'invalid/InvalidSpec'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidSnsTopicException', 'Could not publish to SNS topic: t', 'propagating/WaitingForPropagation'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidParameterValue', 'Could not assume the provided IAM Role', 'propagating/WaitingForPropagation'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidParameterValue', 'Identity is not verified: a@b.c', 'dependency/DependencyNotReady'],
  ['ses', 'CreateReceiptRule', 400, 'InvalidParameterValue', 'Invalid header name: X', 'invalid/InvalidSpec'],
  ['ses', 'CreateReceiptRuleSet', 400, 'ValidationError', '1 validation error detected', 'invalid/InvalidSpec'],
  ['ses', 'CreateReceiptRule', 403, 'AccessDenied', 'User: arn:aws:iam::1:user/me is not authorized to perform: ses:CreateReceiptRule', 'denied/AccessDenied'],

  ['sts', 'GetCallerIdentity', 400, 'InvalidIdentityToken', 'Incorrect token audience', 'denied/CredentialsMissing'],
  ['sts', 'GetCallerIdentity', 400, 'InvalidIdentityTokenException', 'No OpenIDConnect provider found in your account for https://oidc', 'denied/CredentialsMissing'],
  ['sts', 'GetCallerIdentity', 403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 'denied/AccessDenied'],

  ['iam', 'CreateRole', 409, 'EntityAlreadyExistsException', 'Role with name r already exists.', 'stale/ChangedMeanwhile'],
  ['iam', 'CreateRole', 409, 'LimitExceededException', 'Cannot exceed quota for RolesPerAccount: 1000', 'invalid/QuotaExceeded'],
  ['iam', 'CreateRole', 400, 'InvalidInputException', 'Duplicate tag keys found', 'invalid/InvalidSpec'],
  ['iam', 'CreateRole', 400, 'MalformedPolicyDocumentException', 'Syntax errors in policy.', 'invalid/InvalidSpec'],
  ['iam', 'SimulatePrincipalPolicy', 404, 'NoSuchEntityException', 'The role with name r cannot be found.', 'dependency/DependencyNotReady'],
  ['iam', 'SimulatePrincipalPolicy', 400, 'InvalidInputException', 'Invalid Entity Arn', 'dependency/DependencyNotReady'],
  ['iam', 'CreateRole', 409, 'ConcurrentModificationException', 'Try again', 'transient/AwsUnavailable'],
  ['iam', 'CreateRole', 500, 'ServiceFailureException', 'Sorry', 'transient/AwsUnavailable'],
  ['iam', 'PutRolePolicy', 404, 'NoSuchEntityException', 'The role with name r cannot be found.', 'propagating/WaitingForPropagation'],
  ['iam', 'CreateRole', 404, 'NoSuchEntityException', 'Scope ARN: arn:aws:iam::1:policy/p does not exist or is not attachable.', 'dependency/DependencyNotReady'],
  ['iam', 'AttachRolePolicy', 404, 'NoSuchEntityException', 'The role with name policy-runner cannot be found.', 'propagating/WaitingForPropagation'],
  ['iam', 'AttachRolePolicy', 404, 'NoSuchEntityException', 'Policy arn:aws:iam::1:policy/p does not exist or is not attachable.', 'dependency/DependencyNotReady'],
  ['iam', 'AttachRolePolicy', 400, 'PolicyNotAttachableException', 'Cannot attach', 'invalid/InvalidSpec'],
  ['iam', 'UpdateAssumeRolePolicy', 400, 'UnmodifiableEntityException', 'Cannot perform the operation on the protected role', 'conflict/OwnershipConflict'],
  ['iam', 'DeleteRole', 409, 'DeleteConflictException', 'Cannot delete entity, must detach all policies first.', 'delete-blocked/DeletionBlocked'],
  ['iam', 'CreateRole', 400, 'Throttling', 'Rate exceeded', 'throttled/Throttled'],

  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'The role defined for the function cannot be assumed by Lambda.', 'propagating/WaitingForPropagation'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'The provided execution role does not have permissions to call CreateNetworkInterface on EC2', 'propagating/WaitingForPropagation'],
  ['lambda', 'PutFunctionEventInvokeConfig', 400, 'InvalidParameterValueException', "The function's execution role does not have permissions to call SendMessage on arn:aws:sqs:us-west-2:1:q", 'propagating/WaitingForPropagation'],
  ['lambda', 'CreateFunction', 403, 'AccessDeniedException', 'User: arn:aws:iam::1:user/me is not authorized to perform: lambda:GetLayerVersion on resource: arn:aws:lambda:us-west-2:2:layer:tools:3 because no resource-based policy allows the lambda:GetLayerVersion action', 'denied/AccessDenied'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'Layer version arn:aws:lambda:us-west-2:1:layer:tools:9 does not exist.', 'invalid/InvalidSpec'],
  ['lambda', 'PutFunctionConcurrency', 400, 'InvalidParameterValueException', "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].", 'invalid/QuotaExceeded'],
  ['logs', 'CreateLogGroup', 400, 'ResourceAlreadyExistsException', 'The specified log group already exists', 'stale/ChangedMeanwhile'],
  ['logs', 'PutRetentionPolicy', 400, 'ResourceNotFoundException', 'The specified log group does not exist.', 'stale/ChangedMeanwhile'],
  ['logs', 'PutRetentionPolicy', 400, 'OperationAbortedException', 'A conflicting operation is currently in progress', 'transient/AwsUnavailable'],
  ['logs', 'CreateLogGroup', 400, 'LimitExceededException', 'Resource limit exceeded.', 'invalid/QuotaExceeded'],
  ['logs', 'PutRetentionPolicy', 400, 'InvalidParameterException', '1 validation error detected', 'invalid/InvalidSpec'],
  ['logs', 'DescribeLogGroups', 400, 'ThrottlingException', 'Rate exceeded', 'throttled/Throttled'],
  ['logs', 'CreateLogGroup', 400, 'AccessDeniedException', 'User: arn:aws:iam::1:user/me is not authorized to perform: logs:CreateLogGroup on resource: arn:aws:logs:us-west-2:1:log-group:/aws/lambda/f:log-stream:', 'denied/AccessDenied'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'The ARN of the KMS key is invalid for CreateGrant', 'propagating/WaitingForPropagation'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant. Please check your KMS key settings. KMS Exception: AccessDeniedException KMS Message: User: me is not authorized to perform: kms:CreateGrant on resource: k', 'denied/AccessDenied'],
  ['lambda', 'GetFunction', 200, 'AccessDeniedException', 'Lambda was unable to decrypt your environment variables because the KMS access was denied. KMS Exception: AccessDeniedException KMS Message: no', 'denied/AccessDenied'],
  ['lambda', 'CreateFunction', 403, 'AccessDeniedException', 'Your access has been denied by EC2, please make sure your request credentials have permission to DescribeSecurityGroups for sg-1. EC2 Error Code: UnauthorizedOperation. EC2 Error Message: You are not authorized to perform this operation.', 'denied/AccessDenied'],
  ['lambda', 'CreateFunction', 403, 'AccessDeniedException', 'Your access has been denied by S3, please make sure your request credentials have permission to GetObject for releases/app.zip. S3 Error Code: AccessDenied. S3 Error Message: Access Denied', 'denied/AccessDenied'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'Internal KMS service error. Try again.', 'transient/AwsUnavailable'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'Your request has been throttled by EC2', 'transient/AwsUnavailable'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'Error occurred while GetObject. S3 Error Code: NoSuchKey.', 'dependency/DependencyNotReady'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'Error occurred while GetObject. S3 Error Code: PermanentRedirect.', 'invalid/InvalidSpec'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'The runtime parameter of nodejs8.10 is no longer supported', 'invalid/InvalidSpec'],
  ['lambda', 'CreateFunction', 400, 'InvalidParameterValueException', 'Lambda was unable to configure your environment variables', 'invalid/InvalidSpec'],
  ['lambda', 'CreateFunction', 409, 'ResourceConflictException', 'Function already exist: f', 'stale/ChangedMeanwhile'],
  ['lambda', 'AddPermission', 409, 'ResourceConflictException', 'The statement id (s) provided already exists.', 'stale/ChangedMeanwhile'],
  ['lambda', 'UpdateFunctionCode', 409, 'ResourceConflictException', `The operation cannot be performed at this time. An update is in progress for resource: ${ARN}`, 'pending/FunctionUpdating'],
  ['lambda', 'UpdateFunctionCode', 409, 'ResourceConflictException', 'The operation cannot be performed at this time. The function is currently in the following state: Pending', 'pending/FunctionUpdating'],
  ['lambda', 'UpdateFunctionCode', 404, 'ResourceNotFoundException', 'Function not found', 'stale/ChangedMeanwhile'],
  ['lambda', 'AddPermission', 412, 'PreconditionFailedException', 'The RevisionId provided does not match', 'stale/ChangedMeanwhile'],
  ['lambda', 'AddPermission', 400, 'PolicyLengthExceededException', 'The final policy size is bigger than the limit', 'invalid/QuotaExceeded'],
  ['lambda', 'CreateFunction', 400, 'CodeStorageExceededException', 'Code storage limit exceeded.', 'invalid/QuotaExceeded'],
  ['lambda', 'CreateFunction', 400, 'CodeVerificationFailedException', 'The code signature failed', 'invalid/InvalidSpec'],
  ['lambda', 'CreateFunction', 400, 'InvalidCodeSignatureException', 'The code signature failed', 'invalid/InvalidSpec'],
  ['lambda', 'CreateFunction', 404, 'CodeSigningConfigNotFoundException', 'Not found', 'invalid/InvalidSpec'],
  ['lambda', 'CreateFunction', 400, 'InvalidZipFileException', 'Could not unzip uploaded file.', 'invalid/InvalidSpec'],
  ['lambda', 'CreateFunction', 413, 'RequestEntityTooLargeException', 'Request must be smaller than 70167211 bytes', 'invalid/InvalidSpec'],
  ['lambda', 'CreateFunction', 429, 'TooManyRequestsException', 'Rate exceeded', 'throttled/Throttled'],
  ['lambda', 'CreateFunction', 500, 'ServiceException', 'Sorry', 'transient/AwsUnavailable'],
  ['lambda', 'CreateFunction', 403, 'AccessDeniedException', `User: arn:aws:iam::1:user/me is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/r`, 'denied/AccessDenied'],
  ['lambda', 'CreateFunction', 403, 'UnrecognizedClientException', 'The security token included in the request is invalid.', 'denied/CredentialsMissing'],
  ['lambda', 'CreateFunction', 403, 'ExpiredTokenException', 'The security token included in the request is expired', 'denied/CredentialsMissing'],

  ['s3', 'CreateBucket', 409, 'BucketAlreadyExists', 'The requested bucket name is not available.', 'conflict/BucketNameTaken'],
  ['s3', 'CreateBucket', 409, 'BucketAlreadyOwnedByYou', 'Your previous request succeeded', 'stale/ChangedMeanwhile'],
  ['s3', 'CreateBucket', 400, 'InvalidBucketName', 'The specified bucket is not valid.', 'invalid/InvalidSpec'],
  ['s3', 'CreateBucket', 400, 'IllegalLocationConstraintException', 'The unspecified location constraint is incompatible', 'invalid/InvalidSpec'],
  ['s3', 'CreateBucket', 400, 'TooManyBuckets', 'You have attempted to create more buckets than allowed', 'invalid/QuotaExceeded'],
  ['s3', 'PutBucketPolicy', 409, 'OperationAborted', 'A conflicting conditional operation is currently in progress', 'transient/AwsUnavailable'],
  ['s3', 'PutBucketPolicy', 400, 'MalformedPolicy', 'Invalid principal in policy', 'propagating/WaitingForPropagation'],
  ['s3', 'PutBucketPolicy', 400, 'MalformedPolicy', 'Policy has invalid resource', 'invalid/InvalidSpec'],
  ['s3', 'PutBucketPolicy', 405, 'MethodNotAllowed', 'The specified method is not allowed', 'conflict/OwnershipConflict'],
  ['s3', 'GetBucketTagging', 404, 'NoSuchBucket', 'The specified bucket does not exist', 'stale/ChangedMeanwhile'],
  ['s3', 'DeleteBucket', 409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty', 'delete-blocked/DeletionBlocked'],
  ['s3', 'GetBucketPolicy', 503, 'SlowDown', 'Please reduce your request rate.', 'throttled/Throttled'],
  ['s3', 'GetBucketPolicy', 500, 'InternalError', 'We encountered an internal error.', 'transient/AwsUnavailable'],
  ['s3', 'GetBucketPolicy', 503, 'ServiceUnavailable', 'Reduce your request rate', 'transient/AwsUnavailable'],
  ['s3', 'GetBucketPolicy', 400, 'RequestTimeout', 'Your socket connection was not read', 'transient/AwsUnavailable'],
  ['s3', 'GetBucketPolicy', 403, 'AccessDenied', 'Access Denied', 'denied/AccessDenied'],
  ['s3', 'GetBucketPolicy', 400, 'ExpiredToken', 'The provided token has expired.', 'denied/CredentialsMissing'],
  ['s3', 'GetBucketPolicy', 403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match', 'denied/CredentialsMissing'],
  ['s3', 'HeadBucket', 400, 'Unknown', 'UnknownError', 'denied/CredentialsMissing'],
  ['s3', 'HeadBucket', 503, 'Unknown', 'UnknownError', 'transient/AwsUnavailable'],

  ['sts', 'GetCallerIdentity', 403, 'InvalidClientTokenId', 'The security token included in the request is invalid.', 'denied/CredentialsMissing'],
  ['sts', 'GetCallerIdentity', 403, 'ExpiredToken', 'The security token included in the request is expired', 'denied/CredentialsMissing'],
  ['sts', 'GetCallerIdentity', 403, 'SignatureDoesNotMatch', 'Signature not yet current', 'denied/CredentialsMissing'],

  ['lambda', 'GetFunction', 429, 'SomethingNew', 'Slower', 'throttled/Throttled'],
  ['lambda', 'GetFunction', 502, 'SomethingNew', 'Sorry', 'transient/AwsUnavailable'],
  ['lambda', 'GetFunction', 418, 'SomethingNew', 'No', 'invalid/InvalidSpec'],
  ['lambda', 'GetFunction', undefined, 'SomethingNew', 'Who knows', 'transient/AwsUnavailable'],
  ['s3', 'GetBucketPolicy', 501, 'NotImplemented', 'GetBucketPolicy', 'invalid/InvalidSpec'],
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'TimeoutError'].map(
    (code): Case => ['iam', 'GetRole', undefined, code, 'it broke', 'transient/AwsUnavailable'],
  ),
];

describe('the error table', () => {
  it.each(CASES)('takes %s:%s %s %s (%s) for %s', (service, operation, status, code, text, verdict) => {
    const fault = faultOfAws({ service, operation, status, code, text });

    expect(`${fault.class}/${fault.reason}`).toBe(verdict);
    expect(fault.operation).toBe(`${service}:${operation}`);
    expect(fault.message).toMatch(/^\S.*\.$/s);
  });

  it.each(CASES.filter(([service, , status]) => (service === 'ses' || service === 'iam') && status !== undefined))(
    'takes %s:%s %s %s with and without the suffix for the same',
    (service, operation, status, code, text) => {
      const bare = code.replace(/Exception$/, '');

      const fault = faultOfAws({ service, operation, status, code: bare, text });

      expect(fault.code).toBe(bare);
      expect(fault).toEqual(faultOfAws({ service, operation, status, code: `${bare}Exception`, text }));
    },
  );

  it('has no row that an earlier one hides', () => {
    const hidden = ERROR_TABLE.flatMap((row, index) =>
      row.codes.filter((code) =>
        ERROR_TABLE.slice(0, index).some(
          (earlier) =>
            (earlier.of === row.of || earlier.of === 'any') &&
            earlier.text === undefined &&
            earlier.operation === undefined &&
            earlier.codes.some((other) => sameCode(other, code)),
        ),
      ),
    );

    expect(hidden).toEqual([]);
  });

  it('says the same every time: request ids stay out of the message', () => {
    const text = 'Could not invoke (Service: Lambda, Status Code: 400, Request ID: 5f3b-11). Request ID: ABC123DEF';

    const fault = faultOfAws({
      service: 'ses',
      operation: 'CreateReceiptRule',
      status: 400,
      code: 'ValidationError',
      text,
    });

    expect(fault.message).toContain('Could not invoke');
    expect(fault.message).not.toMatch(/5f3b|ABC123|request id/i);
  });
});

describe('a denied call', () => {
  it.each([
    {
      name: 'names who may not do what on what, as AWS says it',
      operation: 'CreateFunction',
      service: 'lambda' as const,
      text: 'User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: "arn:aws:iam::1:role/r" because no identity-based policy allows the iam:PassRole action',
      message:
        'arn:aws:sts::1:assumed-role/ci/x may not iam:PassRole on arn:aws:iam::1:role/r (needed for bucket "mail"). Allow it in the policy of these credentials.',
    },
    {
      name: 'reads the quotes of SES',
      operation: 'DescribeReceiptRuleSet',
      service: 'ses' as const,
      text: "User `arn:aws:iam::1:user/me' is not authorized to perform `ses:DescribeReceiptRuleSet' on resource `*'",
      message:
        'arn:aws:iam::1:user/me may not ses:DescribeReceiptRuleSet on * (needed for bucket "mail"). Allow it in the policy of these credentials.',
    },
    {
      name: 'tells an explicit deny from a missing permission',
      operation: 'PutBucketPolicy',
      service: 's3' as const,
      text: 'User: arn:aws:iam::1:user/me is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::mail" with an explicit deny in a service control policy',
      message:
        'arn:aws:iam::1:user/me may not s3:PutBucketPolicy on arn:aws:s3:::mail: an explicit Deny in a service control policy forbids it. Change that policy.',
    },
    {
      name: 'names the IAM action where it differs from the operation',
      operation: 'GetBucketEncryption',
      service: 's3' as const,
      text: 'Access Denied',
      message:
        'The credentials in use may not s3:GetEncryptionConfiguration on bucket "mail". Allow it in the policy of these credentials.',
    },
  ])('$name', ({ service, operation, text, message }) => {
    const fault = faultOfAws({ service, operation, status: 403, code: 'AccessDenied', text });

    expect(fault.message).toBe(message);
  });
});

type Told = { service: AwsService; operation: string; status: number | undefined; code: string; text: string };

/** As the SDK throws it: service errors by name and status, network errors by Node's code. */
function faultOfAws({ service, operation, status, code, text }: Told): Fault {
  const error =
    status === undefined
      ? Object.assign(new Error(text), code === 'TimeoutError' ? { name: code } : { code })
      : Object.assign(new Error(text), { name: code, $metadata: { httpStatusCode: status } });
  return classifyError(error, { service, operation, resource: 'bucket "mail"', place: { region: 'us-west-2' } }).fault;
}
