import { connect } from 'node:net';
import { request } from 'node:http';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  CreateBucketCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CreateUserCommand } from '@aws-sdk/client-iam';
import { SendEmailCommand } from '@aws-sdk/client-ses';
import { ListLayersCommand } from '@aws-sdk/client-lambda';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { clientsOf, codeOf, REGION, refusalOf, runningSandbox } from './support/running-sandbox.ts';

const signedFor = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/us-west-2/${service}/aws4_request, SignedHeaders=host, Signature=0`;

describe('the HTTP port', () => {
  it('says that it is healthy', async () => {
    const { url } = await runningSandbox();

    const reply = await fetch(`${url}/_sandbox/health`);

    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({ status: 'ok' });
  });

  it('listens on loopback only', async () => {
    const { url } = await runningSandbox();

    expect(new URL(url).hostname).toBe('127.0.0.1');
  });

  it('gives every answer a request id', async () => {
    const { url } = await runningSandbox();

    const ids = await Promise.all(
      [1, 2].map(async () =>
        (await fetch(url, { headers: { authorization: signedFor('s3') } })).headers.get('x-amzn-requestid'),
      ),
    );

    expect(ids[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).toBe(2);
  });

  it('keeps a connection for the next request', async () => {
    const { port } = await runningSandbox();
    const socket = connect(port, '127.0.0.1');
    const ask = 'GET /_sandbox/health HTTP/1.1\r\nHost: localhost\r\n\r\n';

    socket.write(ask);
    const [first] = await once(socket, 'data');
    socket.write(ask);
    const [second] = await once(socket, 'data');
    socket.destroy();

    expect(String(first)).toContain('200 OK');
    expect(String(second)).toContain('200 OK');
  });

  it('names the port that is taken, and keeps the cause', async () => {
    const { port, smtpPort } = await runningSandbox();

    const http = await startSandbox({ port, smtpPort: 0 }).catch((error: unknown) => error as Error);
    const smtp = await startSandbox({ port: 0, smtpPort }).catch((error: unknown) => error as Error);

    expect(http).toMatchObject({ message: expect.stringContaining(String(port)), cause: { code: 'EADDRINUSE' } });
    expect(smtp).toMatchObject({ message: expect.stringContaining(String(smtpPort)), cause: { code: 'EADDRINUSE' } });
  });

  it('is free again after stop, which may be called twice', async () => {
    const first = await startSandbox({ port: 0, smtpPort: 0 });
    await Promise.all([first.stop(), first.stop()]);

    const second = await runningSandbox({ port: first.port, smtpPort: first.smtpPort });

    expect(second.port).toBe(first.port);
  });
});

describe('what is not there', () => {
  it.each([
    {
      service: 'iam',
      call: ({ iam }: Clients) => iam.send(new CreateUserCommand({ UserName: 'x' })),
      code: '501 NotImplemented',
    },
    {
      service: 'ses',
      call: ({ ses }: Clients) =>
        ses.send(
          new SendEmailCommand({ Source: 'a@b', Destination: {}, Message: { Subject: { Data: '' }, Body: {} } }),
        ),
      code: '501 NotImplemented',
    },
    {
      service: 'lambda',
      call: ({ lambda }: Clients) => lambda.send(new ListLayersCommand({})),
      code: '501 NotImplemented',
    },
  ])('is refused in the protocol of $service, with a hint', async ({ call, code }) => {
    const clients = clientsOf(await runningSandbox());

    expect(await codeOf(call(clients))).toBe(code);
    expect((await refusalOf(call(clients))).message).toContain('The sandbox does not implement');
  });

  it('is refused by name when the whole service is missing', async () => {
    const { url } = await runningSandbox();

    const reply = await fetch(url, {
      method: 'POST',
      headers: { authorization: signedFor('dynamodb'), 'x-amz-target': 'DynamoDB_20120810.ListTables' },
      body: '{}',
    });

    expect(reply.status).toBe(501);
    expect(reply.headers.get('x-amzn-errortype')).toBe('NotImplemented');
    expect(await reply.json()).toMatchObject({
      __type: 'NotImplemented',
      message: expect.stringContaining('does not implement dynamodb:ListTables'),
    });
  });

  it('is refused in JSON when it is one of the second version of SES, which signs like the first', async () => {
    const { url } = await runningSandbox();

    const headers = { authorization: signedFor('ses'), 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const reply = await fetch(`${url}/v2/email/identities`, { headers });

    expect(reply.headers.get('x-amzn-errortype')).toBe('NotImplemented');
    expect(await reply.json()).toMatchObject({
      message: expect.stringContaining('does not implement sesv2 (GET /v2/email/identities)'),
    });
  });
});

type Clients = ReturnType<typeof clientsOf>;

describe('who calls', () => {
  it('must sign', async () => {
    const { url } = await runningSandbox();

    const reply = await fetch(`${url}/bucket`);

    expect(reply.status).toBe(403);
    expect(reply.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationToken');
  });

  it('is refused with a session that was never issued', async () => {
    const sandbox = await runningSandbox();
    const { iam } = clientsOf(sandbox, {
      credentials: { accessKeyId: 'ASIANEVER', secretAccessKey: 's', sessionToken: 't' },
    });

    expect(await codeOf(iam.send(new CreateUserCommand({ UserName: 'x' })))).toBe('403 InvalidClientTokenId');
  });

  it('is told so in the protocol of the service', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox, {
      credentials: { accessKeyId: 'ASIANEVER', secretAccessKey: 's', sessionToken: 't' },
    });

    expect(await codeOf(s3.send(new ListBucketsCommand({})))).toBe('403 InvalidClientTokenId');
  });

  it.each([
    { name: 'header', path: 'bucket/key', headers: { authorization: 'AWS AKIATEST:c2lnbmF0dXJl' } },
    { name: 'address', path: 'bucket/key?AWSAccessKeyId=AKIATEST&Signature=x&Expires=1', headers: {} },
  ])('is told by S3 that Signature Version 2 has had its day: in a $name', async ({ path, headers }) => {
    const { url } = await runningSandbox();

    const reply = await fetch(`${url}/${path}`, { headers });

    expect(reply.status).toBe(400);
    expect(await reply.text()).toMatch(/<Code>InvalidRequest<\/Code>.*AWS4-HMAC-SHA256.*s3v4/);
  });

  it('may sign the address instead of a header', async () => {
    const { url } = await runningSandbox();
    const credential = encodeURIComponent('AKIATEST/20260101/us-west-2/s3/aws4_request');

    const reply = await fetch(
      `${url}/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Signature=0`,
    );

    expect(reply.status).toBe(200);
    expect(await reply.text()).toContain('ListAllMyBucketsResult');
  });
});

describe('a bucket in the host name', () => {
  it.each(['mail-bodies.localhost', 'mail-bodies.s3.us-west-2.amazonaws.com', 'mail-bodies.s3.localhost'])(
    'is found in %s',
    async (host) => {
      const sandbox = await runningSandbox();
      await clientsOf(sandbox).s3.send(new CreateBucketCommand({ Bucket: 'mail-bodies' }));

      const { status, region } = await headWithHost(sandbox, host);

      expect(status).toBe(200);
      expect(region).toBe(REGION);
    },
  );

  it('is not needed: an SDK without path style falls back to it on an address', async () => {
    const sandbox = await runningSandbox();
    const s3 = new S3Client({
      endpoint: sandbox.url,
      region: REGION,
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 's' },
    });
    await s3.send(new CreateBucketCommand({ Bucket: 'mail-bodies' }));

    const { BucketRegion } = await s3.send(new HeadBucketCommand({ Bucket: 'mail-bodies' }));

    expect(BucketRegion).toBe(REGION);
  });
});

function headWithHost({ port }: Sandbox, host: string): Promise<{ status: number | undefined; region: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: signedFor('s3') };
    request({ port, host: '127.0.0.1', method: 'HEAD', path: '/', headers }, (reply) => {
      reply.resume();
      resolve({ status: reply.statusCode, region: reply.headers['x-amz-bucket-region'] });
    })
      .on('error', reject)
      .end();
  });
}

describe('garbage', () => {
  it.each([
    { name: 'no HTTP at all', bytes: '\u0000\u0001\u0002 hello\r\n\r\n' },
    {
      name: 'a broken percent-encoding',
      bytes: `GET /%zz/%ff HTTP/1.1\r\nHost: x\r\nAuthorization: ${signedFor('s3')}\r\nConnection: close\r\n\r\n`,
    },
    { name: 'a query body that contradicts itself', bytes: post('iam', 'Action=GetRole&RoleName=a&RoleName.b=c') },
    { name: 'a query body nested without end', bytes: post('ses', `Action=CreateReceiptRule&${'a.'.repeat(5000)}=1`) },
    { name: 'prototype names', bytes: post('iam', 'Action=constructor&__proto__.x=1') },
    { name: 'XML that is not', bytes: put('/bucket?tagging', '<Tagging><TagSet>') },
    {
      name: 'an entity bomb',
      bytes: put(
        '/bucket',
        '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><CreateBucketConfiguration><LocationConstraint>&c;</LocationConstraint></CreateBucketConfiguration>',
      ),
    },
    {
      name: 'a broken chunk',
      bytes: put('/bucket/key', 'zz\r\nnot a chunk', 'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n'),
    },
    {
      name: 'JSON that is not',
      bytes: `POST /2015-03-31/functions HTTP/1.1\r\nHost: x\r\nAuthorization: ${signedFor('lambda')}\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{"a`,
    },
    {
      name: 'a method nobody knows',
      bytes: `PURGE / HTTP/1.1\r\nHost: x\r\nAuthorization: ${signedFor('s3')}\r\nConnection: close\r\n\r\n`,
    },
  ])('is answered with an error and does no harm: $name', async ({ bytes }) => {
    const sandbox = await runningSandbox();

    const answer = await sendRaw(sandbox.port, bytes);

    expect(answer).toMatch(/^HTTP\/1\.1 (4\d\d|501) /);
    expect((await fetch(`${sandbox.url}/_sandbox/health`)).status).toBe(200);
  });

  it('that would end up in a header of the answer is refused', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox);
    await s3.send(new CreateBucketCommand({ Bucket: 'mail-bodies' }));
    await s3.send(new PutObjectCommand({ Bucket: 'mail-bodies', Key: 'k', Body: 'x' }));

    const reply = await fetch(`${sandbox.url}/mail-bodies/k?response-content-type=a%0d%0ab`, {
      headers: { authorization: signedFor('s3') },
    });

    expect(reply.status).toBe(400);
  });

  it('is refused when it is larger than 60 MiB, and the connection gets the answer', async () => {
    const { url } = await runningSandbox();

    const reply = await fetch(`${url}/bucket/key`, {
      method: 'PUT',
      headers: { authorization: signedFor('s3') },
      body: Buffer.alloc(60 * 1024 * 1024 + 1),
    });

    expect(reply.status).toBe(413);
    expect(await reply.text()).toContain('60 MiB');
  });

  it('in mid-request leaves the others alone', async () => {
    const sandbox = await runningSandbox();
    const socket = connect(sandbox.port, '127.0.0.1');
    socket.write(`PUT /b HTTP/1.1\r\nHost: x\r\nAuthorization: ${signedFor('s3')}\r\nContent-Length: 100\r\n\r\nhalf`);
    await once(socket, 'connect');
    socket.destroy();

    const { Buckets } = await clientsOf(sandbox).s3.send(new ListBucketsCommand({}));

    expect(Buckets ?? []).toEqual([]);
  });
});

function post(service: string, body: string): string {
  const type = 'application/x-www-form-urlencoded';
  return `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${signedFor(service)}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

function put(path: string, body: string, headers = ''): string {
  return `PUT ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${signedFor('s3')}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
