import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MessageBodyError, sesHandler, type SesMessage, testEvent } from '../../src/lambda/index.ts';

beforeEach(() => void vi.spyOn(console, 'log').mockReturnValue());
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What `use` makes of the message of an event. */
async function withMessage<Result>(event: unknown, use: (message: SesMessage) => Promise<Result>): Promise<Result> {
  const results: Result[] = [];
  await sesHandler({ onMessage: async (message) => void results.push(await use(message)) })(event);
  const [result] = results;
  if (result === undefined) throw new Error('there was no message');
  return result;
}

const failureOf = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => 'read',
    (error: unknown) => error,
  );

const MULTIPART = [
  'From: =?utf-8?q?J=C3=BCrgen?= <j@x.test>',
  'To: team: a@y.test, "B, C" <b@y.test>;',
  'Reply-To: r@x.test',
  'Subject: =?utf-8?b?R3LDvMOfZQ==?=',
  'Date: Mon, 5 Aug 2019 21:29:57 +0000',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: multipart/alternative; boundary=c',
  '',
  '--c',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'sch=F6n',
  '--c',
  'Content-Type: text/html',
  '',
  '<p>Hi</p>',
  '--c--',
  '--b',
  'Content-Type: application/pdf; name="../../etc/a.pdf"',
  'Content-Disposition: attachment; filename="../../etc/a.pdf"',
  'Content-ID: <part@x>',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from([0, 255, 7]).toString('base64'),
  '--b--',
  '',
].join('\r\n');

describe('the message of a test event', () => {
  test('has the body without AWS', async () => {
    const body = await withMessage(testEvent('Subject: Hi\r\n\r\nAll there'), async (message) =>
      text(await message.body()),
    );

    expect(body).toMatch(/^Return-Path: .*\r\nSubject: Hi\r\n\r\nAll there$/s);
  });

  test('has a head', async () => {
    const event = testEvent('Return-Path: <>\n\nHi', { messageId: 'm' });

    expect(await withMessage(event, (message) => message.head())).toEqual({
      bucket: 'test-event',
      key: 'm',
      sizeBytes: 19,
      metadata: {},
    });
  });

  test('is parsed into headers, texts and attachments', async () => {
    const mail = await withMessage(testEvent(MULTIPART), (message) => message.parse());

    expect(mail).toMatchObject({
      from: { name: 'Jürgen', address: 'j@x.test' },
      to: [
        { name: '', address: 'a@y.test' },
        { name: 'B, C', address: 'b@y.test' },
      ],
      cc: [],
      replyTo: [{ name: '', address: 'r@x.test' }],
      subject: 'Grüße',
      date: '2019-08-05T21:29:57.000Z',
      text: 'schön\n',
      html: '<p>Hi</p>\n',
    });
    expect(mail.headers.map(({ name }) => name).slice(0, 4)).toEqual(['Return-Path', 'Received', 'From', 'To']);
    expect(mail.attachments).toEqual([
      {
        filename: '../../etc/a.pdf',
        contentType: 'application/pdf',
        disposition: 'attachment',
        contentId: 'part@x',
        content: new Uint8Array([0, 255, 7]),
      },
    ]);
  });

  test.each([
    ['decoded', testEvent(MULTIPART), 'Grüße'],
    ['undefined when it has none', testEvent('From: j@x.test\r\n\r\n'), undefined],
    [
      'undefined when the event has no common headers',
      {
        Records: [
          { eventSource: 'aws:ses', ses: { mail: { messageId: 'm', source: '' }, receipt: { recipients: [] } } },
        ],
      },
      undefined,
    ],
  ])('has its subject %s', async (_name, event, expected) => {
    expect(await withMessage(event, async ({ subject }) => ({ subject }))).toEqual({ subject: expected });
  });

  test('has only what the message had', async () => {
    const mail = await withMessage(testEvent('Return-Path: <>\n\n'), (message) => message.parse());

    expect(mail).toEqual({
      headers: [{ name: 'Return-Path', value: '<>' }],
      to: [],
      cc: [],
      replyTo: [],
      attachments: [],
    });
  });

  test.each(['body', 'parse'] as const)('is not read by %s when it is larger than allowed', async (read) => {
    const event = testEvent('Return-Path: <>\n\nHi', { messageId: 'm' });
    const reading = (maxBytes: number) => withMessage<unknown>(event, (message) => message[read]({ maxBytes }));

    const failure = await failureOf(reading(18));

    expect(failure).toBeInstanceOf(MessageBodyError);
    expect(failure).toMatchObject({ kind: 'tooLarge', message: expect.stringContaining('19 bytes and at most 18') });
    expect(await failureOf(reading(19))).toBe('read');
  });

  test.each([
    ['128', 4],
    ['1024', 32],
    ['10240', 40],
    [undefined, 40],
  ])('is parsed up to what a function of %s MB can hold', async (memoryMb, limitMb) => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', memoryMb);
    const limitBytes = limitMb * 1024 * 1024;
    const tooLarge = Buffer.concat([Buffer.from('Return-Path: <>\n\n'), Buffer.alloc(limitBytes - 16)]);

    const failure = await failureOf(withMessage(testEvent(tooLarge), (message) => message.parse()));

    expect(tooLarge.byteLength).toBe(limitBytes + 1);
    expect(failure).toMatchObject({ kind: 'tooLarge', message: expect.stringContaining(`at most ${limitBytes} are`) });
  });

  test('needs a pipeline for its body once it is only JSON', async () => {
    const event: unknown = JSON.parse(JSON.stringify(testEvent('Subject: Hi\n\nHi')));

    expect(String(await failureOf(withMessage(event, (message) => message.body())))).toContain(
      'SES_LAMBDA_PIPELINE_DISCOVERY is not set',
    );
  });
});
