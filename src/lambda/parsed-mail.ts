import type * as Parser from 'postal-mime';

/** What a message says, decoded. Only what the message had is present. */
export type ParsedMail = {
  /** Every header in the order of the message, unfolded and otherwise as it was written. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly from?: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly subject?: string;
  /** ISO 8601, or the header's own words when they are no date. */
  readonly date?: string;
  readonly text?: string;
  readonly html?: string;
  readonly attachments: readonly MailAttachment[];
};

/** An address and the name shown with it, which may be empty. */
export type MailAddress = { readonly name: string; readonly address: string };

export type MailAttachment = {
  /** As its sender wrote it: may hold slashes and dots, so never use it as a path. */
  readonly filename?: string;
  readonly contentType: string;
  /** `attachment`, `inline`, or what else the message says. */
  readonly disposition?: string;
  /** Without the angle brackets: what `cid:` in the HTML refers to. */
  readonly contentId?: string;
  readonly content: Uint8Array;
};

/**
 * Parses a raw message.
 *
 * @throws {Error} without the package `postal-mime`, or when the message is nested or headed without measure
 */
export async function parseMail(raw: Uint8Array): Promise<ParsedMail> {
  const { default: PostalMime } = await loadParser();
  const mail = await PostalMime.parse(raw, { attachmentEncoding: 'arraybuffer' });
  const [from] = mailboxes(mail.from === undefined ? [] : [mail.from]);
  return {
    headers: mail.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    to: mailboxes(mail.to),
    cc: mailboxes(mail.cc),
    replyTo: mailboxes(mail.replyTo),
    ...present({ from, subject: mail.subject, date: mail.date, text: mail.text, html: mail.html }),
    attachments: mail.attachments.map(({ filename, mimeType, disposition, contentId, content }) => ({
      contentType: mimeType,
      ...present({ filename, disposition, contentId: contentId?.replaceAll(/^<|>$/g, '') }),
      content: typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content),
    })),
  };
}

function loadParser(): Promise<typeof Parser> {
  return import('postal-mime').catch((cause: unknown) => {
    throw new Error(
      'message.parse() needs the package postal-mime in the code of the function: npm install postal-mime, and bundle it or pack node_modules.',
      { cause },
    );
  });
}

/** Groups are given as their members. */
function mailboxes(addresses: readonly Parser.Address[] = []): MailAddress[] {
  return addresses.flatMap((entry) => entry.group ?? [entry]).map(({ name, address }) => ({ name, address }));
}

type Present<Members> = { [Name in keyof Members]?: NonNullable<Members[Name]> };

function present<Members extends object>(members: Members): Present<Members> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== null),
  ) as Present<Members>;
}
