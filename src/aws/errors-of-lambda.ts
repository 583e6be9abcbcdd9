import { again, refused, reread, type ErrorRow } from './error-row.ts';

/** Errors of Lambda: one code stands for a dozen mistakes, and the message tells them apart. */
export const LAMBDA_ERRORS: readonly ErrorRow[] = [
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /cannot be assumed by Lambda/i,
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about }) =>
      `Lambda cannot yet assume the role${about}. A new role takes seconds, at times up to 15 minutes, to be ` +
      'seen; if this ' +
      'stays, its trust policy must admit lambda.amazonaws.com.',
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /execution role does not have permissions/i,
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `The role lacks a permission that ${fieldWithRight(text)} needs${about} (${text}). A new policy takes a moment ` +
      'to be seen; if this stays, look for a permissions boundary or another policy that forbids it; a role of ' +
      'spec.role.existingArn must be given it by hand.',
  },
  // Who asks has to have the right to the key, as well as the role: that is not a matter of time.
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException', 'AccessDeniedException'],
    text: /KMS Exception: AccessDenied/,
    class: 'denied',
    reason: 'AccessDenied',
    say: ({ text }) =>
      `spec.function.kmsKeyArn: these credentials may not use the KMS key (${text}). Allow them kms:CreateGrant, ` +
      'kms:Encrypt and kms:Decrypt on it, in their policy (iam-policy -f prints it) and in that of the key.',
  },
  {
    of: 'lambda',
    codes: ['AccessDeniedException'],
    text: /denied by EC2.* request credentials/i,
    class: 'denied',
    reason: 'AccessDenied',
    say: ({ text }) =>
      `spec.function.vpc: these credentials may not ec2:${tried(text)}. Allow them ec2:DescribeSecurityGroups, ` +
      'ec2:DescribeSubnets and ec2:DescribeVpcs on * (iam-policy -f prints the policy).',
  },
  {
    of: 'lambda',
    codes: ['AccessDeniedException'],
    text: /denied by S3.* request credentials/i,
    class: 'denied',
    reason: 'AccessDenied',
    say: ({ text }) =>
      `spec.function.code.s3: these credentials may not s3:${tried(text)} on ${triedOn(text)}. Allow it in their policy ` +
      '(iam-policy -f prints it), or in that of the bucket where it is of another account.',
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /CreateGrant/,
    class: 'propagating',
    reason: 'WaitingForPropagation',
    say: ({ about, text }) =>
      `Lambda cannot yet use the KMS key${about} (${text}). A new role takes a moment to be seen; if this stays, ` +
      'check the ' +
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
      `Lambda cannot find the code in S3${about} (${text}). Upload it, or correct spec.function.code.s3.`,
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
    text: /Source image .* does not exist/i,
    class: 'dependency',
    reason: 'DependencyNotReady',
    say: ({ about, text }) =>
      `Lambda cannot find the image in ECR${about} (${text}). Push it, or correct spec.function.code.imageUri.`,
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException', 'AccessDeniedException'],
    text: /permission to access the ECR image|Source image .* is not valid/i,
    class: 'denied',
    reason: 'AccessDenied',
    say: ({ about, text }) =>
      `Lambda may not pull the image${about} (${text}). Admit lambda.amazonaws.com to ecr:BatchGetImage and ` +
      'ecr:GetDownloadUrlForLayer in the policy of the repository, and allow both to these credentials (iam-policy -f ' +
      'prints the policy); a repository of another account must admit that account too.',
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /image manifest|media type/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: ({ about, text }) =>
      `Lambda cannot run the image${about} (${text}). Build it for one platform, that of spec.function.architecture, ` +
      'and without attestations (docker build --platform linux/amd64 --provenance=false).',
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /runtime parameter|'runtime'|no longer supported/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Choose a runtime that Lambda still supports in spec.function.runtime.'),
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /layer/i,
    class: 'invalid',
    reason: 'InvalidSpec',
    say: refused('Correct spec.function.layers.'),
  },
  {
    of: 'lambda',
    codes: ['InvalidParameterValueException'],
    text: /UnreservedConcurrentExecution/i,
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: refused('Lower spec.function.reservedConcurrency, or have the concurrency of the account raised.'),
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
    say: refused('Correct spec.function.'),
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
      `The code is too large for a direct upload${about} (about 50 MB with its encoding). Use spec.function.code.s3.`,
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
    codes: ['AccessDeniedException'],
    text: /lambda:GetLayerVersion/,
    class: 'denied',
    reason: 'AccessDenied',
    say: ({ text }) =>
      `spec.function.layers: these credentials may not use ${layerIn(text)}. Allow them lambda:GetLayerVersion on it, ` +
      'and where the layer is of another account, have its owner share it with AddLayerVersionPermission.',
  },
  {
    of: 'lambda',
    codes: ['CodeStorageExceededException'],
    class: 'invalid',
    reason: 'QuotaExceeded',
    say: ({ text }) =>
      `The code storage of Lambda in this region is used up (${text}). Delete old functions and versions, or have ` +
      'it raised.',
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

/** Lambda names the call that it tried with the role; the first part of the manifest that leads to such a call. */
const FIELDS_WITH_RIGHTS: readonly (readonly [call: RegExp, field: string])[] = [
  [/ on EC2\b/i, 'spec.function.vpc'],
  [/ on X-?RAY\b/i, 'spec.function.tracing'],
  [/ on (SQS|SNS)\b/i, 'spec.function.deadLetterArn'],
  [/ on arn:/i, 'spec.function.async'],
];

const fieldWithRight = (text: string): string => FIELDS_WITH_RIGHTS.find(([call]) => call.test(text))?.[1] ?? 'Lambda';

/** What Lambda did in the name of whoever asked, and on what: `… have permission to GetObject for bucket/key. S3 Error …` */
const TRIED = /have permission to (\w+)(?: for (\S+?)\.? )?/;
const tried = (text: string): string => TRIED.exec(text)?.[1] ?? 'do what it takes';
const triedOn = (text: string): string => TRIED.exec(text)?.[2] ?? 'the object';

const layerIn = (text: string): string => /arn:[^:\s]+:lambda:[^\s]+:layer:[\w-]+(:\d+)?/.exec(text)?.[0] ?? 'a layer';
