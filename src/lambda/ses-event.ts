/**
 * What SES hands to a function. The message itself is not in it: read the stored body.
 *
 * @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda-event.html
 */
export type SesEvent = { readonly Records: readonly SesRecord[] };

export type SesRecord = {
  readonly eventSource: 'aws:ses';
  readonly eventVersion: string;
  readonly ses: { readonly mail: SesMail; readonly receipt: SesReceipt };
};

/** The message as its sender wrote it. */
export type SesMail = {
  /** When SES received the message, ISO 8601. */
  readonly timestamp: string;
  /** Envelope sender (`MAIL FROM`); empty for a bounce. */
  readonly source: string;
  /** Given by SES; the stored body's key ends with it. Not the `Message-ID` header. */
  readonly messageId: string;
  /** Addresses of the To and Cc headers; {@link SesReceipt.recipients} are the envelope's. */
  readonly destination: readonly string[];
  readonly headersTruncated: boolean;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly commonHeaders: SesCommonHeaders;
};

/** Only the headers that the message had are present. */
export type SesCommonHeaders = {
  readonly returnPath?: string;
  readonly from?: readonly string[];
  readonly sender?: string;
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly replyTo?: readonly string[];
  readonly date?: string;
  readonly subject?: string;
  /** The `Message-ID` header (RFC 5322). */
  readonly messageId?: string;
};

/** What SES made of the message. */
export type SesReceipt = {
  readonly timestamp: string;
  readonly processingTimeMillis: number;
  /** Envelope recipients that the rule matched. */
  readonly recipients: readonly string[];
  readonly spamVerdict: SesScanVerdict;
  readonly virusVerdict: SesScanVerdict;
  readonly spfVerdict: SesVerdict;
  readonly dkimVerdict: SesVerdict;
  readonly dmarcVerdict: SesVerdict;
  /** Present only when DMARC failed: what the sender's domain asks for. */
  readonly dmarcPolicy?: 'none' | 'quarantine' | 'reject';
  readonly action: SesLambdaAction;
};

/** @see https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html */
export type SesVerdict = { readonly status: 'PASS' | 'FAIL' | 'GRAY' | 'PROCESSING_FAILED' };

/** `DISABLED` when the rule does not scan. */
export type SesScanVerdict = { readonly status: SesVerdict['status'] | 'DISABLED' };

export type SesLambdaAction = {
  readonly type: 'Lambda';
  readonly functionArn: string;
  readonly invocationType: InvocationType;
};

/** Whether SES only hands the message over, or waits for a what becomes of it. */
export type InvocationType = 'Event' | 'RequestResponse';

/**
 * The event, once it is known to have what every handler needs: for each record an SES source, the message id, the
 * envelope sender and the receipt's recipients.
 *
 * @throws {Error} naming the first thing that is missing; an asynchronous invocation is then retried by Lambda.
 */
export function parseSesEvent(event: unknown): SesEvent {
  const records = field(event, 'Records');
  if (!Array.isArray(records)) throw notSes('Records is not a list');
  for (const [index, record] of records.entries()) checkRecord(record, `Records[${index}]`);
  return event as SesEvent;
}

function checkRecord(record: unknown, at: string): void {
  const source = field(record, 'eventSource');
  if (source !== 'aws:ses')
    throw notSes(
      field(record, 'EventSource') === 'aws:sns'
        ? `${at} came through SNS, not from a Lambda action of a receipt rule`
        : `${at}.eventSource is not "aws:ses"`,
    );
  const ses = field(record, 'ses');
  const mail = field(ses, 'mail');
  const receipt = field(ses, 'receipt');
  for (const name of ['messageId', 'source'])
    if (typeof field(mail, name) !== 'string') throw notSes(`${at}.ses.mail.${name} is not a string`);
  if (field(mail, 'messageId') === '') throw notSes(`${at}.ses.mail.messageId is empty`);
  const recipients = field(receipt, 'recipients');
  if (!Array.isArray(recipients) || !recipients.every((recipient) => typeof recipient === 'string'))
    throw notSes(`${at}.ses.receipt.recipients is not a list of addresses`);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function notSes(what: string): Error {
  return new Error(`This is not an SES event: ${what}.`);
}
