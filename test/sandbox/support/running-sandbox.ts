import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SESClient } from '@aws-sdk/client-ses';
import { STSClient } from '@aws-sdk/client-sts';
import { onTestFinished } from 'vitest';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../../src/sandbox/sandbox.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'us-west-2' as const;

export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** A sandbox on free ports that ends with the test. */
export async function runningSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, smtpPort: 0, ...options });
  onTestFinished(() => sandbox.stop());
  return sandbox;
}

const ROOT: Credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

type ClientOptions = { readonly region?: string; readonly credentials?: Credentials };

/** Real SDK clients that try once: a test wants to see the first answer. */
export function clientsOf(sandbox: Pick<Sandbox, 'url'>, { region = REGION, credentials = ROOT }: ClientOptions = {}) {
  const options = { endpoint: sandbox.url, region, credentials, maxAttempts: 1 };
  return {
    s3: new S3Client({ ...options, forcePathStyle: true }),
    iam: new IAMClient(options),
    sts: new STSClient(options),
    ses: new SESClient(options),
    lambda: new LambdaClient(options),
    logs: new CloudWatchLogsClient(options),
  };
}

/** What an SDK call was refused with; fails the test when it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
  throw new Error('The call was expected to be refused, and succeeded.');
}

export type Refusal = Error & {
  readonly $metadata: { readonly httpStatusCode?: number };
  readonly Code?: string;
};

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && '$metadata' in error;
}

/** `409 BucketNotEmpty`: status and code of a refusal, for one-line assertions. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  const { name, $metadata } = await refusalOf(call);
  return `${$metadata.httpStatusCode} ${name}`;
}

/** A trust policy for one AWS service. */
export function trustOf(service: string): string {
  return policyOf({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' });
}

/** A policy document of these statements. */
export function policyOf(...statements: readonly unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** A sandbox with a role that Lambda can assume; functions are ready at once. */
export async function functionWorld(options: SandboxOptions = {}) {
  const sandbox = await runningSandbox({ functionUpdateMs: 0, ...options });
  const clients = clientsOf(sandbox);
  const { Role } = await clients.iam.send(
    new CreateRoleCommand({ RoleName: 'runner', AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com') }),
  );
  return { sandbox, ...clients, Role: Role?.Arn ?? '' };
}
