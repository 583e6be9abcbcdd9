import { again, capital, type AwsError, type ErrorRow } from './error-row.ts';
import { missingPermission } from './missing-permission.ts';

/** What every service may answer, and what happens on the way to it. */
export const SHARED_ERRORS: readonly ErrorRow[] = [
  // The token of a service account is exchanged on the way to whatever is asked first.
  // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors
  {
    of: 'any',
    codes: ['InvalidIdentityToken', 'IDPRejectedClaim'],
    class: 'denied',
    reason: 'CredentialsMissing',
    say: ({ text }) =>
      `AWS does not accept the token of the service account: ${text}. Its audience must be sts.amazonaws.com, and the ` +
      'account of the role needs an IAM OIDC provider for this cluster, with that audience.',
  },
  {
    of: 'any',
    codes: ['AccessDenied'],
    text: /sts:AssumeRoleWithWebIdentity/,
    class: 'denied',
    reason: 'AccessDenied',
    say: () =>
      'The service account may not assume its role: the trust policy of the role must allow it ' +
      "sts:AssumeRoleWithWebIdentity for this cluster's OIDC provider, with system:serviceaccount:<namespace>:<name> as " +
      'sub and sts.amazonaws.com as aud.',
  },
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
      `AWS does not accept the credentials (${code}). Check the access key and secret, and that ${region} is ` +
      'enabled in the account.',
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
      `This account may not use ${service.toUpperCase()} in ${region} (${text}). Enable the region or the service ` +
      'in the AWS console.',
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
    say: ({ action }) => `AWS limits the rate of ${action}.`,
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
          ? 'is the sandbox running? Start it, or check the address (--endpoint-url, AWS_ENDPOINT_URL)'
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
    say: ({ endpoint, action, about }) => `${capital(endpoint)} did not answer ${action}${about} in time.`,
  },
  {
    of: 'any',
    codes: ['ECONNRESET', 'EPIPE', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNABORTED'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ endpoint, action, code }) => `The connection to ${endpoint} broke during ${action} (${code}).`,
  },
  {
    of: 'any',
    codes: ['ERR_INVALID_URL'],
    class: 'denied',
    reason: 'AwsUnavailable',
    say: ({ endpoint }) =>
      `${endpoint} is not a URL: give --endpoint-url, or AWS_ENDPOINT_URL, one such as http://127.0.0.1:4566.`,
  },
  {
    of: 'any',
    codes: [
      'EPROTO',
      'ERR_SSL_WRONG_VERSION_NUMBER',
      'HPE_CR_EXPECTED',
      'HPE_INVALID_CONSTANT',
      'HPE_INVALID_HEADER_TOKEN',
      'HPE_INVALID_METHOD',
      'HPE_INVALID_STATUS',
      'HPE_INVALID_VERSION',
    ],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ endpoint }) =>
      `What listens at ${endpoint} does not speak ${endpoint.startsWith('https') ? 'HTTPS' : 'HTTP'}: check scheme and port.`,
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
      `The certificate of ${endpoint} is not trusted (${code}). Behind a proxy that opens TLS, set ` +
      'NODE_EXTRA_CA_CERTS.',
  },
  {
    of: 'any',
    codes: ['UnreadableAnswer'],
    class: 'transient',
    reason: 'AwsUnavailable',
    say: ({ endpoint, action, ownEndpoint }) =>
      `${capital(endpoint)} answered ${action} with something that is not AWS's: ` +
      (ownEndpoint ? 'is it the sandbox, and the right port?' : 'is a proxy in between?'),
  },
];

function noCredentials({ profile, ownEndpoint }: AwsError): string {
  const remedy =
    profile === undefined
      ? 'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the workload an IAM role'
      : `the profile "${profile}" gives none. Check ~/.aws/config and ~/.aws/credentials, or name another profile`;
  return `No AWS credentials found: ${remedy}.${ownEndpoint ? ' Any value will do for the sandbox.' : ''}`;
}
