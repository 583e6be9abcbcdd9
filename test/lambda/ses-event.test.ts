import { describe, expect, test } from 'vitest';
import { parseSesEvent } from '../../src/lambda/index.ts';

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
    ['a record without receipt', { Records: [{ ...withoutSes, ses: { mail: ses.mail } }] }, 'ses.receipt.recipients'],
  ])('refuses %s', (_name, event, what) => {
    expect(() => parseSesEvent(event)).toThrow(what);
  });
});
