import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocuments } from '../../src/files/parse-documents.ts';

/** The value of a document `v: <yaml>`, or what is wrong with it. */
function read(yaml: string): unknown {
  const [parsed] = parseDocuments(`v: ${yaml}\n`);
  if (parsed?.ok !== true) return `problem: ${parsed?.message}`;
  return (parsed.value as { v: unknown }).v;
}

// What `kubectl annotate --local -o json` of version 1.32 makes of each.
describe('a value', () => {
  test.each([
    ['y', true],
    ['Y', true],
    ['yes', true],
    ['YES', true],
    ['on', true],
    ['True', true],
    ['n', false],
    ['NO', false],
    ['off', false],
    ['FALSE', false],
    ['tRUE', 'tRUE'],
    ['"yes"', 'yes'],
    ["'on'", 'on'],
    ['!!bool y', true],
    ['!!str yes', 'yes'],
    ['', null],
    ['~', null],
    ['Null', null],
    ['nULL', 'nULL'],
    ['!!str', ''],
    ['0644', 420],
    ['-0644', -420],
    ['0644_1', 3361],
    ['0o644', 420],
    ['-0o644', -420],
    ['0O17', 15],
    ['0o8', '0o8'],
    ['0899', 899],
    ['012345678901', 12345678901],
    ['123456789012', 123456789012],
    ['0xFF', 255],
    ['-0xff', -255],
    ['0x_F', 15],
    ['0x', '0x'],
    ['0b101', 5],
    ['0b2', '0b2'],
    ['1_000', 1000],
    ['_1', '_1'],
    ['1_', 1],
    ['+12', 12],
    ['-0', 0],
    ['1.5', 1.5],
    ['1.0', 1],
    ['.5', 0.5],
    ['._5', '._5'],
    ['.5_0', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['12e03', 12000],
    ['1_0e1_0', 100_000_000_000],
    ['1e', '1e'],
    ['1.5e400', '1.5e400'],
    ['1.2.3', '1.2.3'],
    ['0x1p4', '0x1p4'],
    ['190:20:30', '190:20:30'],
    ['2001-12-14', '2001-12-14'],
    ['2001-12-14T21:59:43Z', '2001-12-14T21:59:43Z'],
    ['!!timestamp 2001-12-14', '2001-12-14'],
    ['inf', 'inf'],
    ['!!int "0644"', 420],
    ['!!float 3', 3],
    ['!!binary aGVsbG8=', 'hello'],
    ['!ours text', 'text'],
    ['!ours [a]', ['a']],
    ['!!set {a, b}', { a: null, b: null }],
    ['!!omap [a: 1]', [{ a: 1 }]],
    ['=', '='],
    ['<<', '<<'],
    ['{1: a}', { '1': 'a' }],
    ['{yes: a}', { true: 'a' }],
    ['{0x10: a, 1_000: b, 1.50: c}', { '16': 'a', '1000': 'b', '1.5': 'c' }],
    ['{2001-12-14: a}', { '2001-12-14': 'a' }],
    ['{<<: {a: 1, q: 3}, a: 2}', { a: 2, q: 3 }],
    ['{a: 2, <<: {a: 1, q: 3}}', { a: 1, q: 3 }],
    ['{<<: [{a: 1}, {a: 9, z: 1}]}', { a: 1, z: 1 }],
    ['{a: &b {c: 1}, d: {<<: *b, e: 2}}', { a: { c: 1 }, d: { c: 1, e: 2 } }],
  ])('%s is read as kubectl reads it', (yaml, value) => {
    expect(read(yaml)).toEqual(value);
  });

  test.each([
    ['!!int abc', 'line 1, column 4: cannot resolve'],
    ['!!int 1.5', 'cannot resolve'],
    ['!!null x', 'cannot resolve'],
    ['.inf', 'Infinity is not a number that JSON has'],
    ['-.INF', '-Infinity is not a number that JSON has'],
    ['.nan', 'NaN is not a number that JSON has'],
    ['@a', 'line 1, column 4'],
    ['*nope', 'unidentified alias "nope"'],
    ['&a [*a]', 'contains itself'],
    ['{<<: 3}', 'needs a map'],
    ['{? [a] : 1}', 'complex keys'],
    ['{~: 1}', 'a key may not be null'],
  ])('%s is refused as kubectl refuses it', (yaml, words) => {
    expect(read(yaml)).toContain(words);
  });

  test('that stands twice in a map is refused, as the API server does it', () => {
    expect(parseDocuments('a: 1\nb: 2\na: 3')).toEqual([
      { document: 1, ok: false, path: [], message: 'is not valid YAML: line 3, column 1: duplicated mapping key' },
    ]);
  });

  test('of any text comes back from its JSON form', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 4 }), (value) => {
        fc.pre(!/<<|__proto__/.test(JSON.stringify(value)));

        expect(parseDocuments(JSON.stringify({ value }, null, 2))).toEqual([
          { document: 1, ok: true, value: JSON.parse(JSON.stringify({ value })) },
        ]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('documents', () => {
  test.each([
    ['are cut at their separators', 'a: 1\n---\nb: 2', [{ a: 1 }, { b: 2 }]],
    ['without content are not counted', '# c\n---\n---\nnull\n---\na: 1\n...\n---\n', [{ a: 1 }]],
    ['may begin on the line of the separator', '--- {a: 1}\n--- # c\nb: 1', [{ a: 1 }, { b: 1 }]],
    ['may end in a line of dots', 'a: 1\n...\nb: 2', [{ a: 1 }, { b: 2 }]],
    ['may have a directive', '%YAML 1.1\n---\na: 1\n---\nb: 2', [{ a: 1 }, { b: 2 }]],
    ['keep an indented separator as text', 'a: |\n  x\n  ---\n  y\n', [{ a: 'x\n---\ny\n' }]],
    ['may have the line ends of Windows', 'a: 1\r\n---\r\nb: 2\r\n', [{ a: 1 }, { b: 2 }]],
    ['may begin with a byte order mark', '\uFEFFa: 1', [{ a: 1 }]],
    ['may be JSON, indented by tabs', '{\n\t"a": [true, "x\\/y"]\n}', [{ a: [true, 'x/y'] }]],
    ['may be absent', '', []],
  ])('%s', (_name, text, values) => {
    expect(parseDocuments(text)).toEqual(values.map((value, index) => ({ document: index + 1, ok: true, value })));
  });

  test('do not hide each other when one is broken, whose line is counted from the file', () => {
    expect(parseDocuments('a: 1\n---\nb:\n\tc: 1\n---\nc: 3')).toEqual([
      { document: 1, ok: true, value: { a: 1 } },
      {
        document: 2,
        ok: false,
        path: [],
        message: 'is not valid YAML: line 4, column 1: tab characters must not be used in indentation',
      },
      { document: 3, ok: true, value: { c: 3 } },
    ]);
  });

  test('never make it throw, whatever the text', () => {
    const pieces = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '\t',
      '---\n',
      '...',
      '&x ',
      '*x',
      '<<',
      '{',
      '}',
      '[',
      ']',
    );
    const more = fc.constantFrom(
      '"',
      "'",
      '|\n',
      '>',
      '%',
      '#',
      '!!int ',
      '!',
      '? ',
      ',',
      '0x',
      '.inf',
      '\0',
      '\uD800',
      'é',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, more), { maxLength: 30 }), (parts) => {
        const parsed = parseDocuments(parts.join(''));

        expect(parsed.map(({ document }) => document)).toEqual(parsed.map((_document, index) => index + 1));
      }),
      { numRuns: 2000 },
    );
  });

  test('are refused above 1 MiB', () => {
    expect(parseDocuments(`a: ${'x'.repeat(1024 * 1024)}`)).toMatchObject([
      { ok: false, message: expect.stringContaining('1 MiB') },
    ]);
  });

  test('are refused when nested without end', () => {
    expect(parseDocuments('['.repeat(10_000))).toMatchObject([{ ok: false }]);
  });

  test('are refused when few aliases grow to many values', () => {
    const names = 'abcdefghij'.split('');
    const lines = names.map((name, index) => {
      const inner = names[index - 1];
      return `${name}: &${name} [${Array(10)
        .fill(inner === undefined ? 'x' : `*${inner}`)
        .join(', ')}]`;
    });

    expect(parseDocuments(lines.join('\n'))).toMatchObject([
      { ok: false, message: expect.stringContaining('aliases') },
    ]);
  });

  test('are refused when aliases nest without end', () => {
    const lines = Array.from({ length: 5000 }, (_none, index) => `a${index + 1}: &a${index + 1} [*a${index}]`);

    expect(parseDocuments(['a0: &a0 x', ...lines].join('\n'))).toMatchObject([
      { ok: false, message: 'nests deeper than 100 levels' },
    ]);
  });

  test.each([
    ['__proto__: {polluted: true}', ['__proto__']],
    ['a: [{__proto__: {polluted: true}}]', ['a', 0, '__proto__']],
    ['<<: {__proto__: {polluted: true}}', ['<<', '__proto__']],
    ['{"__proto__": {"polluted": true}}', ['__proto__']],
  ])('that would change a prototype are refused: %s', (text, path) => {
    expect(parseDocuments(text)).toEqual([{ document: 1, ok: false, path, message: 'this name cannot be used' }]);
    expect('polluted' in {}).toBe(false);
  });

  test('may use the name of a constructor', () => {
    const [parsed] = parseDocuments('constructor: {prototype: {polluted: true}}');

    expect(parsed).toEqual({ document: 1, ok: true, value: { constructor: { prototype: { polluted: true } } } });
    expect('polluted' in {}).toBe(false);
  });
});
