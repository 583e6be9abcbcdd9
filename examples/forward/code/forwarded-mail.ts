/** One header: its name, and its value as it was written, line breaks included. */
type Field = { readonly name: string; readonly value: string };

const MARK = 'X-Forwarded-By';

/**
 * No longer true once the sender is another: signatures that cover From, and what only the last server may write. SES
 * writes a Message-ID of its own.
 */
const DROPPED = new Set(['return-path', 'sender', 'from', 'dkim-signature', 'message-id']);

type Forwarded = { readonly kind: 'mail'; readonly raw: Buffer } | { readonly kind: 'loop' };

/**
 * The mail as it goes on: from an address that we may send as, replies to whom it came from, and everything else, the
 * body above all, byte for byte as it was.
 */
export function forwardedMail(raw: Buffer, from: string): Forwarded {
  const { fields, rest } = splitHeader(raw);
  const valuesOf = (wanted: string): string[] =>
    fields.flatMap(({ name, value }) => (name.toLowerCase() === wanted ? [value] : []));
  if (valuesOf(MARK.toLowerCase()).some((value) => value.trim() === from)) return { kind: 'loop' };

  const [sender] = valuesOf('from');
  const kept = fields.filter(({ name }) => !DROPPED.has(name.toLowerCase()));
  const header = [
    { name: MARK, value: ` ${from}\r\n` },
    { name: 'From', value: ` ${displayName(sender)}<${from}>\r\n` },
    ...(sender === undefined || valuesOf('reply-to').length > 0 ? [] : [{ name: 'Reply-To', value: sender }]),
    ...kept,
  ];
  const text = header.map(({ name, value }) => `${name}:${value}`).join('');
  return { kind: 'mail', raw: Buffer.concat([Buffer.from(text, 'latin1'), rest]) };
}

/** The name that is shown for one sender, as it was written, encoded words and all; nothing for several senders. */
function displayName(from = ''): string {
  const unfolded = from.replaceAll(/[\r\n]/g, '');
  const [, name = ''] = /^\s*("(?:[^"\\]|\\.)*"|[^"<>,;:]*?)\s*<[^<>]*>\s*$/.exec(unfolded) ?? [];
  return name === '' ? '' : `${name} `;
}

/** Latin 1 keeps each byte as it is. `rest` begins with the empty line. */
function splitHeader(raw: Buffer): { readonly fields: readonly Field[]; readonly rest: Buffer } {
  const text = raw.toString('latin1');
  const end = /\r?\n(?=\r?\n)/.exec(text);
  const length = end === null ? text.length : end.index + end[0].length;
  const lines = text.slice(0, length).match(/[^\n]+\n(?:[ \t][^\n]*\n)*/g) ?? [];
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return colon === -1 ? [] : [{ name: line.slice(0, colon), value: line.slice(colon + 1) }];
  });
  return { fields, rest: raw.subarray(length) };
}
