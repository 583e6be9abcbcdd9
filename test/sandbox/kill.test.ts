import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SESClient } from '@aws-sdk/client-ses';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { describe, expect, onTestFinished, test } from 'vitest';
import { activateRules, BUCKET, createMailBucket, REGION } from './mail-fixture.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const BIN = new URL('../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;
const ROUNDS = 5;
const SENDERS = 4;

type Program = { readonly child: ChildProcess; readonly url: string; readonly smtpPort: number };

async function startProgram(dataDir: string): Promise<Program> {
  const args = [BIN, 'sandbox', '--port', '0', '--smtp-port', '0', '--data-dir', dataDir];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const url = /AWS +(\S+)/.exec(said)?.[1];
    const smtpPort = /SMTP +\S+:(\d+)/.exec(said)?.[1];
    if (url !== undefined && smtpPort !== undefined) return { child, url, smtpPort: Number(smtpPort) };
  }
  throw new Error(`The sandbox ended before it was ready: ${said}`);
}

function clientsOf({ url: endpoint }: Program) {
  const config = {
    region: REGION,
    endpoint,
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 's' },
    maxAttempts: 1,
  };
  return { s3: new S3Client({ ...config, forcePathStyle: true }), ses: new SESClient(config) };
}

/** A body that shows by itself whether it is whole. */
function checkedBody(): string {
  const content = 'x'.repeat(randomInt(1, 60_000));
  return `${createHash('sha256').update(content).digest('hex')} ${content}`;
}

function isWhole(body: string): boolean {
  const [sum, content = ''] = body.split(' ');
  return createHash('sha256').update(content).digest('hex') === sum;
}

/** What the sandbox has said yes to: message ids and keys. */
type Acknowledged = { readonly mails: string[]; readonly objects: Map<string, string> };

/** Sends mails and puts objects until the sandbox has said yes that often; then kills it in the midst of the others. */
async function loadAndKill(program: Program, acknowledged: Acknowledged, yesses: number): Promise<void> {
  const { s3 } = clientsOf(program);
  let left = yesses;
  const killed = once(program.child, 'exit');
  const countDown = (): void => {
    left -= 1;
    if (left === 0) program.child.kill('SIGKILL');
  };
  const sendMails = async (): Promise<void> => {
    const transport = createTransport({ host: '127.0.0.1', port: program.smtpPort, ignoreTLS: true, pool: true });
    try {
      for (;;) {
        const raw = `Subject: load\r\n\r\n${checkedBody()}\r\n`;
        const { response } = await transport.sendMail({ envelope: { from: 'a@x.test', to: ['b@y.test'] }, raw });
        acknowledged.mails.push(response.slice('250 OK '.length));
        countDown();
      }
    } finally {
      transport.close();
    }
  };
  const putObjects = async (): Promise<void> => {
    for (;;) {
      const Key = `put/${acknowledged.objects.size}-${randomInt(2 ** 40)}`;
      const Body = checkedBody();
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
      acknowledged.objects.set(Key, Body);
      countDown();
    }
  };
  const load = [...Array.from({ length: SENDERS }, sendMails), ...Array.from({ length: SENDERS }, putObjects)];
  // Each goes on until nobody answers any more.
  await Promise.all([killed, ...load.map((each) => each.catch(() => undefined))]);
}

type Mail = { readonly state: string };

/** Waits until no mail is in work. */
async function settle({ url }: Program): Promise<void> {
  const open = async () => {
    const { mails } = (await (await fetch(`${url}/_sandbox/mails`)).json()) as { mails: readonly Mail[] };
    return mails.filter(({ state }) => state !== 'done');
  };
  await expect.poll(open, { timeout: 20_000 }).toEqual([]);
}

describe('a sandbox that is killed under load', () => {
  test('has everything it said yes to, and nothing by halves', { timeout: 120_000 }, async () => {
    const dataDir = join(temporaryFolder(), 'data');
    const acknowledged: Acknowledged = { mails: [], objects: new Map() };
    let program = await startProgram(dataDir);
    {
      const clients = clientsOf(program) as unknown as Parameters<typeof createMailBucket>[0];
      await createMailBucket(clients);
      await activateRules(clients, [
        { Name: 'all', Actions: [{ S3Action: { BucketName: BUCKET, ObjectKeyPrefix: 'in' } }] },
      ]);
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      await loadAndKill(program, acknowledged, randomInt(1, 60));
      program = await startProgram(dataDir);
      await settle(program);

      const { s3 } = clientsOf(program);
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
      const keys = Contents.flatMap(({ Key }) => Key ?? []).filter((key) => !key.includes('AMAZON_SES'));
      expect(keys).toEqual(expect.arrayContaining(acknowledged.mails.map((id) => `in/${id}`)));
      expect(keys).toEqual(expect.arrayContaining([...acknowledged.objects.keys()]));
      for (const Key of keys) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
        const text = (await Body?.transformToString()) ?? '';
        const body = Key.startsWith('in/') ? (text.split('\r\n\r\n')[1] ?? '').trimEnd() : text;
        expect({ Key, whole: isWhole(body) }).toEqual({ Key, whole: true });
      }
    }
    expect(acknowledged.mails.length + acknowledged.objects.size).toBeGreaterThan(0);
  });
});
