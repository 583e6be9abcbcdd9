import { withBytesInFront } from './mail-body.ts';

/** A mail as it came in through the door. */
export type IncomingMail = {
  /** Envelope sender; empty for a bounce (`MAIL FROM:<>`). */
  readonly from: string;
  /** Envelope recipients. */
  readonly recipients: readonly string[];
  /** The sender's own bytes, unchanged. */
  readonly raw: Uint8Array;
  readonly tls: boolean;
  readonly clientAddress: string;
  readonly clientName: string;
};

/**
 * The message as SES keeps it: `Return-Path` and `Received` in front, and behind them the sender's bytes as they came.
 * SES also adds its verdict and signature headers (`X-SES-Spam-Verdict`, ...); the sandbox does not.
 */
export function withTrace(
  mail: IncomingMail,
  trace: { readonly id: string; readonly region: string; readonly atMs: number },
): Uint8Array {
  const first = mail.recipients[0] ?? '';
  const lines = [
    `Return-Path: <${mail.from}>`,
    `Received: from ${mail.clientName} (${mail.clientName} [${mail.clientAddress}])`,
    ` by inbound-smtp.${trace.region}.amazonaws.com with ${mail.tls ? 'ESMTPS' : 'ESMTP'} id ${trace.id}`,
    ` for ${first};`,
    ` ${rfc5322Date(trace.atMs)}`,
  ].map((line) => line.replaceAll(/[\r\n]/g, ''));
  return withHeaders(mail.raw, lines);
}

/** The sender's bytes again. */
export function withoutTrace(raw: Uint8Array): Uint8Array {
  let end = 0;
  for (let line = 0; line < TRACE_LINES; line += 1) end = raw.indexOf(LINE_FEED, end) + 1;
  return raw.subarray(end);
}

const TRACE_LINES = 5;
const LINE_FEED = 0x0a;

/** The same message with header lines put in front. */
export function withHeaders(raw: Uint8Array, lines: readonly string[]): Uint8Array {
  return withBytesInFront(raw, Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'utf8'));
}

function rfc5322Date(atMs: number): string {
  return `${new Date(atMs).toUTCString().replace('GMT', '+0000')} (UTC)`;
}
