import { assert, property, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bareAddress, commonHeaders, cutHeaders, parseHeaders, splitList } from '../../src/sandbox/mail-headers.ts';

const parse = (text: string) => parseHeaders(Buffer.from(text));

describe('parseHeaders', () => {
  test('unfolds continued lines and stops at the body', () => {
    expect(parse('Subject: one\r\n two\r\n\tthree\r\nX-Empty:\r\n\r\nX-Body: no\r\n')).toEqual([
      { name: 'Subject', value: 'one two\tthree' },
      { name: 'X-Empty', value: '' },
    ]);
  });

  test('reads bare line feeds, repeated fields and UTF-8', () => {
    expect(parse('Received: a\nReceived: b\nSubject: Grüße: ja\n\nbody')).toEqual([
      { name: 'Received', value: 'a' },
      { name: 'Received', value: 'b' },
      { name: 'Subject', value: 'Grüße: ja' },
    ]);
  });

  test.each(['\r\n\n', '\n\r\n'])('ends at an empty line whatever its kind: %j', (end) => {
    expect(parse(`Subject: Hi${end}X-Body: no`)).toEqual([{ name: 'Subject', value: 'Hi' }]);
  });

  test('skips lines that are no field', () => {
    expect(parse('From old mbox\r\nno colon\r\nTo: a@x.test\r\n')).toEqual([{ name: 'To', value: 'a@x.test' }]);
  });

  test('takes any bytes', () => {
    assert(
      property(uint8Array(), (bytes) => {
        expect(parseHeaders(bytes).every(({ name }) => /^[!-9;-~]+$/.test(name))).toBe(true);
      }),
    );
  });
});

describe('commonHeaders', () => {
  test('has a field only if the mail had it', () => {
    expect(commonHeaders(parse('Subject: Hi\r\n\r\n'))).toEqual({ subject: 'Hi' });
  });

  test('splits address lists and strips the return path', () => {
    const headers = parse(
      'Return-Path: <bounce@x.test>\r\nFrom: "Doe, Jane" <j@x.test>\r\nTo: a@y.test, B <b@y.test>\r\nCC: c@y.test\r\n' +
        'Reply-To: r@x.test\r\nMessage-ID: <1@x.test>\r\nDate: Mon, 5 Aug 2019 21:29:57 +0000\r\n\r\n',
    );
    expect(commonHeaders(headers)).toEqual({
      returnPath: 'bounce@x.test',
      from: ['"Doe, Jane" <j@x.test>'],
      to: ['a@y.test', 'B <b@y.test>'],
      cc: ['c@y.test'],
      replyTo: ['r@x.test'],
      messageId: '<1@x.test>',
      date: 'Mon, 5 Aug 2019 21:29:57 +0000',
    });
  });
});

describe('splitList', () => {
  test.each([
    ['a@x.test', ['a@x.test']],
    ['a@x.test,b@x.test', ['a@x.test', 'b@x.test']],
    [String.raw`"a \", b" <a@x.test>, c@x.test`, [String.raw`"a \", b" <a@x.test>`, 'c@x.test']],
    ['a@x.test (one, two), b@x.test', ['a@x.test (one, two)', 'b@x.test']],
    ['', []],
    [' , ', []],
  ])('splits %s', (value, expected) => {
    expect(splitList(value)).toEqual(expected);
  });
});

test.each([
  ['"Doe, Jane" <j@x.test>', 'j@x.test'],
  ['<j@x.test>', 'j@x.test'],
  [' j@x.test ', 'j@x.test'],
])('takes the bare address out of %s', (entry, expected) => {
  expect(bareAddress(entry)).toBe(expected);
});

describe('cutHeaders', () => {
  const header = (bytes: number) => ({ name: 'X', value: 'v'.repeat(bytes - 'X: \r\n'.length) });

  test('keeps what fits exactly and says when something was cut', () => {
    expect(cutHeaders([header(60), header(40)], 100)).toEqual({ headers: [header(60), header(40)], truncated: false });
    expect(cutHeaders([header(60), header(41)], 100)).toEqual({ headers: [header(60)], truncated: true });
  });
});
