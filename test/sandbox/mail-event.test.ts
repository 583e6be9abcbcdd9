import { describe, expect, test } from 'vitest';
import { lambdaEvent } from '../../src/sandbox/mail-event.ts';

const EVENT = {
  messageId: 'o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1',
  from: 'envelope@x.test',
  receivedAtMs: Date.UTC(2019, 7, 5, 21, 30, 2, 28),
  nowMs: Date.UTC(2019, 7, 5, 21, 30, 3, 233),
  recipients: ['hidden@y.test'],
  action: { functionArn: 'arn:aws:lambda:us-west-2:123456789012:function:f', invocationType: 'Event' },
};

const ses = (text: string, scanEnabled = true) => {
  const event = lambdaEvent({ ...EVENT, raw: Buffer.from(text), scanEnabled }) as {
    Records: { ses: { mail: Record<string, unknown>; receipt: Record<string, unknown> } }[];
  };
  return event.Records[0]?.ses;
};

describe('lambdaEvent', () => {
  test('has the shape SES gives it', () => {
    const raw = 'From: a@x.test\r\nTo: B <b@y.test>\r\nCc: c@y.test\r\nSubject: Hi\r\n\r\nThe body';
    expect(lambdaEvent({ ...EVENT, raw: Buffer.from(raw), scanEnabled: true })).toEqual({
      Records: [
        {
          eventSource: 'aws:ses',
          eventVersion: '1.0',
          ses: {
            mail: {
              timestamp: '2019-08-05T21:30:02.028Z',
              source: 'envelope@x.test',
              messageId: EVENT.messageId,
              destination: ['b@y.test', 'c@y.test'],
              headersTruncated: false,
              headers: [
                { name: 'From', value: 'a@x.test' },
                { name: 'To', value: 'B <b@y.test>' },
                { name: 'Cc', value: 'c@y.test' },
                { name: 'Subject', value: 'Hi' },
              ],
              commonHeaders: { from: ['a@x.test'], to: ['B <b@y.test>'], cc: ['c@y.test'], subject: 'Hi' },
            },
            receipt: {
              timestamp: '2019-08-05T21:30:02.028Z',
              processingTimeMillis: 1205,
              recipients: ['hidden@y.test'],
              spamVerdict: { status: 'PASS' },
              virusVerdict: { status: 'PASS' },
              spfVerdict: { status: 'GRAY' },
              dkimVerdict: { status: 'GRAY' },
              dmarcVerdict: { status: 'GRAY' },
              action: { type: 'Lambda', ...EVENT.action },
            },
          },
        },
      ],
    });
  });

  test('cuts headers at 10 KB and says so; the common ones stay whole', () => {
    const big = `X-Big: ${'x'.repeat(9 * 1024)}\r\n`;
    const cut = ses(`${big}${big}Subject: behind\r\n\r\n`);
    expect(cut?.mail['headersTruncated']).toBe(true);
    expect(cut?.mail['headers']).toHaveLength(1);
    expect(cut?.mail['commonHeaders']).toEqual({ subject: 'behind' });
  });

  test.each([
    ['GTUBE', 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X', 'spamVerdict'],
    ['EICAR', ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(''), 'virusVerdict'],
  ])('fails %s when the rule scans, and only then', (_name, text, verdict) => {
    expect(ses(`Subject: x\r\n\r\n${text}\r\n`)?.receipt[verdict]).toEqual({ status: 'FAIL' });
    expect(ses(`Subject: x\r\n\r\n${text}\r\n`, false)?.receipt[verdict]).toEqual({ status: 'DISABLED' });
  });

  test.each([
    ['X-Sandbox-Spam-Verdict: GRAY', { spamVerdict: { status: 'GRAY' } }],
    ['x-sandbox-virus-verdict: processing_failed', { virusVerdict: { status: 'PROCESSING_FAILED' } }],
    ['X-Sandbox-Spf-Verdict: PASS', { spfVerdict: { status: 'PASS' } }],
    ['X-Sandbox-Dkim-Verdict: FAIL', { dkimVerdict: { status: 'FAIL' } }],
    [
      'X-Sandbox-Dmarc-Verdict: FAIL\r\nX-Sandbox-Dmarc-Policy: reject',
      { dmarcVerdict: { status: 'FAIL' }, dmarcPolicy: 'reject' },
    ],
    ['X-Sandbox-Spf-Verdict: perhaps', { spfVerdict: { status: 'GRAY' } }],
  ])('gives the verdict that the mail asks for: %s', (header, expected) => {
    expect(ses(`${header}\r\n\r\nx`)?.receipt).toMatchObject(expected);
  });

  test('has no verdict of a scan that the rule does not want, and no DMARC policy unless DMARC failed', () => {
    expect(ses('X-Sandbox-Spam-Verdict: FAIL\r\n\r\nx', false)?.receipt).toMatchObject({
      spamVerdict: { status: 'DISABLED' },
    });
    expect(ses('X-Sandbox-Dmarc-Policy: reject\r\n\r\nx')?.receipt).not.toHaveProperty('dmarcPolicy');
  });
});
