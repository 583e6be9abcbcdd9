/** One header field: name as written, value unfolded and trimmed. */
export type Header = { readonly name: string; readonly value: string };

/** What SES lifts out of the headers into `mail.commonHeaders`; a field is there only if the mail had it. */
export type CommonHeaders = {
  returnPath?: string;
  from?: string[];
  date?: string;
  to?: string[];
  cc?: string[];
  bcc?: string[];
  sender?: string;
  replyTo?: string[];
  messageId?: string;
  subject?: string;
};

/**
 * The header fields of a raw message, in order, unfolded (RFC 5322 2.2.3). Ends at the first empty line, or at the end
 * of a message that has no body. Lines that are no field are skipped. Bytes over 127 are read as UTF-8 (RFC 6532).
 */
export function parseHeaders(raw: Uint8Array): Header[] {
  const text = headerBlock(raw);
  const unfolded = text.replaceAll(/\r?\n(?=[ \t])/g, '');
  return unfolded.split(/\r?\n/).flatMap((line) => {
    const field = /^([!-9;-~]+)[ \t]*:(.*)$/.exec(line);
    const [, name, value] = field ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value: value.trim() }];
  });
}

/** The headers that fit into `maxBytes`, and whether any did not: SES cuts at 10 KB. */
export function cutHeaders(
  headers: readonly Header[],
  maxBytes: number,
): { readonly headers: Header[]; readonly truncated: boolean } {
  const kept: Header[] = [];
  let bytes = 0;
  for (const header of headers) {
    bytes += Buffer.byteLength(header.name) + Buffer.byteLength(header.value) + ': \r\n'.length;
    if (bytes > maxBytes) return { headers: kept, truncated: true };
    kept.push(header);
  }
  return { headers: kept, truncated: false };
}

/** https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html#receiving-email-notifications-contents-mail-object-commonHeaders */
export function commonHeaders(headers: readonly Header[]): CommonHeaders {
  const first = (name: string): string | undefined =>
    headers.find((header) => header.name.toLowerCase() === name)?.value;
  const list = (name: string): string[] | undefined => {
    const values = headers
      .filter((header) => header.name.toLowerCase() === name)
      .flatMap(({ value }) => splitList(value));
    return values.length === 0 ? undefined : values;
  };
  const found: { [Name in keyof CommonHeaders]: CommonHeaders[Name] | undefined } = {
    returnPath: first('return-path')?.replaceAll(/^<|>$/g, ''),
    from: list('from'),
    date: first('date'),
    to: list('to'),
    cc: list('cc'),
    bcc: list('bcc'),
    sender: first('sender'),
    replyTo: list('reply-to'),
    messageId: first('message-id'),
    subject: first('subject'),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** Addresses of a list header, split at commas outside quotes, comments and angle brackets. */
export function splitList(value: string): string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  let depth = 0;
  for (let index = 0; index < value.length; index += 1) {
    const char = value.charAt(index);
    if (char === '\\') {
      part += char + value.charAt(index + 1);
      index += 1;
      continue;
    }
    if (char === '"') quoted = !quoted;
    if (!quoted && (char === '(' || char === '<')) depth += 1;
    if (!quoted && (char === ')' || char === '>')) depth -= 1;
    if (char === ',' && !quoted && depth <= 0) {
      parts.push(part);
      part = '';
    } else {
      part += char;
    }
  }
  return [...parts, part].map((text) => text.trim()).filter((text) => text !== '');
}

/** The bare address of a list entry such as `"Doe, Jane" <jane@example.com>`. */
export function bareAddress(entry: string): string {
  return /<([^<>]*)>\s*$/.exec(entry)?.[1] ?? entry.trim();
}

function headerBlock(raw: Uint8Array): string {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const ends = ['\n\r\n', '\n\n'].map((end) => bytes.indexOf(end)).filter((index) => index !== -1);
  const block = bytes.subarray(0, ends.length === 0 ? bytes.length : Math.min(...ends)).toString('utf8');
  return block.replace(/\r$/, '');
}
