import { describe, expect, it } from 'vitest';
import { judgeIdentity, judgeMx } from '../../src/core/domain-routing.ts';
import type { MxAnswer, Verification } from '../../src/core/ports.ts';

type Known = Readonly<Record<string, Verification | 'absent'>>;

const identity = (known: Known, recipients: readonly string[], domain = 'mail.example.com') => {
  const judged = judgeIdentity(domain, recipients, 'us-west-2', { identities: new Map(Object.entries(known)) });
  return judged === 'unknown' ? judged : judged.map(({ kind }) => kind);
};

const NOBODY: Known = { 'mail.example.com': 'absent', 'example.com': 'absent' };

describe('an identity', () => {
  it.each<[string, Known, string[], ReturnType<typeof identity>]>([
    ['of the domain', { ...NOBODY, 'mail.example.com': 'verified' }, ['mail.example.com'], []],
    ['of a domain above', { ...NOBODY, 'example.com': 'verified' }, ['mail.example.com'], []],
    [
      'of a domain above, although its own is pending',
      { 'mail.example.com': 'pending', 'example.com': 'verified' },
      ['mail.example.com'],
      [],
    ],
    ['of the address', { ...NOBODY, 'a@mail.example.com': 'verified' }, ['a@mail.example.com'], []],
    [
      'of one of two addresses',
      { ...NOBODY, 'a@mail.example.com': 'verified', 'b@mail.example.com': 'absent' },
      ['a@mail.example.com', 'b@mail.example.com'],
      ['identityNotVerified'],
    ],
    [
      'of an address, where the whole domain is a recipient',
      { ...NOBODY, 'a@mail.example.com': 'verified' },
      ['a@mail.example.com', 'mail.example.com'],
      ['identityNotVerified'],
    ],
    ['of nobody', NOBODY, ['mail.example.com'], ['identityNotVerified']],
    ['that nobody could be asked for', {}, ['mail.example.com'], 'unknown'],
    ['of which only a part is known', { 'mail.example.com': 'absent' }, ['mail.example.com'], 'unknown'],
    ['that is one address too many to be asked for', NOBODY, ['a@mail.example.com'], 'unknown'],
  ])('%s', (_, known, recipients, expected) => {
    expect(identity(known, recipients)).toEqual(expected);
  });

  it.each<[string, Known, string[]]>([
    ['of the domain above covers all subdomains', { 'example.com': 'verified' }, []],
    [
      'that is missing leaves those that are verified themselves',
      { 'example.com': 'absent' },
      ['subdomainsNotVerified'],
    ],
  ])('%s', (_, known, expected) => {
    expect(identity(known, ['.example.com'], '.example.com')).toEqual(expected);
  });

  it.each<[Verification | 'absent', RegExp]>([
    ['absent', /has no identity for example\.com, so it refuses .* Create one/],
    ['pending', /is not verified yet, .* Publish the DNS records that SES names; it looks for them for 72 hours/],
    ['failed', /has failed, .* start the verification again/],
    ['temporary-failure', /cannot confirm example\.com any more\. See whether/],
  ])('that is %s says what to do', (state, expected) => {
    const judged = judgeIdentity('example.com', ['example.com'], 'us-west-2', {
      identities: new Map([['example.com', state]]),
    });

    expect(judged).toMatchObject([{ domain: 'example.com', message: expect.stringMatching(expected) }]);
  });
});

const OURS = 'inbound-smtp.us-west-2.amazonaws.com';
const records = (...all: [number, string][]): MxAnswer => ({
  kind: 'records',
  records: all.map(([preference, exchange]) => ({ preference, exchange })),
});

describe('the MX of a domain', () => {
  const judge = (answer: MxAnswer | undefined) =>
    judgeMx('example.com', 'us-west-2', { mx: new Map(answer === undefined ? [] : [['example.com', answer]]) });

  it.each<[string, MxAnswer]>([
    ['is SES', records([10, OURS])],
    ['is SES in capitals and with a dot', records([10, 'Inbound-SMTP.us-west-2.amazonaws.com.'])],
    ['is SES twice', records([10, OURS], [20, OURS])],
    ['was not to be asked for', { kind: 'not-asked' }],
  ])('%s: nothing to say', (_, answer) => {
    expect(judge(answer)).toEqual([]);
  });

  it.each<[string, MxAnswer | undefined]>([
    ['was never asked for', undefined],
    ['was not answered', { kind: 'unanswered' }],
  ])('%s: unknown', (_, answer) => {
    expect(judge(answer)).toBe('unknown');
  });

  it.each<[string, MxAnswer, string, string]>([
    [
      'is missing',
      records(),
      'mxMissing',
      'example.com has no MX record, so nobody sends mail for it to SES. Publish the MX record "10 inbound-smtp.us-west-2.amazonaws.com" for it',
    ],
    [
      'is null',
      records([0, '']),
      'mxMissing',
      'DNS says that example.com takes no mail at all (a null MX). Publish the MX record "10 inbound-smtp.us-west-2.amazonaws.com" in its place',
    ],
    [
      'is of no domain at all',
      { kind: 'no-such-domain' },
      'mxMissing',
      'DNS knows no domain example.com. Correct its name, or register it. Publish the MX record "10 inbound-smtp.us-west-2.amazonaws.com" there',
    ],
    [
      'is somebody else',
      records([20, 'b.example.net'], [10, 'a.example.net']),
      'mxElsewhere',
      'Mail for example.com is sent to a.example.net, b.example.net, not to SES in us-west-2. Publish the MX record "10 inbound-smtp.us-west-2.amazonaws.com" in its place, or take its recipients out',
    ],
    [
      'is SES in another region',
      records([10, 'inbound-smtp.eu-west-1.amazonaws.com']),
      'mxElsewhere',
      'Mail for example.com is sent to SES in eu-west-1, not to SES in us-west-2. Publish the MX record "10 inbound-smtp.us-west-2.amazonaws.com" in its place, or take its recipients out',
    ],
    [
      'is many others',
      records([1, 'a'], [2, 'b'], [3, 'c'], [4, 'd'], [5, 'e']),
      'mxElsewhere',
      'Mail for example.com is sent to a, b, c and 2 more, not to SES in us-west-2. Publish the MX record "10 inbound-smtp.us-west-2.amazonaws.com" in its place, or take its recipients out',
    ],
    [
      'is somebody else before SES',
      records([5, 'a.example.net'], [10, OURS]),
      'mxElsewhere',
      'Mail for example.com is sent to a.example.net first, and to SES only when nobody answers there. Give inbound-smtp.us-west-2.amazonaws.com the lowest preference',
    ],
    [
      'is SES and somebody else alike',
      records([10, 'a.example.net'], [10, OURS]),
      'mxShared',
      'Mail for example.com is also sent to a.example.net in part. Take that MX record out, unless it is meant so',
    ],
    [
      'is SES before somebody else',
      records([10, OURS], [20, 'a.example.net']),
      'mxShared',
      'Mail for example.com is also sent to a.example.net when SES is not reached. Take that MX record out, unless it is meant so',
    ],
  ])('%s: what is so and what to do', (_, answer, kind, message) => {
    expect(judge(answer)).toEqual([{ kind, domain: 'example.com', message }]);
  });
});
