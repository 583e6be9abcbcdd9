import { again, capital, refused, reread, type ErrorRow } from './error-row.ts';

/** Errors of S3, and the bare statuses with which it answers HeadBucket. */
export const S3_ERRORS: readonly ErrorRow[] = [
  {
    of: 's3',
    codes: ['BucketAlreadyExists'],
    class: 'conflict',
    reason: 'BucketNameTaken',
    say: ({ resource }) =>
      `The name of ${resource ?? 'the bucket'} is taken by another AWS account. Choose another logicalName or ` +
      'bucketName ' +
      'in spec.messageBodyStorage.',
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
      `S3 does not delete ${resource ?? 'the bucket'} while it holds objects, versions or delete markers. Empty ` +
      'it, or set ' +
      'spec.messageBodyStorage.deletionPolicy.',
  },
  {
    of: 's3',
    codes: ['OperationAborted'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ about }) => `S3 is still busy with another change${about}, or with its deletion.`,
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
      `S3 does not know a principal of the bucket policy${about} (${text}). A new role takes a moment to be seen; ` +
      'if this ' +
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
    say: refused('Correct spec.messageBodyStorage.'),
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
      `${capital(resource ?? 'the bucket')} is in ${bucketRegion ?? 'another region'}, not in ${region}. Correct ` +
      'spec.region, or ' +
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
      `S3 rejects ${action}${about} as malformed: the credentials have expired, or ${region} is not enabled in ` +
      'the account. ' +
      'Renew them, or enable the region.',
  },
];
