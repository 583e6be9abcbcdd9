import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { awsPorts } from '../../src/aws/ports.ts';
import { systemClock } from '../../src/aws/system-clock.ts';
import { faultFrom } from './support/ports.ts';
import { queryError, scriptedServer } from './support/scripted-server.ts';

const ROLE_ARN = 'arn:aws:iam::123456789012:role/ses-lambda-pipeline-controller';

/** A pod whose service account has a role (IRSA): a token in a file, and where it is. */
function serviceAccountToken(): void {
  const folder = mkdtempSync(join(tmpdir(), 'web-identity-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'token'), 'the-token');
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(folder, 'token'));
  vi.stubEnv('AWS_ROLE_ARN', ROLE_ARN);
  onTestFinished(() => void vi.unstubAllEnvs());
}

test.each([
  [
    400,
    'InvalidIdentityToken',
    'Incorrect token audience',
    'CredentialsMissing',
    /token audience\. .*sts\.amazonaws\.com/,
  ],
  [403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 'AccessDenied', /trust policy/],
])('a token that AWS refuses (%i %s: %s) says what to set right', async (status, code, text, reason, message) => {
  serviceAccountToken();
  await using server = await scriptedServer(() => queryError(status, code, text));
  vi.stubEnv('AWS_ENDPOINT_URL_STS', server.url);

  const ports = awsPorts({ region: 'us-west-2', endpointUrl: server.url, clock: systemClock() });
  onTestFinished(() => ports.close());

  const fault = await faultFrom(ports.identity.caller());

  expect(fault).toMatchObject({ class: 'denied', reason, message: expect.stringMatching(message) });
  expect(fault.message).not.toContain('the-token');
  expect(server.requests[0]?.body).toContain('Action=AssumeRoleWithWebIdentity');
});
