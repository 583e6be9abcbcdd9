import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { CreateBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { clientsOf, REGION, runningSandbox } from './support/running-sandbox.ts';

const SIGNED = `AWS4-HMAC-SHA256 Credential=any/20260101/${REGION}/s3/aws4_request, SignedHeaders=host, Signature=0`;

async function connectionTo({ port }: Sandbox): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // being cut off is what these tests are about
  await once(socket, 'connect');
  return socket;
}

/** Everything the sandbox says before it closes. */
async function lastWords(socket: Socket): Promise<string> {
  let words = '';
  socket.on('data', (chunk: Buffer) => (words += chunk.toString('latin1')));
  await new Promise((resolve) => socket.once('close', resolve)); // `once` of node:events would fail on a cut
  return words;
}

async function stillServes(sandbox: Sandbox): Promise<void> {
  await expect(clientsOf(sandbox).s3.send(new ListBucketsCommand({}))).resolves.toBeDefined();
}

describe('the port', () => {
  it.each([
    ['garbage', '\u0000\u0001\u0002 garbage\r\n\r\n'],
    ['the beginning of a TLS handshake', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['SMTP', 'EHLO example.com\r\n'],
    [
      '10,000 headers',
      `GET / HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 10_000 }, (_, n) => `x-${n}: y\r\n`).join('')}\r\n`,
    ],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a chunk of bad size', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ])('answers %s with a refusal and goes on', async (_what, sent) => {
    const sandbox = await runningSandbox();
    const socket = await connectionTo(sandbox);

    socket.write(sent, 'latin1');

    expect(await lastWords(socket)).toMatch(/^HTTP\/1\.1 4\d\d /);
    await stillServes(sandbox);
  });

  it('refuses 1 GB before it is sent, also to a client that does not ask first', async () => {
    const sandbox = await runningSandbox();
    const socket = await connectionTo(sandbox);
    const head = `PUT /bucket/key HTTP/1.1\r\nHost: x\r\nAuthorization: ${SIGNED}\r\nContent-Length: ${2 ** 30}\r\n\r\n`;

    socket.write(head);
    const words = await lastWords(socket);

    expect(words).toMatch(/^HTTP\/1\.1 413 /);
    expect(words).toContain('EntityTooLarge');
    await stillServes(sandbox);
  });

  it('lets go of a client that sends without end and never said how much', async () => {
    const sandbox = await runningSandbox();
    const socket = await connectionTo(sandbox);
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000, 'x'), Buffer.from('\r\n')]);
    let sentMb = 0;
    const sendOn = (): void => {
      if (!socket.writable) return;
      sentMb += 1;
      socket.write(chunk, sendOn);
    };

    socket.write(
      `PUT /bucket/key HTTP/1.1\r\nHost: x\r\nAuthorization: ${SIGNED}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    sendOn();
    const words = await lastWords(socket);

    expect(words === '' || words.startsWith('HTTP/1.1 413 ')).toBe(true); // a reset may overtake the answer
    expect(sentMb).toBeLessThan(1024);
    await stillServes(sandbox);
  });

  it('says so to a client that asks before it sends', async () => {
    const sandbox = await runningSandbox();
    const put = (length: number) =>
      request({
        port: sandbox.port,
        method: 'PUT',
        path: '/bucket/key',
        headers: { authorization: SIGNED, 'content-length': length, expect: '100-continue' },
      });

    const tooLarge = put(2 ** 30);
    tooLarge.flushHeaders();
    const [refused] = await once(tooLarge, 'response');
    tooLarge.destroy();
    const fine = put(4);
    fine.flushHeaders();
    await once(fine, 'continue');
    fine.end('mail');
    const [answered] = await once(fine, 'response');

    expect([refused.statusCode, answered.statusCode]).toEqual([413, 404]);
    answered.resume();
  });

  it('waits for a slow client without keeping others waiting', async () => {
    const sandbox = await runningSandbox();
    const slow = await connectionTo(sandbox);
    slow.write(`GET /bucket HTTP/1.1\r\nHost: x\r\nAuthor`);

    await stillServes(sandbox);
    slow.write(`ization: ${SIGNED}\r\nConnection: close\r\n\r\n`);

    expect(await lastWords(slow)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('serves 200 connections at once', async () => {
    const sandbox = await runningSandbox();
    const sockets = await Promise.all(Array.from({ length: 200 }, () => connectionTo(sandbox)));
    const answers = sockets.map(lastWords);

    for (const socket of sockets) {
      socket.write(`GET / HTTP/1.1\r\nHost: x\r\nAuthorization: ${SIGNED}\r\nConnection: close\r\n\r\n`);
    }

    expect((await Promise.all(answers)).filter((answer) => answer.startsWith('HTTP/1.1 200 '))).toHaveLength(200);
  });

  it('forgets what a client had sent that goes away', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox);
    const Bucket = 'mail-bodies';
    await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }));
    const socket = await connectionTo(sandbox);
    socket.write(
      `PUT /${Bucket}/half HTTP/1.1\r\nHost: x\r\nAuthorization: ${SIGNED}\r\nContent-Length: 100\r\n\r\nhalf`,
    );
    socket.destroy();

    await s3.send(new PutObjectCommand({ Bucket, Key: 'whole', Body: 'mail' }));

    expect(sandbox.s3.objects(Bucket).map(({ key }) => key)).toEqual(['whole']);
  });
});
