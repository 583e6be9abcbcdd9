import { expect, test } from 'vitest';
import { mxResolver, NO_DNS } from '../../src/aws/mx-resolver.ts';
import { dnsServer, type ScriptedDnsAnswer } from './support/dns-server.ts';

test.each<[string, ScriptedDnsAnswer, object]>([
  [
    'records',
    [
      [10, 'inbound-smtp.us-west-2.amazonaws.com'],
      [20, 'mx.example.net'],
    ],
    {
      kind: 'records',
      records: [
        { preference: 10, exchange: 'inbound-smtp.us-west-2.amazonaws.com' },
        { preference: 20, exchange: 'mx.example.net' },
      ],
    },
  ],
  ['a null MX', [[0, '']], { kind: 'records', records: [{ preference: 0, exchange: '' }] }],
  ['a domain without MX', [], { kind: 'records', records: [] }],
  ['a domain that does not exist', 'no-such-domain', { kind: 'no-such-domain' }],
  ['a server that fails', 'fails', { kind: 'unanswered' }],
  ['a server that is silent', 'hang', { kind: 'unanswered' }],
])('an answer of %s', async (_, told, expected) => {
  await using server = await dnsServer(() => told);

  expect(await mxResolver({ servers: [server.address], timeoutMs: 300 }).mx('example.com')).toEqual(expected);
  expect(server.questions).toEqual(['example.com']);
});

test('a server that is not there gives no answer', async () => {
  const server = await dnsServer(() => []);
  await server[Symbol.asyncDispose]();

  expect(await mxResolver({ servers: [server.address], timeoutMs: 300 }).mx('example.com')).toEqual({
    kind: 'unanswered',
  });
});

test('at most five questions are under way at once, and all are answered', async () => {
  await using server = await dnsServer((domain) => [[1, `mx.${domain}`]], 20);
  const domains = Array.from({ length: 17 }, (_, index) => `d${index}.example.com`);
  const { mx } = mxResolver({ servers: [server.address] });

  const answers = await Promise.all(domains.map(mx));

  expect(answers).toEqual(
    domains.map((domain) => ({ kind: 'records', records: [{ preference: 1, exchange: `mx.${domain}` }] })),
  );
  expect(server.mostAtOnce()).toBe(5);
});

test('nobody is asked where DNS does not lead to this AWS', async () => {
  expect(await NO_DNS.mx('example.com')).toEqual({ kind: 'not-asked' });
});
