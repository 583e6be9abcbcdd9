import { randomBytes } from 'node:crypto';
import { bareAddresses, commonHeadersOf, type Header, headersOf, withinLimit } from './raw-headers.ts';
import type { SesEvent, SesLambdaAction, SesReceipt } from './ses-event.ts';
import { withRawMessage } from './test-message.ts';

/** What SES knows about a message and its text does not say. */
export type TestEventOptions = {
  /** Forty of `0-9a-v`, at random, when left out. */
  readonly messageId?: string;
  /** Envelope sender. The address of `Return-Path` or `From` when left out. */
  readonly source?: string;
  /** Envelope recipients that the rule matched. The addresses of To and Cc when left out. */
  readonly recipients?: readonly string[];
  /** When SES took the message; now when left out. */
  readonly receivedAt?: Date;
  /** Any member of `receipt`, verdicts above all: `{ spamVerdict: { status: 'FAIL' } }`. */
  readonly receipt?: Partial<Omit<SesReceipt, 'action'>>;
  readonly action?: Partial<SesLambdaAction>;
};

const REGION = 'us-east-1';
const FUNCTION_ARN = `arn:aws:lambda:${REGION}:123456789012:function:test`;
/** A name and an address that belong to nobody: RFC 2606, RFC 5737. */
const CLIENT = 'mail.example.com (mail.example.com [192.0.2.1])';

/**
 * The event with which SES would invoke a function for a message, and of which a handler of `sesHandler` can also read
 * the body, without AWS. Spam and virus scan pass and nothing is known about the sender (`GRAY`), unless the overrides
 * say otherwise.
 *
 * @param rawMessage as its sender sent it, or as SES stored it: with `Return-Path` on top, and then nothing is added
 * @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html
 */
export function testEvent(rawMessage: string | Uint8Array, overrides: TestEventOptions = {}): SesEvent {
  const sent = Buffer.from(rawMessage);
  const written = headersOf(sent);
  const { messageId = randomMessageId(), receivedAt = new Date(), source = sourceOf(written) } = overrides;
  const recipients = overrides.recipients ?? destinationOf(written);
  const raw = isStored(written) ? sent : withTrace(sent, { source, messageId, recipients, receivedAt });
  const headers = headersOf(raw);
  const { kept, truncated } = withinLimit(headers);
  const timestamp = receivedAt.toISOString();
  const record = {
    eventSource: 'aws:ses',
    eventVersion: '1.0',
    ses: {
      mail: {
        timestamp,
        source,
        messageId,
        destination: destinationOf(headers),
        headersTruncated: truncated,
        headers: kept,
        commonHeaders: commonHeadersOf(headers),
      },
      receipt: {
        timestamp,
        processingTimeMillis: 0,
        recipients,
        spamVerdict: { status: 'PASS' },
        virusVerdict: { status: 'PASS' },
        spfVerdict: { status: 'GRAY' },
        dkimVerdict: { status: 'GRAY' },
        dmarcVerdict: { status: 'GRAY' },
        ...overrides.receipt,
        action: { type: 'Lambda', functionArn: FUNCTION_ARN, invocationType: 'Event', ...overrides.action },
      },
    },
  } as const;
  return { Records: [withRawMessage(record, raw)] };
}

const isStored = ([first]: readonly Header[]): boolean => first?.name.toLowerCase() === 'return-path';

function sourceOf(headers: readonly Header[]): string {
  const { returnPath, from = [] } = commonHeadersOf(headers);
  return returnPath ?? bareAddresses(from)[0] ?? '';
}

function destinationOf(headers: readonly Header[]): string[] {
  const { to = [], cc = [] } = commonHeadersOf(headers);
  return bareAddresses([...to, ...cc]);
}

/** What SES puts on top of a message that it takes in. */
function withTrace(
  sent: Buffer,
  { source, messageId, recipients, receivedAt }: Required<Omit<TestEventOptions, 'receipt' | 'action'>>,
): Buffer {
  const lines = [
    `Return-Path: <${source}>`,
    `Received: from ${CLIENT}`,
    ` by inbound-smtp.${REGION}.amazonaws.com with ESMTPS id ${messageId}`,
    ` for ${recipients[0] ?? ''};`,
    ` ${receivedAt.toUTCString().replace('GMT', '+0000')} (UTC)`,
  ].map((line) => `${line.replaceAll(/[\r\n]/g, '')}\r\n`);
  return Buffer.concat([Buffer.from(lines.join('')), sent]);
}

function randomMessageId(): string {
  return BigInt(`0x${randomBytes(25).toString('hex')}`)
    .toString(32)
    .padStart(40, '0');
}
