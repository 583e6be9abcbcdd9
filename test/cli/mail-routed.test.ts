import { describe, expect, test } from 'vitest';
import { awsPorts } from '../../src/aws/ports.ts';
import type { Dns } from '../../src/core/ports.ts';
import { fakeAws, type FakeAws } from '../core/support/fake-aws.ts';
import { rule, stop } from '../core/support/rules.ts';
import { runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { cli, folder, manifestText, NO_PROBES } from './support.ts';

const on =
  (aws: FakeAws) =>
  (...args: readonly string[]) =>
    cli(args, { connect: () => ({ ...aws.ports, probes: NO_PROBES, close: () => undefined }), clock: aws.ports.clock });

const file = (spec: object = {}): string => folder({ 'app.yaml': manifestText(spec) });
const elsewhere = (aws: FakeAws): void =>
  void aws.mx.set('example.com', { kind: 'records', records: [{ preference: 10, exchange: 'mx.example.net' }] });

describe('plan', () => {
  test('warns of what would keep mail away once it is applied, and ends as it would without', async () => {
    const aws = fakeAws();
    elsewhere(aws);
    aws.identities.set('example.com', 'pending');
    const { code, out } = await on(aws)('plan', '-f', file());

    expect(code).toBe(2);
    expect(out.split('\n').filter((line) => line.startsWith('Note'))).toEqual([
      'Note: mail/app: The identity for example.com in us-west-2 is not verified yet, so SES refuses mail for it. Publish the DNS records that SES names; it looks for them for 72 hours',
      'Note: mail/app: Mail for example.com is sent to mx.example.net, not to SES in us-west-2. Publish the MX record "10 inbound-smtp.us-west-2.amazonaws.com" in its place, or take its recipients out',
    ]);
  });

  test('says nothing where mail arrives', async () => {
    const { out } = await on(fakeAws())('plan', '-f', file());

    expect(out).not.toContain('Note');
  });

  test('sees a stop in front of the place where the rules will be', async () => {
    const aws = fakeAws();
    aws.sets.set('ses-lambda-pipeline', [rule('theirs', { actions: [stop] })]);
    const warnings = async (position: string) => {
      const { out } = await on(aws)('plan', '-o', 'json', '-f', file({ ruleSet: { position } }));
      return (JSON.parse(out) as { readonly warnings: readonly object[] }).warnings;
    };

    expect(await warnings('Head')).toEqual([]);
    expect(await warnings('Tail')).toMatchObject([{ pipeline: 'mail/app', routing: 'stoppedByOther' }]);
  });

  test('goes on where SES may not be asked, and says what is missing', async () => {
    const aws = fakeAws();
    aws.before = (call) =>
      call.startsWith('mailIdentities')
        ? { class: 'denied', reason: 'AccessDenied', message: 'May not ses:X. Allow it.' }
        : undefined;
    const { code, out } = await on(aws)('plan', '-f', file());

    expect(code).toBe(2);
    expect(out).toContain('Note: mail/app: Whether mail would arrive is not known: May not ses:X. Allow it.');
  });

  test('asks SES once and DNS once a domain, and apply asks neither', async () => {
    const aws = fakeAws();
    const asked = () => aws.calls.splice(0).filter((call) => /^(mailIdentities|dns)\./.test(call));
    await on(aws)('plan', '-f', file({ receiptRules: [{ name: 'A', recipients: ['a@example.com', 'example.com'] }] }));
    expect(asked()).toEqual(['mailIdentities.verification', 'dns.mx example.com']);

    await on(aws)('apply', '-f', file());
    expect(asked()).toEqual([]);
  });
});

test('apply --dry-run warns as plan does', async () => {
  const aws = fakeAws();
  elsewhere(aws);
  const path = file();

  const [plan, dryRun] = [await on(aws)('plan', '-f', path), await on(aws)('apply', '--dry-run', '-f', path)];

  expect(dryRun.out).toBe(plan.out);
});

test('explain lists the stations on the way of a mail, with what to do', async () => {
  const aws = fakeAws();
  elsewhere(aws);
  await on(aws)('apply', '-f', file());

  const { out } = await on(aws)('explain', '--to', 'a@example.com', '--region', 'us-west-2');

  expect(out.split('\n').slice(-5)).toEqual([
    'On its way:',
    '  BAD   Mail for example.com is sent to mx.example.net, not to SES in us-west-2. Publish the MX record "10 inbound-smtp.us-west-2.amazonaws.com" in its place, or take its recipients out',
    '  good  SES in us-west-2 takes mail for it: a verified identity covers example.com or the address',
    '  good  Rule set ses-lambda-pipeline is active',
    '  good  2 rules take it',
  ]);
});

test('get tells it among the conditions', async () => {
  const aws = fakeAws();
  aws.identities.clear();
  await on(aws)('apply', '-f', file());
  const { out } = await on(aws)('get', '-o', 'json', '-f', file());

  const { status } = JSON.parse(out) as { readonly status: { readonly conditions: readonly object[] } };
  expect(status.conditions.at(0)).toMatchObject({ type: 'Ready', status: 'True' });
  expect(status.conditions.at(-1)).toMatchObject({
    type: 'MailRouted',
    status: 'False',
    reason: 'IdentityNotVerified',
  });
});

test('nothing that DNS says steers the terminal', async () => {
  const aws = fakeAws();
  aws.mx.set('example.com', { kind: 'records', records: [{ preference: 1, exchange: '\u001b[2Jmx.example.net' }] });

  expect((await on(aws)('plan', '-f', file())).out).not.toContain('\u001b');
  expect((await on(aws)('explain', '--to', 'a@example.com', '--region', 'us-west-2')).out).not.toContain('\u001b');
});

describe('before the sandbox', () => {
  test('identities are its own, and DNS is asked by nobody', async () => {
    const sandbox = await runningSandbox({ verifiedDomains: ['example.org'] });
    const { out } = await cli(['plan', '-f', file(), '--endpoint-url', sandbox.url]);

    expect(out).toContain('Note: mail/app: SES in us-west-2 has no identity for example.com');
    expect(out).not.toContain('MX');
  });

  test('a resolver that is given is asked', async () => {
    const sandbox = await runningSandbox({});
    const dns: Dns = { mx: async () => ({ kind: 'records', records: [] }) };
    const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
    const { out } = await cli(['plan', '-f', file(), '--endpoint-url', sandbox.url], {
      connect: ({ region }) =>
        awsPorts({ region, endpointUrl: sandbox.url, clock: fakeAws().ports.clock, credentials, dns }),
    });

    expect(out).toContain('Note: mail/app: example.com has no MX record');
  });

  test.each(['mx.example.com', '1.1.1.1:0', '1.1.1.1,', '[::1', ''])('--dns-servers %j is refused', async (servers) => {
    const { code, err } = await cli(['plan', '-f', file(), '--dns-servers', servers]);

    expect(code).toBe(1);
    expect(err).toContain('must be none, or IP addresses separated by commas, such as 1.1.1.1 or [::1]:5353.');
  });
});
