import { bareAddress, commonHeaders, cutHeaders, parseHeaders } from './mail-headers.ts';
import { verdictsOf } from './mail-verdicts.ts';

const MAX_HEADER_BYTES = 10 * 1024;

/** What the event says about one Lambda action of one rule that matched. */
export type EventInput = {
  readonly messageId: string;
  readonly from: string;
  /** The message as stored, headers added by earlier actions included. */
  readonly raw: Uint8Array;
  readonly receivedAtMs: number;
  readonly nowMs: number;
  /** Envelope recipients that the rule captured. */
  readonly recipients: readonly string[];
  readonly scanEnabled: boolean;
  readonly action: { readonly functionArn: string; readonly invocationType: string };
};

/**
 * The event a function is invoked with. It has no body: that lies in S3 under the message id.
 * `mail.destination` are the addresses of the message's own To and Cc; `receipt.recipients` those of the envelope.
 * https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
 */
export function lambdaEvent(input: EventInput): unknown {
  const all = parseHeaders(input.raw);
  const { headers, truncated } = cutHeaders(all, MAX_HEADER_BYTES);
  const common = commonHeaders(all);
  const timestamp = new Date(input.receivedAtMs).toISOString();
  return {
    Records: [
      {
        eventSource: 'aws:ses',
        eventVersion: '1.0',
        ses: {
          mail: {
            timestamp,
            source: input.from,
            messageId: input.messageId,
            destination: [...(common.to ?? []), ...(common.cc ?? [])].map(bareAddress),
            headersTruncated: truncated,
            headers,
            commonHeaders: common,
          },
          receipt: {
            timestamp,
            processingTimeMillis: Math.max(0, input.nowMs - input.receivedAtMs),
            recipients: input.recipients,
            ...verdictsOf(input.raw, all, input.scanEnabled),
            action: { type: 'Lambda', ...input.action },
          },
        },
      },
    ],
  };
}

/** The mail that an invocation is about, when its payload is an event as SES sends it. */
export function mailIdOf(payload: string): string | undefined {
  if (!payload.includes('"aws:ses"')) return undefined; // most payloads need not be read twice
  try {
    const { Records } = JSON.parse(payload) as { Records?: { ses?: { mail?: { messageId?: unknown } } }[] };
    const id = Records?.[0]?.ses?.mail?.messageId;
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
