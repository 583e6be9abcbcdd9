import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateReceiptRuleSetCommand } from '@aws-sdk/client-ses';
import { describe, expect, onTestFinished, test } from 'vitest';
import { awsPorts } from '../../src/aws/ports.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { faultOf } from '../../src/core/fault.ts';
import { clientsOf, runningSandbox } from '../sandbox/support/running-sandbox.ts';

const CREDENTIALS = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

function probesAt(endpointUrl: string) {
  const clock = systemClock();
  const ports = awsPorts({
    region: 'us-west-2',
    endpointUrl,
    clock,
    credentials: CREDENTIALS,
    sesCallsPerSecond: 1000,
  });
  onTestFinished(() => ports.close());
  return ports.probes;
}

/** Something that answers like IAM, whatever it is asked. */
async function answering(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push(decodeURIComponent(text));
      response.writeHead(status, { 'content-type': 'text/xml', ...headers }).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('signIn', () => {
  test('says who it is, and what time it is for AWS', async () => {
    const { url } = await runningSandbox();
    const { caller, awsTimeMs } = await probesAt(url).signIn();

    expect(caller).toMatchObject({ account: '123456789012', partition: 'aws' });
    expect(Math.abs((awsTimeMs ?? 0) - Date.now())).toBeLessThan(5_000);
  });

  test('takes the time from a refusal too', async () => {
    const refusal = '<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>';
    const { url } = await answering(403, refusal, { date: 'Fri, 02 Jan 2026 10:00:00 GMT' });
    const { caller, awsTimeMs } = await probesAt(url).signIn();

    expect(caller).toMatchObject({ reason: 'CredentialsMissing', code: 'ExpiredToken' });
    expect(awsTimeMs).toBe(Date.UTC(2026, 0, 2, 10));
  });

  test('knows no time where nobody answers', async () => {
    const { caller, awsTimeMs } = await probesAt('http://127.0.0.1:1').signIn();

    expect(caller).toMatchObject({ reason: 'AwsUnavailable' });
    expect(awsTimeMs).toBeUndefined();
  });
});

test('simulate asks IAM, and tells what nothing allows from what something denies', async () => {
  const member = (action: string, decision: string, more = ''): string =>
    `<member><EvalActionName>${action}</EvalActionName><EvalDecision>${decision}</EvalDecision>${more}</member>`;
  const organization =
    '<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>';
  const { url, asked } = await answering(
    200,
    `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>${member('s3:A', 'allowed')}${member('s3:B', 'implicitDeny', organization)}${member('s3:C', 'explicitDeny')}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`,
  );
  const question = {
    actions: ['s3:A', 's3:B', 's3:C'],
    resources: ['arn:aws:s3:::b'],
    context: { 's3:ResourceAccount': '1' },
  };

  expect(await probesAt(url).simulate('arn:aws:iam::123456789012:role/r', question)).toEqual([
    { action: 's3:A', decision: 'allowed', limits: [] },
    { action: 's3:B', decision: 'denied', limits: ['organization'] },
    { action: 's3:C', decision: 'forbidden', limits: [] },
  ]);
  expect(asked[0]).toContain('PolicySourceArn=arn:aws:iam::123456789012:role/r');
  expect(asked[0]).toContain('ActionNames.member.3=s3:C&ResourceArns.member.1=arn:aws:s3:::b');
  expect(asked[0]).toContain('ContextEntries.member.1.ContextKeyName=s3:ResourceAccount');
});

test('simulate has a fault for a role that is not there', async () => {
  const { url } = await runningSandbox();
  const question = { actions: ['s3:GetObject'], resources: ['*'], context: {} };
  const fault = await probesAt(url).simulate('arn:aws:iam::123456789012:role/r', question).catch(faultOf);

  expect(fault).toMatchObject({
    reason: 'DependencyNotReady',
    message:
      'IAM cannot say what arn:aws:iam::123456789012:role/r may do: The role with name r cannot be found. Give the ARN of a role or user of this account, with its path.',
  });
});

test('counts are those of the whole account', async () => {
  const sandbox = await runningSandbox();
  const probes = probesAt(sandbox.url);
  await clientsOf(sandbox).ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'one' }));

  expect([await probes.ruleSets(), await probes.buckets()]).toEqual([['one'], 0]);
  expect(await probes.functionUse()).toEqual({
    functions: 0,
    codeBytes: 0,
    mostCodeBytes: 75 * 1024 ** 3,
    concurrency: 1000,
    unreserved: 1000,
  });
  expect(await probes.roleUse()).toEqual({
    roles: 0,
    mostRoles: 1000,
    mostAttachedPolicies: 10,
    mostInlineCharacters: 10_240,
  });
  expect(await probes.receivingHost()).toBe('not-asked');
});
