import type { FaultClass, FaultReason } from '../core/fault.ts';
import { missingPermission } from './missing-permission.ts';

export type AwsService = 's3' | 'iam' | 'lambda' | 'ses' | 'sts';

/** An error as told to the table. */
export type AwsError = {
  readonly service: AwsService;
  readonly operation: string;
  /** `service:Operation`. */
  readonly action: string;
  readonly resource: string | undefined;
  /** ` for <resource>`, or nothing. */
  readonly about: string;
  /** AWS code, Node's network code, or `Http404` where AWS sent no body. */
  readonly code: string;
  readonly status: number | undefined;
  /** AWS's own words, without request ids and final full stop. */
  readonly text: string;
  readonly region: string;
  readonly endpoint: string;
  /** The endpoint was set by the user: it is not AWS itself. */
  readonly ownEndpoint: boolean;
  readonly bucketRegion: string | undefined;
  /** The profile asked for, undefined for the default. */
  readonly profile: string | undefined;
};

/** What AWS's code, with these words in its message, means to us. Codes match with and without `Exception` at the end. */
export type ErrorRow = {
  readonly of: AwsService | 'any';
  readonly codes: readonly string[];
  readonly text?: RegExp;
  readonly operations?: readonly string[];
  readonly class: FaultClass;
  readonly reason: FaultReason;
  readonly say: (error: AwsError) => string;
};

const again = ({ action, about }: AwsError): string => `AWS could not complete ${action}${about}. It is tried again.`;
const reread = ({ action, about, text }: AwsError): string =>
  `Something changed in AWS while ${action}${about} was on its way (${text}). What is there is read again.`;
const refused = (advice: string) => {
  return ({ action, about, text }: AwsError): string => `AWS refuses ${action}${about}: ${text}. ${advice}`;
};

const AMONG_SES: readonly ErrorRow[] = [
  {
    of: 'ses',
    codes: ['Throttling', 'ThrottlingException', 'TooManyRequests'],
    class: 'throttled',
    reason: 'Throttled',
    say: () => 'SES allows one call a second in this account and region, and others use it too. It is tried again.',
  },
  {
    of: 'ses',
    codes: ['InvalidS3Configuration'],
    text: /No such bucket/i,
    class: 'dependency',
    reason: 'DependencyNotReady',
    say: ({ about, text }) => `SES cannot find the bucket${about} (${text}). Create it, or correct messageBodyStorage.`,
  },
  {
    of: 'ses',
    codes: ['InvalidS3Configuration'],
    text: /KMS|encryption key/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Give the ARN of a KMS key in the region of the rule, or none.'),
  },
  {
    of: 'ses',
    codes: ['InvalidS3Configuration'],
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `SES cannot yet write to the bucket${about} (${text}). A new bucket policy takes a moment to be seen; if this stays, ` +
      'look for a Deny in the bucket policy, the policy of its KMS key, or Object Lock.',
  },
  {
    of: 'ses',
    codes: ['InvalidLambdaFunction'],
    text: /Invalid Lambda function/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('The function must be named by its full ARN and be in the region of the rule.'),
  },
  {
    of: 'ses',
    codes: ['InvalidLambdaFunction'],
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `SES cannot yet invoke the function${about} (${text}). A new permission takes a moment to be seen; if this stays, ` +
      'check that the function exists and that its resource policy admits ses.amazonaws.com.',
  },
  {
    of: 'ses',
    codes: ['InvalidSnsTopic'],
    text: /Invalid SNS topic/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('The topic must be named by its full ARN and be in the region of the rule.'),
  },
  {
    of: 'ses',
    codes: ['InvalidSnsTopic'],
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `SES cannot yet publish to the topic${about} (${text}). If this stays, the topic's policy, or that of its KMS key, ` +
      'must admit ses.amazonaws.com.',
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue'],
    text: /Could not assume/i,
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `SES cannot yet assume the role${about} (${text}). A new role takes a moment to be seen; if this stays, its trust ` +
      'policy must admit ses.amazonaws.com.',
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue', 'MessageRejected'],
    text: /not verified/i,
    class: 'dependency',
    reason: 'DependencyNotReady',
    say: ({ region, text }) => `SES in ${region} does not know this sender (${text}). Verify the identity there first.`,
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue'],
    text: /Positions for rules not found/i,
    class: 'stale',
    reason: 'ChangedMeanwhile',
    say: reread,
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue'],
    text: /Multiple positions found/i,
    class: 'bug',
    reason: 'InternalError',
    say: ({ text }) => `The new order of rules names one twice (${text}). Nothing was changed; please report it.`,
  },
  {
    of: 'ses',
    codes: ['InvalidParameterValue', 'ValidationError'],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Correct ruleSet or receiptRules.'),
  },
  {
    of: 'ses',
    codes: ['AlreadyExists', 'RuleDoesNotExist', 'RuleSetDoesNotExist'],
    class: 'stale',
    reason: 'ChangedMeanwhile',
    say: reread,
  },
  {
    of: 'ses',
    codes: ['CannotDelete'],
    class: 'delete-blocked',
    reason: 'DeletionBlocked',
    say: ({ resource, text }) =>
      `SES does not delete ${resource ?? 'the rule set'} (${text}). An active rule set must be switched off first.`,
  },
  {
    of: 'ses',
    codes: ['LimitExceeded'],
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: ({ about, text }) =>
      `A fixed quota of SES receiving is used up${about} (${text}): 200 rules a set, 10 actions a rule, 40 sets a region. ` +
      'Remove what is not needed, or unite rules.',
  },
];

const AMONG_IAM: readonly ErrorRow[] = [
  { of: 'iam', codes: ['EntityAlreadyExists'], class: 'stale', reason: 'ChangedMeanwhile', say: reread },
  {
    of: 'iam',
    codes: ['LimitExceeded'],
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: ({ about, text }) =>
      `An IAM quota is used up${about} (${text}). Have it raised in Service Quotas, or remove what is not needed.`,
  },
  {
    of: 'iam',
    codes: ['NoSuchEntity'],
    operations: ['AttachRolePolicy', 'PutRolePermissionsBoundary', 'CreateRole'],
    text: /polic|boundary/i,
    class: 'dependency',
    reason: 'DependencyNotReady',
    say: ({ about, text }) =>
      `A managed policy is missing${about} (${text}). Create it, or correct its ARN under role.`,
  },
  {
    of: 'iam',
    codes: ['NoSuchEntity'],
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ resource, text }) =>
      `IAM does not yet show ${resource ?? 'the role'} everywhere (${text}). It is tried again.`,
  },
  {
    of: 'iam',
    codes: ['MalformedPolicyDocument', 'InvalidInput', 'ValidationError', 'PolicyNotAttachable'],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Correct role.'),
  },
  {
    of: 'iam',
    codes: ['UnmodifiableEntity'],
    class: 'conflict',
    reason: 'OwnershipConflict',
    say: refused('The role belongs to an AWS service; name another one.'),
  },
  {
    of: 'iam',
    codes: ['DeleteConflict'],
    class: 'delete-blocked',
    reason: 'DeletionBlocked',
    say: ({ resource, text }) =>
      `IAM does not delete ${resource ?? 'the role'} while something is attached to it (${text}). Detach what others attached.`,
  },
  {
    of: 'iam',
    codes: ['ConcurrentModification', 'EntityTemporarilyUnmodifiable', 'ServiceFailure'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: again,
  },
];

const AMONG_LAMBDA: readonly ErrorRow[] = [
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /cannot be assumed by Lambda/i,
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about }) =>
      `Lambda cannot yet assume the role${about}. A new role takes seconds, at times up to 15 minutes, to be seen; if this ` +
      'stays, its trust policy must admit lambda.amazonaws.com.',
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /execution role does not have permissions/i,
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `The role lacks a permission that Lambda needs${about} (${text}). A new policy takes a moment to be seen; if this ` +
      'stays, add it under role.privileges.',
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /CreateGrant/,
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `Lambda cannot yet use the KMS key${about} (${text}). A new role takes a moment to be seen; if this stays, check the ` +
      "key's policy.",
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /Internal KMS service error|throttled by EC2/i,
    class: 'transient',
    reason: 'AwsUnavailable',
    say: again,
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /NoSuchKey|NoSuchBucket|NoSuchVersion/,
    class: 'dependency',
    reason: 'DependencyNotReady',
    say: ({ about, text }) =>
      `Lambda cannot find the code in S3${about} (${text}). Upload it, or correct function.code.s3.`,
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /PermanentRedirect/,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: ({ region, about }) =>
      `The bucket with the code is not in ${region}, where the function is${about}. Copy the code to a bucket there.`,
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /runtime/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Choose a runtime that Lambda still supports in function.runtime.'),
  },
  {
    of: 'lambda',
    codes: [
      'InvalidParameterValueException',
      'ValidationException',
      'InvalidRequestContentException',
      'InvalidCodeSignatureException',
      'CodeVerificationFailedException',
      'CodeSigningConfigNotFoundException',
    ],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Correct function.'),
  },
  {
    of: 'lambda',
    codes: ['InvalidZipFileException'],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: ({ about, text }) => `Lambda cannot unpack the code${about} (${text}). Make it a zip archive.`,
  },
  {
    of: 'lambda',
    codes: ['RequestEntityTooLargeException', 'RequestTooLargeException'],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: ({ about }) =>
      `The code is too large for a direct upload${about} (about 50 MB with its encoding). Use function.code.s3.`,
  },
  {
    of: 'lambda',
    codes: ['ResourceConflictException'],
    text: /already exist/i,
    class: 'stale',
    reason: 'ChangedMeanwhile',
    say: reread,
  },
  {
    of: 'lambda',
    codes: ['ResourceConflictException', 'ResourceNotReadyException', 'ResourceInUseException'],
    class: 'pending',
    reason: 'FunctionUpdating',
    say: ({ resource }) =>
      `Lambda is still busy with the last change of ${resource ?? 'the function'}. The next one waits for it.`,
  },
  {
    of: 'lambda',
    codes: ['ResourceNotFoundException', 'PreconditionFailedException'],
    class: 'stale',
    reason: 'ChangedMeanwhile',
    say: reread,
  },
  {
    of: 'lambda',
    codes: ['CodeStorageExceededException'],
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: ({ text }) =>
      `The code storage of Lambda in this region is used up (${text}). Delete old functions and versions, or have it raised.`,
  },
  {
    of: 'lambda',
    codes: ['PolicyLengthExceededException'],
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: ({ about, text }) => `The resource policy is full${about} (${text}). Remove statements that are not needed.`,
  },
  { of: 'lambda', codes: ['ServiceException'], class: 'transient', reason: 'AwsUnavailable', say: again },
];

const AMONG_S3: readonly ErrorRow[] = [
  {
    of: 's3',
    codes: ['BucketAlreadyExists'],
    class: 'conflict',
    reason: 'BucketNameTaken',
    say: ({ resource }) =>
      `The name of ${resource ?? 'the bucket'} is taken by another AWS account. Choose another logicalName or bucketName.`,
  },
  {
    of: 's3',
    codes: ['BucketAlreadyOwnedByYou', 'NoSuchBucket', 'NotFound', 'PreconditionFailed', 'Http412'],
    class: 'stale',
    reason: 'ChangedMeanwhile',
    say: reread,
  },
  {
    of: 's3',
    codes: [
      'NoSuchBucketPolicy',
      'NoSuchPublicAccessBlockConfiguration',
      'OwnershipControlsNotFoundError',
      'ServerSideEncryptionConfigurationNotFoundError',
      'NoSuchLifecycleConfiguration',
      'NoSuchTagSet',
      'NoSuchKey',
      'NoSuchVersion',
    ],
    class: 'stale',
    reason: 'ChangedMeanwhile',
    say: reread,
  },
  {
    of: 's3',
    codes: ['BucketNotEmpty'],
    class: 'delete-blocked',
    reason: 'DeletionBlocked',
    say: ({ resource }) =>
      `S3 does not delete ${resource ?? 'the bucket'} while it holds objects, versions or delete markers. Empty it, or set ` +
      'messageBodyStorage.deletionPolicy.',
  },
  {
    of: 's3',
    codes: ['OperationAborted'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ about }) => `S3 is still busy with another change${about}, or with its deletion. It is tried again.`,
  },
  {
    of: 's3',
    codes: ['ServiceUnavailable', 'InternalError', 'RequestTimeout', 'BadDigest', 'IncompleteBody'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: again,
  },
  {
    of: 's3',
    codes: ['MalformedPolicy'],
    text: /Invalid principal/i,
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `S3 does not know a principal of the bucket policy${about} (${text}). A new role takes a moment to be seen; if this ` +
      'stays, a statement names a principal that has been deleted.',
  },
  {
    of: 's3',
    codes: ['MalformedPolicy'],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Correct the bucket policy.'),
  },
  {
    of: 's3',
    codes: [
      'InvalidBucketName',
      'InvalidTag',
      'InvalidArgument',
      'InvalidRequest',
      'MalformedXML',
      'InvalidBucketState',
    ],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Correct messageBodyStorage.'),
  },
  {
    of: 's3',
    codes: ['MethodNotAllowed', 'Http405'],
    class: 'conflict',
    reason: 'OwnershipConflict',
    say: refused('The bucket must belong to the account of the credentials.'),
  },
  {
    of: 's3',
    codes: [
      'PermanentRedirect',
      'Http301',
      'AuthorizationHeaderMalformed',
      'IllegalLocationConstraintException',
      'InvalidLocationConstraint',
    ],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: ({ resource, region, bucketRegion }) =>
      `${capital(resource ?? 'the bucket')} is in ${bucketRegion ?? 'another region'}, not in ${region}. Correct spec.region, or ` +
      'choose another bucket.',
  },
  {
    of: 's3',
    codes: ['TooManyBuckets'],
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: () => 'The account has as many buckets as its quota allows. Have it raised in Service Quotas, or delete some.',
  },
  {
    of: 's3',
    codes: ['Http400'],
    class: 'denied',
    reason: 'CredentialsMissing',
    say: ({ action, about, region }) =>
      `S3 rejects ${action}${about} as malformed: the credentials have expired, or ${region} is not enabled in the account. ` +
      'Renew them, or enable the region.',
  },
];

const AMONG_ALL: readonly ErrorRow[] = [
  {
    of: 'any',
    codes: [
      'AccessDenied',
      'AccessDeniedException',
      'AuthorizationError',
      'NotAuthorized',
      'AllAccessDisabled',
      'Http403',
    ],
    class: 'denied',
    reason: 'AccessDenied',
    say: missingPermission,
  },
  {
    of: 'any',
    codes: ['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired'],
    class: 'denied',
    reason: 'CredentialsMissing',
    say: () => 'The AWS credentials have expired. Renew them, for example with aws sso login.',
  },
  {
    of: 'any',
    codes: [
      'InvalidClientTokenId',
      'UnrecognizedClientException',
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
      'InvalidAccessKeyId',
      'InvalidToken',
      'IncompleteSignature',
      'MissingAuthenticationToken',
      'AuthFailure',
    ],
    class: 'denied',
    reason: 'CredentialsMissing',
    say: ({ code, region }) =>
      `AWS does not accept the credentials (${code}). Check the access key and secret, and that ${region} is enabled in the account.`,
  },
  {
    of: 'any',
    codes: [
      'OptInRequired',
      'RegionDisabledException',
      'NotSignedUp',
      'AccountProblem',
      'SubscriptionRequiredException',
    ],
    class: 'denied',
    reason: 'AccessDenied',
    say: ({ service, region, text }) =>
      `This account may not use ${service.toUpperCase()} in ${region} (${text}). Enable the region or the service in the AWS console.`,
  },
  {
    of: 'any',
    codes: ['RequestTimeTooSkewed'],
    class: 'denied',
    reason: 'CredentialsMissing',
    say: () => 'The clock of this machine is wrong by more than AWS accepts. Set it right.',
  },
  {
    of: 'any',
    codes: ['CredentialsProviderError', 'TokenProviderError'],
    text: /SSO|expired|refresh/i,
    class: 'denied',
    reason: 'CredentialsMissing',
    say: ({ text }) => `The AWS session cannot be used: ${text}. Sign in again, for example with aws sso login.`,
  },
  {
    of: 'any',
    codes: ['CredentialsProviderError', 'TokenProviderError'],
    class: 'denied',
    reason: 'CredentialsMissing',
    say: noCredentials,
  },
  {
    of: 'any',
    codes: [
      'Throttling',
      'ThrottlingException',
      'ThrottledException',
      'RequestThrottled',
      'RequestThrottledException',
      'RequestLimitExceeded',
      'BandwidthLimitExceeded',
      'TooManyRequestsException',
      'SlowDown',
      'Http429',
    ],
    class: 'throttled',
    reason: 'Throttled',
    say: ({ action }) => `AWS limits the rate of ${action}. It is tried again.`,
  },
  {
    of: 'any',
    codes: [
      'InternalFailure',
      'InternalError',
      'InternalServerError',
      'ServiceUnavailable',
      'ServiceUnavailableException',
    ],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: again,
  },
  {
    of: 'any',
    codes: ['NotImplemented', 'NotImplementedException'],
    class: 'invalid',
    reason: 'InvalidSpec',
    say: ({ endpoint, action }) => `${endpoint} does not implement ${action}.`,
  },
  {
    of: 'any',
    codes: ['ECONNREFUSED'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ endpoint, ownEndpoint }) =>
      `Cannot reach ${endpoint} (connection refused): ${
        ownEndpoint
          ? 'is the sandbox running? Start it, or unset AWS_ENDPOINT_URL'
          : 'check network, proxy and firewall'
      }.`,
  },
  {
    of: 'any',
    codes: ['ENOTFOUND', 'EAI_AGAIN'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ endpoint, region }) =>
      `Cannot find ${endpoint} in DNS: check the network, and that ${region} is a region of AWS.`,
  },
  {
    of: 'any',
    codes: ['TimeoutError', 'ETIMEDOUT', 'ESOCKETTIMEDOUT', 'AbortError'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ endpoint, action, about }) =>
      `${capital(endpoint)} did not answer ${action}${about} in time. It is tried again.`,
  },
  {
    of: 'any',
    codes: ['ECONNRESET', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNABORTED'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ endpoint, action, code }) =>
      `The connection to ${endpoint} broke during ${action} (${code}). It is tried again.`,
  },
  {
    of: 'any',
    codes: [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'CERT_HAS_EXPIRED',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ endpoint, code }) =>
      `The certificate of ${endpoint} is not trusted (${code}). Behind a proxy that opens TLS, set NODE_EXTRA_CA_CERTS.`,
  },
  {
    of: 'any',
    codes: ['UnreadableAnswer'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ endpoint, action }) =>
      `${capital(endpoint)} answered ${action} with something that is not AWS's: is a proxy in between?`,
  },
];

/**
 * What every AWS, network and credentials error means, first match first: services before what all share, rows with
 * `text` before the same code without. A code that is not here is judged by its HTTP status.
 */
export const ERROR_TABLE: readonly ErrorRow[] = [
  ...AMONG_SES,
  ...AMONG_IAM,
  ...AMONG_LAMBDA,
  ...AMONG_S3,
  ...AMONG_ALL,
];

function noCredentials({ profile, ownEndpoint }: AwsError): string {
  const remedy =
    profile === undefined
      ? 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the workload an IAM role'
      : `the profile "${profile}" gives none. Check ~/.aws/config and ~/.aws/credentials, or name another profile`;
  return `No AWS credentials found: ${remedy}.${ownEndpoint ? ' Any value will do for the sandbox.' : ''}`;
}

function capital(text: string): string {
  return text.startsWith('http') ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
