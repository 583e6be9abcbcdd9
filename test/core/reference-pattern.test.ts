import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from '../../src/core/reference-pattern.ts';

describe('matchesPattern', () => {
  it.each([
    ['mail', 'mail', true],
    ['mail', 'mails', false],
    ['mail', 'email', false],
    ['mail-*', 'mail-a', true],
    ['mail-*', 'mail-', true],
    ['mail-*', 'mail', false],
    ['*-mail-*', 'a-mail-b', true],
    ['a*a', 'a', false],
    ['a*b*c', 'acbc', true],
    ['a*b*c', 'acb', false],
    ['*', 'anything.at-all', true],
    ['Mail', 'mail', false],
    ['m.il', 'mail', false],
    ['arn:aws:iam::111122223333:role/mail/*', 'arn:aws:iam::111122223333:role/mail/reader', true],
    ['arn:aws:iam::111122223333:role/mail/*', 'arn:aws:iam::111122223333:role/mail/team/reader', false],
    ['arn:aws:iam::111122223333:role/*', 'arn:aws:iam::111122223333:role/mail/reader', false],
    ['arn:aws:iam::*:role/reader', 'arn:aws:iam::444455556666:role/reader', true],
    ['arn:aws:iam::1111*:role/reader', 'arn:aws:iam::444455556666:role/reader', false],
    ['arn:aws:iam:*:role/reader', 'arn:aws:iam::111122223333:role/reader', false],
    ['arn:aws:sns:*', 'arn:aws:sns:us-west-2:111122223333:stored', false],
    ['a/b', 'a:b', false],
  ])('%j on %j: %s', (pattern, reference, expected) => {
    expect(matchesPattern(pattern, reference)).toBe(expected);
  });

  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*', ':', '/'), maxLength: 12 });

  it('agrees with the regular expression that its documentation describes', () => {
    const expression = (pattern: string): RegExp =>
      new RegExp(`^${pattern.replace(/[*]|[^*]+/g, (part) => (part === '*' ? '[^:/]*' : part))}$`);

    fc.assert(
      fc.property(text, text, (pattern, reference) => {
        expect(matchesPattern(pattern, reference)).toBe(expression(pattern).test(reference));
      }),
      {
        numRuns: 5_000,
      },
    );
  });

  it('never lets a star go across a segment', () => {
    const separators = (of: string): string => of.replace(/[^:/]/g, '');

    fc.assert(
      fc.property(text, text, (pattern, reference) => {
        fc.pre(matchesPattern(pattern, reference));
        expect(separators(reference)).toBe(separators(pattern));
      }),
    );
  });

  it('is quick whatever a tenant writes', () => {
    const startedAtMs = performance.now();

    expect(matchesPattern(`${'*a'.repeat(200)}b`, 'a'.repeat(2048))).toBe(false);

    expect(performance.now() - startedAtMs).toBeLessThan(500);
  });
});
