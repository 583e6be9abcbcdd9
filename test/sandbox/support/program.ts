import { S3Client } from '@aws-sdk/client-s3';
import { SESClient, type ReceiptRule } from '@aws-sdk/client-ses';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { activateRules, BUCKET, createMailBucket, REGION } from '../mail-fixture.ts';

const BIN = new URL('../../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;

/** `ses-lambda-pipeline sandbox` in a process of its own, on free ports. Whoever starts it ends it. */
export type SandboxProgram = {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  readonly url: string;
  readonly smtpPort: number;
};

/** Resolves when it says that it is ready. */
export async function startProgram(...args: readonly string[]): Promise<SandboxProgram> {
  const all = [BIN, 'sandbox', '--port', '0', '--smtp-port', '0', ...args];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    const url = /AWS +(\S+)/.exec(said)?.[1];
    const smtpPort = /SMTP +\S+:(\d+)/.exec(said)?.[1];
    if (url !== undefined && smtpPort !== undefined) return { child, url, smtpPort: Number(smtpPort) };
  }
  throw new Error(`The sandbox ended before it was ready: ${said}`);
}

/** Clients that try once. */
export function clientsOf({ url: endpoint }: SandboxProgram) {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const config = { region: REGION, endpoint, credentials, maxAttempts: 1 };
  return { s3: new S3Client({ ...config, forcePathStyle: true }), ses: new SESClient(config) };
}

/** Every mail is stored under `in/`. */
export async function storeEveryMail(program: SandboxProgram): Promise<void> {
  const rule: ReceiptRule = { Name: 'all', Actions: [{ S3Action: { BucketName: BUCKET, ObjectKeyPrefix: 'in' } }] };
  const clients = clientsOf(program);
  await createMailBucket(clients);
  await activateRules(clients, [rule]);
}
