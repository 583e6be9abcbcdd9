import { expect, test } from 'vitest';
import type { Verification } from '../../src/core/ports.ts';
import { askAboutMail, type RecipientLists } from '../../src/core/routing-facts.ts';
import { fakeAws } from './support/fake-aws.ts';

async function asked(lists: RecipientLists, known: Readonly<Record<string, Verification>> = {}) {
  const aws = fakeAws();
  aws.identities.clear();
  for (const [name, state] of Object.entries(known)) aws.identities.set(name, state);
  const questions: (readonly string[])[] = [];
  const { mailIdentities, dns } = aws.ports;
  const verification = (names: readonly string[]) => {
    questions.push(names);
    return mailIdentities.verification(names);
  };
  const facts = await askAboutMail(lists, { dns, mailIdentities: { ...mailIdentities, verification } });
  const mx = aws.calls.filter((call) => call.startsWith('dns.mx'));
  return { questions, mx, facts, listed: aws.calls.includes('mailIdentities.domains') };
}

test('domains are asked for with those above them, each once, and no address where a domain is verified', async () => {
  const { questions, mx, listed } = await asked(
    [
      ['b@Mail.Example.com', 'a@mail.example.com'],
      ['example.com', '.example.org'],
    ],
    { 'example.com': 'verified' },
  );

  expect(questions).toEqual([['example.com', 'example.org', 'mail.example.com']]);
  expect(mx).toEqual(['dns.mx example.com', 'dns.mx mail.example.com']);
  expect(listed).toBe(false);
});

test('addresses are asked for where no domain is verified, a hundred at most', async () => {
  const addresses = Array.from({ length: 150 }, (_, index) => `a${index}@example.com`);
  const { questions } = await asked([addresses], { 'example.com': 'pending' });

  expect(questions.map((names) => names.length)).toEqual([1, 100]);
});

test.each<[string, Readonly<Record<string, Verification>>, boolean | undefined, boolean]>([
  ['none', {}, false, true],
  ['one that is not verified', { 'example.net': 'pending' }, false, true],
  ['one', { 'example.net': 'verified' }, true, true],
  ['one that is a recipient', { 'example.com': 'verified' }, true, false],
])('for everybody all domains count: %s', async (_, known, expected, lists) => {
  const { facts, listed } = await asked([['example.com'], []], known);

  expect({ anyDomainVerified: facts.anyDomainVerified, listed }).toEqual({
    anyDomainVerified: expected,
    listed: lists,
  });
});

test('nobody is asked where there are no recipients', async () => {
  expect(await asked([])).toMatchObject({ questions: [], mx: [], listed: false });
});

test('that SES may not be asked is told, and DNS is asked all the same', async () => {
  const aws = fakeAws();
  const denied = { class: 'denied', reason: 'AccessDenied', message: 'May not.' } as const;
  aws.before = (call) => (call.startsWith('mailIdentities') ? denied : undefined);
  aws.mx.set('example.com', { kind: 'no-such-domain' });

  const facts = await askAboutMail([['example.com']], aws.ports);

  expect(facts).toEqual({
    identities: new Map(),
    anyDomainVerified: undefined,
    mx: new Map([['example.com', { kind: 'no-such-domain' }]]),
    fault: denied,
  });
});
