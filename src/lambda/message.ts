import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Discovery } from './discovery.ts';
import { decodeWords } from './encoded-words.ts';
import { MessageBodyError } from './message-body-error.ts';
import { type ParsedMail, parseMail } from './parsed-mail.ts';
import { s3Body } from './s3-body.ts';
import type { SesMail, SesReceipt, SesRecord } from './ses-event.ts';
import type { MessageHead } from './stored-body.ts';
import { testBody } from './test-message.ts';

export type ReadOptions = {
  /** A larger message is not read: {@link MessageBodyError} of kind `tooLarge`. */
  readonly maxBytes?: number;
};

/** One message that SES received, and the way to its stored body. */
export type SesMessage = {
  /** Given by SES; the same for every rule that matched the message. Not the `Message-ID` header. */
  readonly messageId: string;
  /** As people read it; undefined when the message has none. */
  readonly subject: string | undefined;
  readonly mail: SesMail;
  readonly receipt: SesReceipt;
  /** Where the raw message lies, its size and its metadata. @throws {MessageBodyError} when it lies nowhere */
  readonly head: () => Promise<MessageHead>;
  /**
   * The raw message as SES stored it (RFC 5322), as a stream. Without options at most 40 MB, which is the most that
   * SES takes.
   *
   * @throws {MessageBodyError} when it lies nowhere or is too large
   * @see https://docs.aws.amazon.com/ses/latest/dg/quotas.html
   */
  readonly body: (options?: ReadOptions) => Promise<Readable>;
  /**
   * Headers, texts and attachments, by the package `postal-mime`, which has to be part of the function's code.
   * All of it is held in memory, so without options at most a thirty-second of what the function has: 4 MB of 128 MB.
   *
   * @throws {MessageBodyError} as `body` does
   * @throws {Error} without `postal-mime`
   */
  readonly parse: (options?: ReadOptions) => Promise<ParsedMail>;
};

const MEGABYTE = 1024 * 1024;
const MAX_BODY_BYTES = 40 * MEGABYTE;
/** Measured: the process takes 90 MB with the SDK loaded, and parsing six times the message on top. */
const PARSED_SHARE = 1 / 32;

/**
 * The message of one record.
 *
 * @param discover asked only when the body is
 * @param signal ends a download
 */
export function messageOf(record: SesRecord, discover: () => Discovery, signal: AbortSignal): SesMessage {
  const { mail, receipt } = record.ses;
  const { messageId } = mail;
  const stored = testBody(record) ?? s3Body(messageId, discover, signal);
  const open = async (maxBytes: number): Promise<Readable> => {
    const { head, stream } = await stored.open();
    if (head.sizeBytes <= maxBytes) return stream;
    stream.destroy();
    throw new MessageBodyError(
      'tooLarge',
      `Message ${messageId} has ${head.sizeBytes} bytes and at most ${maxBytes} are read; give a larger maxBytes, and the function the memory for it.`,
    );
  };
  return {
    messageId,
    subject: subjectOf(mail),
    mail,
    receipt,
    head: stored.head,
    body: ({ maxBytes = MAX_BODY_BYTES } = {}) => open(maxBytes),
    parse: async ({ maxBytes = parsedLimitBytes() } = {}) => parseMail(await buffer(await open(maxBytes))),
  };
}

/** Checked events need not have common headers: a test may leave them out. */
function subjectOf({ commonHeaders }: Partial<SesMail>): string | undefined {
  return commonHeaders?.subject === undefined ? undefined : decodeWords(commonHeaders.subject);
}

function parsedLimitBytes(): number {
  const memoryMb = Number(process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? Number.NaN);
  const limitBytes = memoryMb * MEGABYTE * PARSED_SHARE;
  return limitBytes < MAX_BODY_BYTES ? limitBytes : MAX_BODY_BYTES;
}
