import { readFileSync } from 'node:fs';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SESClient } from '@aws-sdk/client-ses';
import { STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { NodeHttpHandler } from '@smithy/node-http-handler';

type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** Asked again when what it gave is about to expire. */
export type CredentialProvider = Extract<NonNullable<STSClientConfig['credentials']>, (...args: never) => unknown>;

export type ClientOptions = {
  readonly region: string;
  /** Default: `AWS_ENDPOINT_URL`, else AWS itself. */
  readonly endpointUrl?: string;
  /** Profile of the shared AWS configuration; default: the SDK's own chain. */
  readonly profile?: string;
  readonly credentials?: Credentials;
  /** Makes the credentials of all clients out of a client that has those above, such as by assuming a role. */
  readonly credentialsFrom?: (sts: STSClient) => CredentialProvider;
  /** Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Default 30 s, for each attempt. */
  readonly requestTimeoutMs?: number;
};

export type AwsClients = {
  readonly s3: S3Client;
  readonly iam: IAMClient;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly ses: SESClient;
  readonly sts: STSClient;
  /** Closes every connection; calls under way fail. */
  readonly destroy: () => void;
};

const CONNECT_TIMEOUT_MS = 5_000;
export const REQUEST_TIMEOUT_MS = 30_000;

/**
 * One client a service. Every attempt has a deadline, which the SDK lacks by default; S3, IAM, Lambda, CloudWatch Logs and
 * STS are tried three times. SES is tried once: the lane repeats what was throttled, at a pace that the SDK does not know.
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function awsClients(options: ClientOptions): AwsClients {
  const requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    socketTimeout: requestTimeoutMs, // requestTimeout ends with the headers: this one watches the body
  });
  const own = {
    region: options.region,
    requestHandler,
    retryMode: 'standard',
    maxAttempts: 3,
    customUserAgent: [['ses-lambda-pipeline', version()]] satisfies [string, string][],
    ...(options.endpointUrl !== undefined && { endpoint: options.endpointUrl }),
    ...(options.profile !== undefined && { profile: options.profile }),
    ...(options.credentials !== undefined && { credentials: options.credentials }),
  };
  const { credentialsFrom } = options;
  const sts = new STSClient({
    ...own,
    ...(credentialsFrom !== undefined && { credentials: credentialsFrom(new STSClient(own)) }),
  });
  // Those of one client, which remembers them: otherwise each service would assume the role for itself.
  const shared = { ...own, ...(credentialsFrom !== undefined && { credentials: sts.config.credentials }) };
  const s3 = new S3Client({
    ...shared,
    forcePathStyle: (endpointOf(options) ?? process.env['AWS_ENDPOINT_URL_S3']) !== undefined,
  });
  const iam = new IAMClient(shared);
  const lambda = new LambdaClient(shared);
  const ses = new SESClient({ ...shared, maxAttempts: 1 });
  const logs = new CloudWatchLogsClient(shared);
  neverRetryQuotas(iam);
  neverRetryQuotas(logs);
  return { s3, iam, lambda, logs, ses, sts, destroy: () => requestHandler.destroy() };
}

/** The endpoint in use when it is not AWS itself. The SDK reads the variable too; messages and path style need it. */
export function endpointOf({ endpointUrl }: Pick<ClientOptions, 'endpointUrl'>): string | undefined {
  return endpointUrl ?? (process.env['AWS_ENDPOINT_URL'] || undefined);
}

/** IAM and CloudWatch Logs call a full account `LimitExceeded`, a name on the SDK's list of throttles: it would be tried three times. */
function neverRetryQuotas(client: IAMClient | CloudWatchLogsClient): void {
  const original = client.config.retryStrategy;
  client.config.retryStrategy = async () => {
    const strategy = await original();
    if (!('refreshRetryTokenForRetry' in strategy)) return strategy;
    return {
      acquireInitialRetryToken: (scope) => strategy.acquireInitialRetryToken(scope),
      refreshRetryTokenForRetry: async (token, info) => {
        const { error } = info as { readonly error?: unknown };
        if (error instanceof Error && error.name.startsWith('LimitExceeded')) throw error;
        return strategy.refreshRetryTokenForRetry(token, info);
      },
      recordSuccess: (token) => strategy.recordSuccess(token),
    };
  };
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
