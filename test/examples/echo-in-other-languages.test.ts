import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../sandbox/support/temporary-folder.ts';
import { EXAMPLES } from './example-names.ts';
import { startExample } from './example.ts';

const succeeds = (cwd: string, command: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { cwd, stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
};

const MAIL = {
  from: 'Zoë <zoe@elsewhere.test>',
  subject: 'Grüße',
  text: 'Hello',
  attachments: [{ filename: 'a.bin', content: Buffer.alloc(1000) }],
};

describe.skipIf(!succeeds('.', 'python3', '--version'))('the example python-echo', () => {
  test('logs a mail, and something about its body', async () => {
    const { send, lastId, world } = await startExample('python-echo');

    await send({ ...MAIL, to: 'python@example.com' });

    expect(await world.log()).toEqual([
      { level: 'info', msg: 'SES Event', MessageID: lastId(), Subject: 'Grüße', RequestID: expect.any(String) },
      expect.objectContaining({ level: 'info', msg: 'SES MessageBody' }),
    ]);
  });

  test.skipIf(!succeeds('.', 'python3', '-c', 'import boto3'))('reads the metadata of the body by boto3', async () => {
    const { send, lastId, head, world } = await startExample('python-echo');

    await send({ ...MAIL, to: 'python@example.com' });

    const { ContentLength, ETag } = await head(lastId());
    expect((await world.log()).at(-1)).toMatchObject({ Metadata: { ContentLength, ETag }, Error: null });
  });
});

const GO = join(EXAMPLES, 'go-echo');

// The first build on a machine asks the module proxy for aws-lambda-go.
describe.skipIf(!succeeds(GO, 'go', 'mod', 'download'))('the example go-echo', () => {
  test('logs a mail and where its body is stored', { timeout: 180_000 }, async () => {
    const folder = temporaryFolder();
    cpSync(GO, folder, { recursive: true });
    execFileSync('go', ['build', '-tags', 'lambda.norpc', '-o', 'build/bootstrap', '.'], { cwd: folder });
    const { send, lastId, world } = await startExample('go-echo', folder);

    await send({ ...MAIL, to: 'go@example.com' });

    const { name } = await world.bucket();
    expect(await world.log()).toEqual([
      {
        time: expect.any(String),
        level: 'INFO',
        msg: 'SES Event',
        MessageID: lastId(),
        Subject: 'Grüße',
        Bodies: [`s3://${name}/${lastId()}`],
      },
    ]);
  });
});
