import { array, assert, constantFrom, integer, property, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMailBody, withBytesInFront } from '../../src/sandbox/mail-body.ts';

const MB = 1024 * 1024;

function bodyOf(chunks: readonly Uint8Array[]): Uint8Array {
  const body = createMailBody(4 * MB);
  for (const chunk of chunks) body.add(chunk);
  return body.complete();
}

describe('a mail body', () => {
  test('is what was added, small or large, in whatever pieces', () => {
    const sizes = array(integer({ min: 0, max: 300_000 }), { maxLength: 12 });
    assert(
      property(sizes, (lengths) => {
        const chunks = lengths.map((length, index) => Buffer.alloc(length, index + 1));
        expect(Buffer.from(bodyOf(chunks)).equals(Buffer.concat(chunks))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('takes as much as was said', () => {
    expect(bodyOf([Buffer.alloc(4 * MB, 'x')])).toHaveLength(4 * MB);
  });

  test('stays as it is, whatever is put in front of it and how often', () => {
    const fronts = array(uint8Array({ maxLength: 9000 }), { maxLength: 5 });
    assert(
      property(constantFrom(10, 400_000), fronts, (size, before) => {
        const original = bodyOf([Buffer.alloc(size, 'b')]);
        const branches = before.map((front) => ({ front, grown: withBytesInFront(original, front) }));
        let chain = { bytes: original, expected: Buffer.alloc(size, 'b') };
        for (const front of before) {
          chain = {
            bytes: withBytesInFront(chain.bytes, front),
            expected: Buffer.concat([front, chain.expected]),
          };
        }
        expect(Buffer.from(chain.bytes).equals(chain.expected)).toBe(true);
        for (const { front, grown } of branches) {
          expect(Buffer.from(grown).equals(Buffer.concat([front, Buffer.alloc(size, 'b')]))).toBe(true);
        }
        expect(Buffer.from(original).equals(Buffer.alloc(size, 'b'))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('of a large mail is not copied for a header', () => {
    const body = bodyOf([Buffer.alloc(2 * MB, 'x')]);
    expect(withBytesInFront(body, Buffer.from('X-Seen: yes\r\n')).buffer).toBe(body.buffer);
  });
});
