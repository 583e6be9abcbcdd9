import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recipientMatches as matchesInSandbox } from '../../src/sandbox/ses-recipient.ts';
import {
  matchesAny,
  recipientMatches,
  recipientsOverlap,
  sampleAddressesOf,
  union,
} from '../../src/core/recipients.ts';

describe('recipientMatches', () => {
  it.each([
    {
      recipient: 'user@example.com',
      matches: ['user@example.com', 'user+label@example.com'],
      not: ['other@example.com', 'user@sub.example.com'],
    },
    {
      recipient: 'user+label@example.com',
      matches: ['user+label@example.com'],
      not: ['user@example.com', 'user+other@example.com'],
    },
    {
      recipient: 'example.com',
      matches: ['anybody@example.com', 'any+label@example.com'],
      not: ['anybody@sub.example.com', 'anybody@notexample.com'],
    },
    {
      recipient: '.example.com',
      matches: ['anybody@sub.example.com', 'anybody@deep.sub.example.com'],
      not: ['anybody@example.com', 'anybody@notexample.com'],
    },
    { recipient: 'User@Example.COM', matches: ['user@example.com', 'USER@EXAMPLE.com'], not: ['users@example.com'] },
  ])('lets $recipient match $matches and nothing of $not', ({ recipient, matches, not }) => {
    expect(matches.filter((address) => !recipientMatches(recipient, address))).toEqual([]);
    expect(not.filter((address) => recipientMatches(recipient, address))).toEqual([]);
  });

  it('says the same as a matcher written from the documentation alone, and as the sandbox', () => {
    fc.assert(
      fc.property(recipient, address, (wanted, found) => {
        const expected = naiveMatch(wanted, found);

        expect(recipientMatches(wanted, found)).toBe(expected);
        expect(matchesInSandbox(wanted, found)).toBe(expected);
      }),
      { numRuns: 20_000 },
    );
  });

  it('of a list holds when it does for one recipient; an empty list is for everybody', () => {
    fc.assert(
      fc.property(recipients, address, (wanted, found) => {
        const expected = wanted.length === 0 || wanted.some((one) => naiveMatch(one, found));

        expect(matchesAny(wanted, found)).toBe(expected);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('recipientsOverlap', () => {
  it.each([
    { a: [], b: ['a@x.io'], overlap: true },
    { a: ['a@x.io'], b: ['A@X.IO'], overlap: true },
    { a: ['a@x.io'], b: ['a+l@x.io'], overlap: true },
    { a: ['a+l@x.io'], b: ['a+m@x.io'], overlap: false },
    { a: ['x.io'], b: ['a+l@x.io'], overlap: true },
    { a: ['x.io'], b: ['.x.io'], overlap: false },
    { a: ['.x.io'], b: ['s.x.io'], overlap: true },
    { a: ['.x.io'], b: ['.t.s.x.io'], overlap: true },
    { a: ['a@x.io', 'b@x.io'], b: ['c@x.io', 'y.io'], overlap: false },
  ])('of $a and $b is $overlap', ({ a, b, overlap }) => {
    expect(recipientsOverlap(a, b)).toBe(overlap);
    expect(recipientsOverlap(b, a)).toBe(overlap);
  });

  it('is true for every two lists that match a common address', () => {
    fc.assert(
      fc.property(recipients, recipients, address, (a, b, found) => {
        fc.pre(matchesAny(a, found) && matchesAny(b, found));
        expect(recipientsOverlap(a, b)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('sampleAddressesOf', () => {
  it('has an address that is treated like any given one', () => {
    fc.assert(
      fc.property(fc.array(recipient, { maxLength: 8 }), address, (wanted, found) => {
        const treatment = (tried: string) => wanted.map((one) => naiveMatch(one, tried)).join();

        expect(sampleAddressesOf(wanted).map(treatment)).toContain(treatment(found));
      }),
      { numRuns: 20_000 },
    );
  });

  it('needs one address for each recipient and one that none of them matches', () => {
    expect(sampleAddressesOf(['a@x.io', 'x.io', '.x.io', 'A@x.io'])).toEqual(['*@*', 'a@x.io', '*@x.io', '*@*.x.io']);
  });
});

describe('union', () => {
  it('has every recipient once', () =>
    expect(union(['a@x.io', 'x.io'], ['x.io', 'y.io'])).toEqual(['a@x.io', 'x.io', 'y.io']));
  it('is everybody as soon as one list is', () => expect([union([], ['x.io']), union(['x.io'], [])]).toEqual([[], []]));
});

/** Case aside: an address in full, without its label, its domain, or the end of its domain behind a dot. */
function naiveMatch(wanted: string, found: string): boolean {
  const [recipientText, addressText] = [wanted.toLowerCase(), found.toLowerCase()];
  const [, local = '', label = '', domain = ''] = /^([^@+]*)(\+[^@]*)?@(.*)$/.exec(addressText) ?? [];
  if (recipientText.startsWith('.')) return domain.endsWith(recipientText);
  if (!recipientText.includes('@')) return domain === recipientText;
  return recipientText === `${local}${label}@${domain}` || recipientText === `${local}@${domain}`;
}

const domain = fc.oneof(
  fc.constantFrom('x.io', 's.x.io', 't.s.x.io', 'y.io', 'X.io', 'sx.io', 'io', 'invalid', 'any.invalid'),
  // Domains that are not ASCII, as they travel and as people write them: one is not the other.
  fc.constantFrom('xn--bcher-kva.io', 's.XN--BCHER-KVA.io', 'bücher.io', 's.BÜCHER.io'),
);
const local = fc.constantFrom('a', 'b', 'A', 'ab');
const label = fc.constantFrom('', '', '+l', '+m', '+L', '+');
const address = fc.tuple(local, label, domain).map(([name, tag, at]) => `${name}${tag}@${at}`);
const recipient = fc.oneof(
  address,
  domain,
  domain.map((name) => `.${name}`),
);
const recipients = fc.array(recipient, { maxLength: 4 });
