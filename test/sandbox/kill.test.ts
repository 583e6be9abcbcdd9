import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BUCKET } from './mail-fixture.ts';
import { clientsOf, startProgram, storeEveryMail, type SandboxProgram } from './support/program.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const ROUNDS = 5;
const SENDERS = 4;

async function start(dataDir: string): Promise<SandboxProgram> {
  const program = await startProgram('--data-dir', dataDir);
  onTestFinished(() => void program.child.kill('SIGKILL'));
  return program;
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
async function loadAndKill(program: SandboxProgram, acknowledged: Acknowledged, yesses: number): Promise<void> {
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
async function settle({ url }: SandboxProgram): Promise<void> {
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
    let program = await start(dataDir);
    await storeEveryMail(program);
    for (let round = 0; round < ROUNDS; round += 1) {
      await loadAndKill(program, acknowledged, randomInt(1, 60));
      program = await start(dataDir);
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
