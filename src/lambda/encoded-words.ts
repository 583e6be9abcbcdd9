const WORD = String.raw`=\?[^\s?]+\?[bq]\?[^\s?]*\?=`;
/** White space between encoded words only keeps lines short. */
const RUN = new RegExp(String.raw`${WORD}(?:\s+${WORD})*`, 'gi');
const PARTS = /=\?([^\s?*]+)(?:\*[^\s?]*)?\?([bq])\?([^\s?]*)\?=/gi;

type Part = { readonly charset: string; readonly bytes: Buffer };

/**
 * A header's words as people read them: `=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=` is `Grüße`. What is not encoded, or in a charset
 * that Node.js does not know, stays as it is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc2047
 */
export function decodeWords(text: string): string {
  return text.replaceAll(RUN, (run) => {
    try {
      return joined(partsOf(run))
        .map(({ charset, bytes }) => new TextDecoder(charset).decode(bytes))
        .join('');
    } catch {
      return run;
    }
  });
}

function partsOf(run: string): Part[] {
  return [...run.matchAll(PARTS)].map(([, charset = '', encoding = '', text = '']) => ({
    charset: charset.toLowerCase(),
    bytes: encoding.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : fromQ(text),
  }));
}

/** Many programs split a character between two words, which RFC 2047 forbids. */
function joined(parts: readonly Part[]): Part[] {
  const whole: Part[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    if (last?.charset === part.charset)
      whole[whole.length - 1] = { ...part, bytes: Buffer.concat([last.bytes, part.bytes]) };
    else whole.push(part);
  }
  return whole;
}

function fromQ(text: string): Buffer {
  const characters = text
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-f]{2})/gi, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(characters, 'latin1');
}
