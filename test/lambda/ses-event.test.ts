import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSesEvent, sesHandler, testEvent } from '../../src/lambda/index.ts';

const record = () => ({
  eventSource: 'aws:ses',
  eventVersion: '1.0',
  ses: {
    mail: { messageId: 'o3vrnil0e2ic28tr', source: 'sender@example.com', destination: ['sombody_special@gosparta.io'] },
    receipt: { recipients: ['sombody_special@gosparta.io'], spamVerdict: { status: 'PASS' } },
  },
});

describe('parseSesEvent', () => {
  test('returns an event of SES as it is', () => {
    const event = { Records: [record(), record()] };

    expect(parseSesEvent(event)).toBe(event);
  });

  test('lets a bounce through, whose envelope sender is empty', () => {
    const bounce = record();
    bounce.ses.mail.source = '';

    expect(parseSesEvent({ Records: [bounce] }).Records[0]?.ses.mail.source).toBe('');
  });

  const { ses, ...withoutSes } = record();
  test.each([
    ['nothing', undefined, 'Records is not a list'],
    ['null', null, 'Records is not a list'],
    ['an event without records', {}, 'Records is not a list'],
    ['records that are no list', { Records: {} }, 'Records is not a list'],
    ['a record that is null', { Records: [null] }, 'Records[0].eventSource'],
    ['an event of S3', { Records: [{ eventSource: 'aws:s3' }] }, 'Records[0].eventSource'],
    ['a notification through SNS', { Records: [{ EventSource: 'aws:sns' }] }, 'came through SNS'],
    ['a second record without ses', { Records: [record(), withoutSes] }, 'Records[1].ses.mail.messageId'],
    [
      'a message id that is a number',
      { Records: [{ ...withoutSes, ses: { ...ses, mail: { ...ses.mail, messageId: 7 } } }] },
      'messageId is not a string',
    ],
    [
      'an empty message id',
      { Records: [{ ...withoutSes, ses: { ...ses, mail: { ...ses.mail, messageId: '' } } }] },
      'messageId is empty',
    ],
    [
      'a mail without sender',
      { Records: [{ ...withoutSes, ses: { ...ses, mail: { messageId: 'm' } } }] },
      'ses.mail.source',
    ],
    [
      'a recipient that is no text',
      { Records: [{ ...withoutSes, ses: { ...ses, receipt: { recipients: ['a@y.test', 7] } } }] },
      'ses.receipt.recipients is not a list of addresses',
    ],
    ['a record without receipt', { Records: [{ ...withoutSes, ses: { mail: ses.mail } }] }, 'ses.receipt.recipients'],
  ])('refuses %s', (_name, event, what) => {
    expect(() => parseSesEvent(event)).toThrow(what);
  });

  test('takes the event that the documentation of AWS shows', () => {
    expect(parseSesEvent(DOCUMENTED)).toBe(DOCUMENTED);
  });

  test.each([
    ['no headers at all', () => testEvent('\r\nonly a body')],
    ['headers that were cut off', () => testEvent(`X-Big: ${'x'.repeat(20_000)}\r\nSubject: behind\r\n\r\n`)],
    [
      '10,000 recipients',
      () =>
        testEvent('Subject: x\n\n', {
          recipients: Array.from({ length: 10_000 }, (_none, index) => `r${index}@y.test`),
        }),
    ],
    ['10,000 records', () => ({ Records: Array.from({ length: 10_000 }, record) })],
  ])('takes %s', (_name, build) => {
    const event: unknown = JSON.parse(JSON.stringify(build()));

    expect(parseSesEvent(event)).toBe(event);
  });

  test('takes any JSON for what it is: an event that can be handled, or one sentence about what it lacks', async () => {
    const handler = sesHandler({ onMessage: () => {}, idempotencyKey: () => undefined });
    const leaf = fc.jsonValue({ maxDepth: 2 });
    const bent = fc.record(
      {
        eventSource: fc.oneof(fc.constant('aws:ses'), leaf),
        ses: fc.oneof(
          leaf,
          fc.record({
            mail: fc.oneof(fc.constant({ messageId: 'm', source: '' }), leaf),
            receipt: fc.oneof(fc.constant({ recipients: [] }), leaf),
          }),
        ),
      },
      { requiredKeys: [] },
    );
    const events = fc.oneof(leaf, fc.record({ Records: fc.oneof(leaf, fc.array(bent, { maxLength: 3 })) }));
    let handled = 0;
    await fc.assert(
      fc.asyncProperty(events, async (event) => {
        const said = await handler(event).then(
          () => 'handled',
          (error: unknown) => String(error),
        );

        expect(said).toMatch(/^handled$|^Error: This is not an SES event: Records.*\.$/);
        if (said === 'handled') handled += 1;
      }),
      { numRuns: 500 },
    );
    expect(handled).toBeGreaterThan(0);
  });
});

/** https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html */
const DOCUMENTED = {
  Records: [
    {
      eventSource: 'aws:ses',
      eventVersion: '1.0',
      ses: {
        mail: {
          timestamp: '2019-08-05T21:30:02.028Z',
          source: 'prvs=144d0cba7=sender@example.com',
          messageId: 'EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000',
          destination: ['recipient@example.com'],
          headersTruncated: false,
          headers: [
            { name: 'Return-Path', value: '<prvs=144d0cba7=sender@example.com>' },
            { name: 'From', value: '"Doe, Jane" <jane@example.com>' },
            { name: 'To', value: 'recipient@example.com' },
            { name: 'Subject', value: 'Test Subject' },
          ],
          commonHeaders: {
            returnPath: 'prvs=144d0cba7=sender@example.com',
            from: ['"Doe, Jane" <jane@example.com>'],
            date: 'Mon, 5 Aug 2019 21:29:57 +0000',
            to: ['recipient@example.com'],
            messageId: '<F8098FDD-49A3-442D-9935-F6112A195BDA@example.com>',
            subject: 'Test Subject',
          },
        },
        receipt: {
          timestamp: '2019-08-05T21:30:02.028Z',
          processingTimeMillis: 1205,
          recipients: ['recipient@example.com'],
          spamVerdict: { status: 'PASS' },
          virusVerdict: { status: 'PASS' },
          spfVerdict: { status: 'PASS' },
          dkimVerdict: { status: 'PASS' },
          dmarcVerdict: { status: 'GRAY' },
          action: {
            type: 'Lambda',
            functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:IncomingEmail',
            invocationType: 'Event',
          },
        },
      },
    },
  ],
};
