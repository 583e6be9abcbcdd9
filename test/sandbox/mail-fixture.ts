import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  type ReceiptRule,
} from '@aws-sdk/client-ses';
import { strToU8, zipSync } from 'fflate';
import { createTransport } from 'nodemailer';
import type { Clock } from '../../src/sandbox/service.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';

export const REGION = 'us-west-2';
export const ACCOUNT = '123456789012';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/handler`;
export const BUCKET = 'mail-bodies';
export const SET = 'inbound';

export type Fixture = Awaited<ReturnType<typeof startFixture>>;

/** A sandbox on free ports with the real AWS clients on it. `await using` stops it. */
export async function startFixture(options: SandboxOptions = {}) {
  const sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0, ...options });
  const config = {
    region: REGION,
    endpoint: sandbox.url,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
  };
  const clients = {
    s3: new S3Client({ ...config, forcePathStyle: true }),
    iam: new IAMClient(config),
    lambda: new LambdaClient(config),
    ses: new SESClient(config),
  };
  return {
    sandbox,
    ...clients,
    clientFor: (region: string) => new SESClient({ ...config, region }),
    send: (mail: OutgoingMail) => sendMail(sandbox, mail),
    [Symbol.asyncDispose]: async () => {
      for (const client of Object.values(clients)) client.destroy();
      await sandbox.stop();
    },
  };
}

/** A sandbox that stores every mail under its id. */
export async function startStoring(): Promise<Fixture> {
  const world = await startFixture();
  await createMailBucket(world);
  await activateRules(world, [{ Name: 'all', Actions: [{ S3Action: { BucketName: BUCKET } }] }]);
  return world;
}

export type OutgoingMail = { readonly from?: string; readonly to: readonly string[]; readonly raw?: string | Buffer };

/** Sends over SMTP; rejects as nodemailer does when a recipient or the message is refused. */
async function sendMail(sandbox: Sandbox, { from = 'sender@elsewhere.test', to, raw }: OutgoingMail) {
  const transport = createTransport({ host: '127.0.0.1', port: sandbox.smtpPort, ignoreTLS: true });
  try {
    return await transport.sendMail({ envelope: { from, to: [...to] }, raw: raw ?? message(from, to) });
  } finally {
    transport.close();
  }
}

export function message(from: string, to: readonly string[], subject = 'Hello'): string {
  return [`From: ${from}`, `To: ${to.join(', ')}`, `Subject: ${subject}`, '', 'Body', ''].join('\r\n');
}

/** A bucket that SES may write to for any rule of the account. */
export async function createMailBucket({ s3 }: Pick<Fixture, 's3'>, bucket = BUCKET): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: sesMayPut(bucket) }));
}

export function sesMayPut(bucket: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AllowSes',
        Effect: 'Allow',
        Principal: { Service: 'ses.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${bucket}/*`,
        Condition: {
          StringEquals: { 'AWS:SourceAccount': ACCOUNT },
          ArnLike: { 'AWS:SourceArn': `arn:aws:ses:${REGION}:${ACCOUNT}:receipt-rule-set/${SET}:receipt-rule/*` },
        },
      },
    ],
  });
}

/** The role of every function here; it may read the mail bucket. */
export async function createRole({ iam }: Fixture, service = 'lambda.amazonaws.com'): Promise<void> {
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  };
  await iam.send(new CreateRoleCommand({ RoleName: 'handler', AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${BUCKET}/*` }],
  };
  await iam.send(
    new PutRolePolicyCommand({ RoleName: 'handler', PolicyName: 'read', PolicyDocument: JSON.stringify(policy) }),
  );
}

export function zipOf(files: Readonly<Record<string, string>>): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));
}

/** A function of one file, `index.mjs` unless the settings say otherwise; invokable by SES for any rule of the account. */
export async function createFunction(
  { lambda }: Fixture,
  name: string,
  code: string | Readonly<Record<string, string>>,
  settings: Partial<CreateFunctionCommandInput> = {},
): Promise<string> {
  const files = typeof code === 'string' ? { 'index.mjs': code } : code;
  const { FunctionArn = '' } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: ROLE,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 20,
      Code: { ZipFile: zipOf(files) },
      ...settings,
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10, minDelay: 0.05 }, { FunctionName: name });
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: 'ses',
      Action: 'lambda:InvokeFunction',
      Principal: 'ses.amazonaws.com',
      SourceAccount: ACCOUNT,
    }),
  );
  return FunctionArn;
}

/** An active rule set with these rules, in this order; enabled unless a rule says otherwise. */
export async function activateRules({ ses }: Pick<Fixture, 'ses'>, rules: readonly ReceiptRule[]): Promise<void> {
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: SET }));
  let After: string | undefined;
  for (const rule of rules) {
    await ses.send(new CreateReceiptRuleCommand({ RuleSetName: SET, Rule: { Enabled: true, ...rule }, After }));
    After = rule.Name;
  }
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: SET }));
}

/** A clock that stands still until told: `advance` wakes whatever is due. */
export function manualClock(startMs = Date.UTC(2026, 0, 1)): Clock & { readonly advance: (ms: number) => void } {
  const sleepers = new Set<{ readonly dueAt: number; readonly wake: () => void }>();
  let now = startMs;
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          dueAt: now + ms,
          wake: () => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        if (signal?.aborted === true) resolve();
        else sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake);
      }),
    advance: (ms) => {
      now += ms;
      for (const sleeper of sleepers) if (sleeper.dueAt <= now) sleeper.wake();
    },
  };
}
