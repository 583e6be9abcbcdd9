import { assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeWords } from '../../src/lambda/encoded-words.ts';

describe('the words of a header', () => {
  // The last three rows before "unknown" are of https://www.rfc-editor.org/rfc/rfc2047#section-8
  test.each([
    ['plain text', 'Hello, =world?=', 'Hello, =world?='],
    ['quoted-printable', '=?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_K=c3=b6ln?=', 'Grüße aus Köln'],
    ['base64', '=?utf-8?B?R3LDvMOfZQ==?=', 'Grüße'],
    ['another charset', '=?ISO-8859-1?Q?Andr=E9?= Pirard', 'André Pirard'],
    ['Japanese', '=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=', '日本語'],
    ['a language', '=?utf-8*de?q?gr=C3=BCn?=', 'grün'],
    ['words over several lines', '=?utf-8?Q?one_?=\r\n =?utf-8?Q?two?= three', 'one two three'],
    ['a character between two words', '=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=', 'ü'],
    ['two charsets', '=?utf-8?Q?=C3=BC?= =?iso-8859-1?Q?=FC?=', 'üü'],
    ['two words side by side', '(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)', '(ab)'],
    ['a word beside text', '(=?ISO-8859-1?Q?a?= b)', '(a b)'],
    ['a space in a word', '(=?ISO-8859-1?Q?a_b?=)', '(a b)'],
    ['an unknown charset', 'a =?x-none?Q?b?= =?utf-8?Q?c?=', 'a =?x-none?Q?b?= =?utf-8?Q?c?='],
    ['what is already decoded', 'Grüße', 'Grüße'],
    ['a word that does not end', '=?utf-8?Q?Gr', '=?utf-8?Q?Gr'],
  ])('are read: %s', (_name, text, expected) => {
    expect(decodeWords(text)).toBe(expected);
  });

  test('are read whatever they are, and text without a mark stays', () => {
    const piece = string({ unit: constantFrom('=', '?', '=?utf-8?', 'q?', 'b?', '?=', ' ', 'ü', '=C', 'a', '*') });
    assert(
      property(piece, (text) => {
        expect(decodeWords(text)).toEqual(expect.any(String));
      }),
    );
    assert(property(string(), (text) => text.includes('=?') || decodeWords(text) === text));
  });
});
