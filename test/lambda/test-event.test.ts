import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testEvent } from '../../src/lambda/index.ts';
import { lambdaEvent } from '../../src/sandbox/mail-event.ts';
import { withTrace } from '../../src/sandbox/mail-message.ts';

const MESSAGE_ID = 'o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1';
const RECEIVED_AT = new Date(Date.UTC(2019, 7, 5, 21, 30, 2, 28));
const ENVELOPE = { source: 'envelope@x.test', recipients: ['hidden@y.test'] };
const ACTION = { functionArn: 'arn:aws:lambda:us-west-2:123456789012:function:f', invocationType: 'Event' } as const;

/** What the sandbox sends for a message that came in through its door. */
function eventOfSandbox(raw: Uint8Array): unknown {
  const { source: from, recipients } = ENVELOPE;
  const client = { clientName: 'mail.example.com', clientAddress: '192.0.2.1', tls: true };
  const trace = { id: MESSAGE_ID, region: 'us-east-1', atMs: RECEIVED_AT.getTime() };
  return eventOfStored(withTrace({ from, recipients, raw, ...client }, trace));
}

function eventOfStored(raw: Uint8Array): unknown {
  return lambdaEvent({
    messageId: MESSAGE_ID,
    from: ENVELOPE.source,
    raw,
    receivedAtMs: RECEIVED_AT.getTime(),
    nowMs: RECEIVED_AT.getTime(),
    recipients: ENVELOPE.recipients,
    scanEnabled: true,
    action: ACTION,
  });
}

const eventOfLibrary = (raw: Uint8Array): unknown =>
  testEvent(raw, { ...ENVELOPE, messageId: MESSAGE_ID, receivedAt: RECEIVED_AT, action: ACTION });

const CORPUS: Readonly<Record<string, string>> = {
  'a plain mail': 'From: a@x.test\r\nTo: B <b@y.test>\r\nCc: c@y.test\r\nSubject: Hi\r\n\r\nThe body',
  'bare line feeds': 'From: a@x.test\nTo: b@y.test\nSubject: Hi\n\nThe body\n\nmore',
  'line ends of two kinds': 'From: a@x.test\r\nSubject: Hi\r\n\nTo: body@y.test\n\r\nmore',
  'folded headers': 'Subject: one\r\n two\r\n\tthree\r\nTo: a@y.test,\r\n b@y.test\r\n\r\nx',
  'names with commas, quotes, escapes and comments':
    'To: "Doe, Jane" <j@y.test>, "a \\" , b" <q@y.test>, k@y.test (x, y), G: m@y.test, n@y.test;\r\n\r\nx',
  'angle brackets that never end': 'To: <a@y.test, b@y.test\r\nCc: c>, d@y.test\r\n\r\nx',
  'an escape at the end': 'To: a@y.test, b\\\r\n\r\nx',
  'headers of the same name':
    'To: a@y.test\r\nTo: b@y.test\r\nSubject: first\r\nSubject: second\r\nReceived: x\r\n\r\n',
  'every header that SES lifts out':
    'From: a@x.test, b@x.test\r\nSender: s@x.test\r\nReply-To: r@x.test, q@x.test\r\nTo: t@y.test\r\nCc: c@y.test\r\n' +
    'Bcc: h@y.test\r\nDate: Mon, 5 Aug 2019 21:29:57 +0000\r\nMessage-ID: <1@x.test>\r\nSubject: s\r\n\r\nx',
  'encoded words, which stay as they are':
    'From: =?utf-8?q?J=C3=BCrgen?= <j@x.test>\r\nSubject: =?utf-8?b?SGk=?=\r\n\r\n',
  'bytes over 127': 'Subject: Grüße 😀\r\nTo: "Ü, Ö" <ü@y.test>\r\n\r\nä',
  'no headers': '\r\nonly a body',
  'no body': 'Subject: Hi',
  'nothing at all': '',
  'lines that are no header': 'From here on\r\nno colon\r\nSubject : spaced\r\n: nameless\r\n\r\nx',
  'empty lists': 'To: ,\r\nCc:\r\nSubject:\r\n\r\nx',
  'more headers than an event holds': `X-Big: ${'x'.repeat(6_000)}\r\nX-Grün: ${'ü'.repeat(1_000)}\r\nX-More: ${'y'.repeat(6_000)}\r\nSubject: behind\r\nX-Small: z\r\n\r\n`,
};

describe('testEvent and the sandbox give the same event', () => {
  test.each(Object.entries(CORPUS))('for %s', (_name, text) => {
    const raw = Buffer.from(text);

    expect(eventOfLibrary(raw)).toStrictEqual(eventOfSandbox(raw));
  });

  test('for a message as SES has stored it', () => {
    const raw = Buffer.from('Return-Path: <bounce@x.test>\r\nReceived: from x\r\nSubject: Hi\r\n\r\nThe body');

    expect(eventOfLibrary(raw)).toStrictEqual(eventOfStored(raw));
  });

  const names = fc.constantFrom('To', 'cc', 'From', 'Reply-To', 'Subject', 'Return-Path', 'X-Other', 'Date', 'a b', '');
  const values = fc.string({
    unit: fc.constantFrom('a', '@', ',', '<', '>', '"', '\\', '(', ')', ' ', ';', ':', '=', '\r\n ', '\n\t', 'ü', '😀'),
    maxLength: 30,
  });
  const field = fc.tuple(names, fc.constantFrom(':', ': ', ' :', ''), values, fc.constantFrom('\r\n', '\n'));
  const block = fc.array(field, { maxLength: 12 }).map((fields) => fields.flat().join(''));
  const bytes = fc.oneof(
    block.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }),
  );

  test('for headers of any kind', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom('\r\n', '\n', ''), (head, end) => {
        // In front, as SES stores it: what is tried here is the reading.
        const raw = Buffer.concat([
          Buffer.from('Return-Path: <r@x.test>\r\n'),
          head,
          Buffer.from(`${end}To: body@y.test`),
        ]);

        expect(eventOfLibrary(raw)).toStrictEqual(eventOfStored(raw));
      }),
      { numRuns: 500 },
    );
  });
});

describe('testEvent', () => {
  test('takes envelope and ids from the message when they are not given', () => {
    const raw = 'From: "Doe, Jane" <j@x.test>\r\nTo: A <a@y.test>\r\nCc: b@y.test\r\n\r\nHi';

    const [first, second] = [testEvent(raw), testEvent(raw)].map(({ Records: [record] }) => record?.ses);

    expect(first?.mail.source).toBe('j@x.test');
    expect(first?.receipt.recipients).toEqual(['a@y.test', 'b@y.test']);
    expect(first?.mail.messageId).toMatch(/^[0-9a-v]{40}$/);
    expect(second?.mail.messageId).not.toBe(first?.mail.messageId);
    expect(first?.mail.headers.map(({ name }) => name)).toEqual(['Return-Path', 'Received', 'From', 'To', 'Cc']);
  });

  test('lets the receipt and the action be set', () => {
    const [record] = testEvent('Subject: x\n\n', {
      receipt: { dmarcVerdict: { status: 'FAIL' }, dmarcPolicy: 'reject' },
      action: { invocationType: 'RequestResponse' },
    }).Records;

    expect(record?.ses.receipt).toMatchObject({
      spamVerdict: { status: 'PASS' },
      dmarcVerdict: { status: 'FAIL' },
      dmarcPolicy: 'reject',
      action: { type: 'Lambda', invocationType: 'RequestResponse' },
    });
  });

  test('does not let an address end a header', () => {
    const [record] = testEvent('Subject: x\r\n\r\n', { source: 'a@x.test>\r\nX-Evil: 1' }).Records;

    expect(record?.ses.mail.headers.map(({ name }) => name)).not.toContain('X-Evil');
  });
});
