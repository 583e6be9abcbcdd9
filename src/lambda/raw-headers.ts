import type { SesCommonHeaders } from './ses-event.ts';

export type Header = { readonly name: string; readonly value: string };

/** An event holds at most this much of the headers. */
const MAX_HEADERS_BYTES = 10 * 1024;

/** The header fields of a raw message, unfolded (RFC 5322 2.2.3); bytes over 127 are UTF-8 (RFC 6532). */
export function headersOf(raw: Buffer): Header[] {
  const [block = ''] = raw.toString('utf8').split(/\r?\n\r?\n/, 1);
  const lines = block.replaceAll(/\r?\n([ \t])/g, '$1').split(/\r?\n/);
  return lines.flatMap((line) => {
    const [, name, value] = /^([!-9;-~]+)[ \t]*:(.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, value: value.trim() }];
  });
}

/** As many of the headers as an event holds. */
export function withinLimit(headers: readonly Header[]): { readonly kept: Header[]; readonly truncated: boolean } {
  let leftBytes = MAX_HEADERS_BYTES;
  const end = headers.findIndex(({ name, value }) => {
    leftBytes -= Buffer.byteLength(`${name}: ${value}\r\n`);
    return leftBytes < 0;
  });
  return { kept: headers.slice(0, end === -1 ? undefined : end), truncated: end !== -1 };
}

/** What SES lifts out of the headers; only what the message had. */
export function commonHeadersOf(headers: readonly Header[]): SesCommonHeaders {
  const all = (wanted: string): string[] =>
    headers.flatMap(({ name, value }) => (name.toLowerCase() === wanted ? [value] : []));
  const addresses = (wanted: string): string[] | undefined => {
    const found = all(wanted).flatMap(listed);
    return found.length === 0 ? undefined : found;
  };
  const found: { [Name in keyof SesCommonHeaders]: SesCommonHeaders[Name] | undefined } = {
    returnPath: all('return-path')[0]?.replaceAll(/^<|>$/g, ''),
    from: addresses('from'),
    date: all('date')[0],
    to: addresses('to'),
    cc: addresses('cc'),
    bcc: addresses('bcc'),
    sender: all('sender')[0],
    replyTo: addresses('reply-to'),
    messageId: all('message-id')[0],
    subject: all('subject')[0],
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** Of entries such as `"Doe, Jane" <jane@example.com>`. */
export function bareAddresses(entries: readonly string[]): string[] {
  return entries.map((entry) => /<([^<>]*)>\s*$/.exec(entry)?.[1] ?? entry.trim());
}

/** What stands between commas that are not quoted, escaped, in a comment or in an address. */
function listed(value: string): string[] {
  let depth = 0;
  let quoted = false;
  const parts = [''];
  for (const [token] of value.matchAll(/\\.?|[^\\]/gsu)) {
    if (token === '"') quoted = !quoted;
    if (!quoted && (token === '(' || token === '<')) depth += 1;
    if (!quoted && (token === ')' || token === '>')) depth -= 1;
    if (token === ',' && !quoted && depth <= 0) parts.push('');
    else parts.push((parts.pop() ?? '') + token);
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
