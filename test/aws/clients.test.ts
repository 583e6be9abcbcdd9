import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { awsPorts } from '../../src/aws/ports.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import type { CallReport } from '../../src/aws/calls.ts';
import { LAMBDA_TRUST } from '../../src/core/policy-document.ts';
import { CREDENTIALS, faultFrom, portsAt } from './support/ports.ts';
import { CALLER_IDENTITY, queryError, s3Error, scriptedServer } from './support/scripted-server.ts';

const NEW_ROLE = {
  name: 'r',
  path: '/',
  description: '',
  trust: LAMBDA_TRUST,
  tags: {},
  permissionsBoundaryArn: undefined,
};

afterEach(() => vi.unstubAllEnvs());

describe('awsClients', () => {
  it('gives up on a server that never answers', async () => {
    await using server = await scriptedServer(() => 'hang');
    const { receiptRules } = portsAt(server.url, { requestTimeoutMs: 50 });

    const fault = await faultFrom(receiptRules.describe('set'));

    expect(fault).toMatchObject({ class: 'transient', reason: 'AwsUnavailable', code: 'TimeoutError' });
    expect(fault.message).toBe(`${server.url} did not answer ses:DescribeReceiptRuleSet for rule set "set" in time.`);
    expect(server.requests, 'a read is asked for three times').toHaveLength(3);
  });

  it('gives up on a server that begins an answer and never ends it', async () => {
    await using server = await scriptedServer(() => 'stall');
    const { receiptRules } = portsAt(server.url, { requestTimeoutMs: 50 });

    expect(await faultFrom(receiptRules.describe('set'))).toMatchObject({
      class: 'transient',
      reason: 'AwsUnavailable',
    });
  });

  it('repeats what IAM failed to answer, three times in all', async () => {
    await using server = await scriptedServer(() => queryError(500, 'ServiceFailure', 'Sorry'));

    const fault = await faultFrom(portsAt(server.url).roles.create(NEW_ROLE));

    expect(fault).toMatchObject({ class: 'transient', code: 'ServiceFailure' });
    expect(server.requests).toHaveLength(3);
  });

  it.each(['LimitExceeded', 'LimitExceededException'])('never repeats a full quota of IAM (%s)', async (code) => {
    await using server = await scriptedServer(() =>
      queryError(409, code, 'Cannot exceed quota for RolesPerAccount: 1000'),
    );

    const fault = await faultFrom(portsAt(server.url).roles.create(NEW_ROLE));

    expect(fault).toMatchObject({ class: 'invalid', reason: 'QuotaExceeded', code: 'LimitExceeded' });
    expect(server.requests).toHaveLength(1);
  });

  it('never repeats a full quota of SES', async () => {
    await using server = await scriptedServer(() => queryError(400, 'LimitExceeded', 'Too many rules'));

    const fault = await faultFrom(portsAt(server.url).receiptRules.createSet('set'));

    expect(fault).toMatchObject({ class: 'invalid', reason: 'QuotaExceeded', code: 'LimitExceeded' });
    expect(server.requests).toHaveLength(1);
  });

  it('leaves the repetition of throttled SES calls to the lane', async () => {
    let left = 2;
    await using server = await scriptedServer(() =>
      left-- > 0
        ? queryError(400, 'Throttling', 'Rate exceeded')
        : { status: 200, body: '<r><CreateReceiptRuleSetResult/></r>' },
    );
    const slept: number[] = [];
    const clock = { ...systemClock(), sleep: async (ms: number) => void slept.push(ms) };

    await portsAt(server.url, { clock }).receiptRules.createSet('set');

    expect(server.requests).toHaveLength(3);
    expect(slept.filter((ms) => ms >= 2_000)).toEqual([2_000, 4_000]);
  });

  it('says who calls in the user agent', async () => {
    await using server = await scriptedServer(() => CALLER_IDENTITY);

    await portsAt(server.url).identity.caller();

    expect(server.requests[0]?.headers['user-agent']).toMatch(/ ses-lambda-pipeline\/\d+\.\d+\.\d+/);
  });

  it('takes the endpoint from AWS_ENDPOINT_URL, with bucket names in the path', async () => {
    await using server = await scriptedServer(({ method }) =>
      method === 'POST' ? CALLER_IDENTITY : s3Error(404, 'NoSuchBucket', 'x'),
    );
    // Only a name can carry a bucket in front: for an IP address the SDK would use the path by itself.
    vi.stubEnv('AWS_ENDPOINT_URL', server.url.replace('127.0.0.1', 'localhost'));
    const ports = awsPorts({ region: 'us-west-2', credentials: CREDENTIALS, clock: systemClock() });

    await faultFrom(ports.buckets.policy('mail'));
    ports.close();

    expect(server.requests.map(({ url }) => url)).toEqual(['/', expect.stringMatching(/^\/mail\/\?policy/)]);
  });

  it('asks whether the sandbox is running when its port is closed', async () => {
    const { url } = await closedPort();

    const fault = await faultFrom(portsAt(url).receiptRules.describe('set'));

    expect(fault).toMatchObject({ class: 'transient', reason: 'AwsUnavailable', code: 'ECONNREFUSED' });
    expect(fault.message).toBe(
      `Cannot reach ${url} (connection refused): is the sandbox running? Start it, or check the address (--endpoint-url, AWS_ENDPOINT_URL).`,
    );
  });

  it('says so where the endpoint is no URL', async () => {
    const fault = await faultFrom(portsAt('127.0.0.1:4566').receiptRules.describe('set'));

    expect(fault.message).toBe(
      '127.0.0.1:4566 is not a URL: give --endpoint-url, or AWS_ENDPOINT_URL, one such as http://127.0.0.1:4566.',
    );
  });

  it('says so where HTTPS is spoken to who speaks HTTP', async () => {
    await using server = await scriptedServer(() => CALLER_IDENTITY);
    const url = server.url.replace('http:', 'https:');

    const fault = await faultFrom(portsAt(url).receiptRules.describe('set'));

    expect(fault.message).toBe(`What listens at ${url} does not speak HTTPS: check scheme and port.`);
  });

  it('says so where HTTP is spoken to who speaks SMTP', async () => {
    const door = createServer((socket) => void socket.on('error', () => {}).end('220 mail.example ESMTP\r\n'));
    await once(door.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;

    const fault = await faultFrom(portsAt(url).receiptRules.describe('set'));
    door.close();

    expect(fault.message).toBe(`What listens at ${url} does not speak HTTP: check scheme and port.`);
  });

  it('says how to give credentials when there are none', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE']) {
      vi.stubEnv(name, undefined);
    }
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
    const ports = awsPorts({ region: 'us-west-2', clock: systemClock() });

    const fault = await faultFrom(ports.identity.caller());
    ports.close();

    expect(fault).toMatchObject({ class: 'denied', reason: 'CredentialsMissing', code: 'CredentialsProviderError' });
    expect(fault.message).toMatch(
      /^No AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/,
    );
  });

  it('says that a profile is missing', async () => {
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent');
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent');
    const ports = awsPorts({ region: 'us-west-2', clock: systemClock(), profile: 'staging' });

    const fault = await faultFrom(ports.identity.caller());
    ports.close();

    expect(fault).toMatchObject({ class: 'denied', reason: 'CredentialsMissing' });
    expect(fault.message).toContain('the profile "staging" gives none');
  });

  it.each([
    { name: 'a page', reply: { status: 200, body: '<html><p>Please log in' } },
    { name: 'a refusal without words', reply: { status: 404 } },
  ])('does not take $name from something else for an answer of AWS', async ({ reply }) => {
    await using server = await scriptedServer(() => reply);

    const fault = await faultFrom(portsAt(server.url).identity.caller());

    expect(fault).toMatchObject({ class: 'transient', reason: 'AwsUnavailable', code: 'UnreadableAnswer' });
    expect(fault.message).toMatch(/is it the sandbox, and the right port\?$/);
  });

  it('says that the connection broke when the answer is lost', async () => {
    await using server = await scriptedServer(() => 'drop');

    const fault = await faultFrom(portsAt(server.url).receiptRules.createSet('set'));

    expect(fault).toMatchObject({ class: 'transient', reason: 'AwsUnavailable', code: 'ECONNRESET' });
    expect(server.requests).toHaveLength(1);
  });

  it('reports every call with its outcome', async () => {
    await using server = await scriptedServer(({ body }) =>
      body.includes('GetCallerIdentity')
        ? CALLER_IDENTITY
        : queryError(400, 'RuleSetDoesNotExist', 'Rule set does not exist: set'),
    );
    const reports: CallReport[] = [];
    const ports = portsAt(server.url, { onCall: (report) => reports.push(report) });

    await ports.identity.caller();
    await ports.receiptRules.describe('set');

    expect(reports).toEqual([
      {
        service: 'sts',
        operation: 'GetCallerIdentity',
        region: 'us-west-2',
        attempts: 1,
        durationMs: expect.any(Number),
      },
      {
        service: 'ses',
        operation: 'DescribeReceiptRuleSet',
        region: 'us-west-2',
        resource: 'rule set "set"',
        attempts: 1,
        code: 'RuleSetDoesNotExist',
        fault: expect.objectContaining({ class: 'stale', reason: 'ChangedMeanwhile' }),
        requestId: '11111111-2222-3333-4444-555555555555',
        durationMs: expect.any(Number),
      },
    ]);
  });

  it('keeps the request id for the log and out of the message', async () => {
    await using server = await scriptedServer(() =>
      queryError(400, 'InvalidParameterValue', 'Not a valid ruleSetName: x'),
    );

    const fault = await faultFrom(portsAt(server.url).receiptRules.createSet('x'));

    expect(fault.requestId).toBe('11111111-2222-3333-4444-555555555555');
    expect(fault.message).not.toContain(fault.requestId);
  });
});

async function closedPort(): Promise<{ readonly url: string }> {
  await using server = await scriptedServer(() => 'drop');
  return { url: server.url };
}
