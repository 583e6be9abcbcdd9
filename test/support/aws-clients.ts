import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SESClient } from '@aws-sdk/client-ses';

/** Real SDK clients of somebody else in the same account. */
export type Foreign = {
  readonly s3: S3Client;
  readonly iam: IAMClient;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly ses: SESClient;
  readonly destroy: () => void;
};

export function foreignClients(endpoint: string, region: string): Foreign {
  const options = {
    endpoint,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: 'AKIAFOREIGN', secretAccessKey: 'secret' },
  };
  const clients = {
    s3: new S3Client({ ...options, forcePathStyle: true }),
    iam: new IAMClient(options),
    lambda: new LambdaClient(options),
    logs: new CloudWatchLogsClient(options),
    ses: new SESClient(options),
  };
  return { ...clients, destroy: () => Object.values(clients).forEach((client) => client.destroy()) };
}
