import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { MessageBodyError, sesHandler, type SesMessage } from '../../src/lambda/index.ts';

/** Answers of a stand-in for S3 by path: a body, or a status with an error code. What it lacks is 404. */
const objects = new Map<string, { readonly status: number; readonly body: string }>();
const requests: string[] = [];
let s3: Server;

beforeAll(async () => {
  s3 = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://s3').pathname;
    requests.push(`${request.method} ${path}`);
    const { status, body } = objects.get(path) ?? { status: 404, body: errorOf('NoSuchKey') };
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), 'x-amz-meta-note': 'n' });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((done) => s3.listen(0, '127.0.0.1', done));
});
afterAll(() => void s3.close());

beforeEach(() => {
  requests.length = 0;
  objects.clear();
  vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${(s3.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('SES_LAMBDA_PIPELINE_LOG_LEVEL', 'error');
  vi.spyOn(console, 'log').mockReturnValue();
  discovers({ Ref: 'new', ObjectKeyPrefixes: ['now/', 'before/'] }, { Ref: 'old' });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const errorOf = (code: string): string => `<Error><Code>${code}</Code><Message>no</Message></Error>`;

function discovers(
  ...buckets: readonly { readonly Ref: string; readonly ObjectKeyPrefixes?: readonly string[] }[]
): void {
  const discovery = Object.fromEntries(
    buckets.map((bucket, index) => [`SESMessageStoreBucket${index}`, { Type: 'AWS::S3::Bucket', ...bucket }]),
  );
  vi.stubEnv('SES_LAMBDA_PIPELINE_DISCOVERY', Buffer.from(JSON.stringify(discovery)).toString('base64'));
}

const EVENT = {
  Records: [
    {
      eventSource: 'aws:ses',
      ses: { mail: { messageId: 'm', source: 'a@x.test' }, receipt: { recipients: ['b@y.test'] } },
    },
  ],
};

/** What `use` makes of the message, or how that fails. */
async function withMessage<Result>(use: (message: SesMessage) => Promise<Result>): Promise<unknown> {
  const results: unknown[] = [];
  await sesHandler({
    onMessage: async (message) => void results.push(await use(message).catch((error: unknown) => error)),
  })(EVENT);
  return results[0];
}

const bodyText = (message: SesMessage): Promise<string> => message.body().then(text);

describe('the body of a message', () => {
  test('is read where mail is stored now, and nowhere else then', async () => {
    objects.set('/new/now/m', { status: 200, body: 'Subject: Hi\r\n\r\nAll there' });

    expect(await withMessage(bodyText)).toBe('Subject: Hi\r\n\r\nAll there');
    expect(requests).toEqual(['GET /new/now/m']);
  });

  test.each([404, 403])(
    'is looked for under every prefix and in every bucket, where %i counts as missing',
    async (status) => {
      for (const path of ['/new/now/m', '/new/before/m']) objects.set(path, { status, body: errorOf('AccessDenied') });
      objects.set('/old/m', { status: 200, body: 'found' });

      expect(await withMessage(bodyText)).toBe('found');
      expect(requests).toEqual(['GET /new/now/m', 'GET /new/before/m', 'GET /old/m']);
    },
  );

  test('is missing when it is nowhere, and every place is named', async () => {
    objects.set('/new/before/m', { status: 403, body: errorOf('AccessDenied') });

    const failure = await withMessage(bodyText);

    expect(failure).toBeInstanceOf(MessageBodyError);
    expect(failure).toMatchObject({
      kind: 'missing',
      message:
        'The body of message m is not at s3://new/now/m (404), s3://new/before/m (403), s3://old/m (404). ' +
        '403 also means that the role may not read there: it needs s3:GetObject on ${bucket.arnAllKeys}.',
    });
  });

  test('is missing when there is no bucket', async () => {
    discovers();

    expect(await withMessage(bodyText)).toMatchObject({
      kind: 'missing',
      message: expect.stringContaining('no bucket'),
    });
  });

  test('is not looked for elsewhere when it is archived', async () => {
    objects.set('/new/now/m', { status: 403, body: errorOf('InvalidObjectState') });

    expect(await withMessage(bodyText)).toMatchObject({ name: 'InvalidObjectState' });
    expect(requests).toEqual(['GET /new/now/m']);
  });

  test('is not downloaded when it is too large', async () => {
    objects.set('/old/m', { status: 200, body: 'x'.repeat(100) });

    expect(await withMessage((message) => message.body({ maxBytes: 99 }))).toMatchObject({ kind: 'tooLarge' });
  });

  test('is parsed', async () => {
    objects.set('/old/m', { status: 200, body: 'Subject: =?utf-8?q?=C3=BC?=\r\n\r\nHi' });

    expect(await withMessage((message) => message.parse())).toMatchObject({ subject: 'ü', text: 'Hi\n' });
  });
});

test('the head of a message says where it lies, how large it is and what was noted about it', async () => {
  objects.set('/new/before/m', { status: 200, body: 'x'.repeat(100) });

  expect(await withMessage((message) => message.head())).toEqual({
    bucket: 'new',
    key: 'before/m',
    sizeBytes: 100,
    metadata: { note: 'n' },
  });
  expect(requests).toEqual(['HEAD /new/now/m', 'HEAD /new/before/m']);
});
