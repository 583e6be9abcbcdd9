import { describe, expect, it, test } from 'vitest';
import { runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { faultFrom, portsAt } from './support/ports.ts';
import { queryAction, queryError, scriptedServer, type ScriptedRequest } from './support/scripted-server.ts';

const namesIn = ({ body }: ScriptedRequest): readonly string[] =>
  [...new URLSearchParams(body)].flatMap(([key, value]) => (key.startsWith('Identities.member.') ? [value] : []));

const attributes = (states: Readonly<Record<string, string>>): string =>
  `<GetIdentityVerificationAttributesResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><GetIdentityVerificationAttributesResult><VerificationAttributes>${Object.entries(
    states,
  )
    .map(
      ([name, state]) =>
        `<entry><key>${name}</key><value><VerificationStatus>${state}</VerificationStatus></value></entry>`,
    )
    .join(
      '',
    )}</VerificationAttributes></GetIdentityVerificationAttributesResult></GetIdentityVerificationAttributesResponse>`;

describe('identities on the wire', () => {
  it('tells apart how far each has come; what SES does not know is not there', async () => {
    const states = { a: 'Success', b: 'Pending', c: 'NotStarted', d: 'Failed', e: 'TemporaryFailure', f: 'NewOfAws' };
    await using server = await scriptedServer(() => ({ status: 200, body: attributes(states) }));

    const found = await portsAt(server.url).mailIdentities.verification(['a', 'b', 'c', 'd', 'e', 'f', 'g']);

    expect(Object.fromEntries(found)).toEqual({
      a: 'verified',
      b: 'pending',
      c: 'pending',
      d: 'failed',
      e: 'temporary-failure',
      f: 'pending',
    });
  });

  it('asks for 100 names a call', async () => {
    await using server = await scriptedServer((request) => ({
      status: 200,
      body: attributes(Object.fromEntries(namesIn(request).map((name) => [name, 'Success']))),
    }));
    const names = Array.from({ length: 201 }, (_, index) => `d${index}.example.com`);

    const found = await portsAt(server.url).mailIdentities.verification(names);

    expect(server.requests.map((request) => namesIn(request).length)).toEqual([100, 100, 1]);
    expect([...found.keys()]).toEqual(names);
  });

  it('asks nobody for no names', async () => {
    await using server = await scriptedServer(() => 'hang');

    expect(await portsAt(server.url).mailIdentities.verification([])).toEqual(new Map());
    expect(server.requests).toEqual([]);
  });

  it('waits in the lane of the rules', async () => {
    await using server = await scriptedServer((request) =>
      queryAction(request) === 'GetIdentityVerificationAttributes'
        ? { status: 200, body: attributes({}) }
        : { status: 200, body: '<DescribeActiveReceiptRuleSetResponse/>' },
    );
    const waits: number[] = [];
    const ports = portsAt(server.url, { sesCallsPerSecond: 5, onLaneWaited: (waitMs) => waits.push(waitMs) });

    await Promise.all([ports.receiptRules.describeActive(), ports.mailIdentities.verification(['example.com'])]);

    expect(server.requests.map(queryAction)).toEqual([
      'DescribeActiveReceiptRuleSet',
      'GetIdentityVerificationAttributes',
    ]);
    expect(waits[1]).toBeGreaterThanOrEqual(190);
  });

  it.each([
    ['GetIdentityVerificationAttributes', (url: string) => portsAt(url).mailIdentities.verification(['example.com'])],
    ['ListIdentities', (url: string) => portsAt(url).mailIdentities.domains()],
  ])('names %s when it is not granted', async (operation, ask) => {
    const said = `User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ses:${operation}`;
    await using server = await scriptedServer(() => queryError(403, 'AccessDenied', said));

    const { class: kind, message } = await faultFrom(ask(server.url));

    expect(kind).toBe('denied');
    expect(message).toBe(
      `arn:aws:iam::123456789012:user/ci may not ses:${operation}. Allow it in the policy of these credentials.`,
    );
  });
});

test('the sandbox tells its identities', async () => {
  const sandbox = await runningSandbox({ verifiedDomains: ['example.com'] });
  const { mailIdentities } = portsAt(sandbox.url);

  expect(await mailIdentities.verification(['example.com', 'example.org'])).toEqual(
    new Map([['example.com', 'verified']]),
  );
  expect(await mailIdentities.domains()).toEqual(['example.com']);
});
