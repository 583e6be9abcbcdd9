import { CreateRoleCommand, GetRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { manualClock } from './support/manual-clock.ts';
import {
  ACCOUNT,
  clientsOf,
  codeOf,
  policyOf,
  refusalOf,
  runningSandbox,
  trustOf,
  type Credentials,
} from './support/running-sandbox.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox.ts';

const ROOT_ARN = `arn:aws:iam::${ACCOUNT}:root`;
const trustIn = (arn: string): string =>
  policyOf({ Effect: 'Allow', Principal: { AWS: arn }, Action: 'sts:AssumeRole' });

async function withRole(trust: string, options: SandboxOptions = {}) {
  const sandbox = await runningSandbox(options);
  const clients = clientsOf(sandbox);
  const roleArn = await createRole(sandbox, 'reader', trust);
  return { sandbox, roleArn, ...clients };
}

async function createRole(sandbox: Sandbox, RoleName: string, trust: string): Promise<string> {
  const { iam } = clientsOf(sandbox);
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, Path: '/team/', AssumeRolePolicyDocument: trust }));
  return Role?.Arn ?? '';
}

async function assume(sandbox: Sandbox, RoleArn: string, credentials?: Credentials): Promise<Credentials> {
  const { sts } = clientsOf(sandbox, credentials === undefined ? {} : { credentials });
  const reply = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'session' }));
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = reply.Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

describe('GetCallerIdentity', () => {
  it('names the account behind any static key', async () => {
    const { sts } = clientsOf(await runningSandbox({ account: '000000000001' }));

    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '000000000001',
      Arn: 'arn:aws:iam::000000000001:user/sandbox',
    });
  });

  it('names the session of a role, whatever the role may do', async () => {
    const { sandbox, roleArn } = await withRole(trustIn(ROOT_ARN));
    const { sts } = clientsOf(sandbox, { credentials: await assume(sandbox, roleArn) });

    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: ACCOUNT,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reader/session`,
    });
  });
});

describe('AssumeRole', () => {
  it('refuses a role that trusts somebody else, and one that is not there', async () => {
    const { sandbox, roleArn } = await withRole(trustOf('lambda.amazonaws.com'));

    expect(await codeOf(assume(sandbox, roleArn))).toBe('403 AccessDenied');
    expect(await codeOf(assume(sandbox, `${roleArn}x`))).toBe('403 AccessDenied');
  });

  it('lets a role go on to another that trusts the account only by its own policy', async () => {
    const { sandbox, iam, roleArn } = await withRole(trustIn(ROOT_ARN));
    const target = await createRole(sandbox, 'target', trustIn(ROOT_ARN));
    const credentials = await assume(sandbox, roleArn);

    expect(await codeOf(assume(sandbox, target, credentials))).toBe('403 AccessDenied');
    const PolicyDocument = policyOf({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: target });
    await iam.send(new PutRolePolicyCommand({ RoleName: 'reader', PolicyName: 'p', PolicyDocument }));

    expect((await assume(sandbox, target, credentials)).accessKeyId).toMatch(/^ASIA/);
  });

  it('gives credentials that end', async () => {
    const clock = manualClock();
    const { sandbox, roleArn } = await withRole(trustIn(ROOT_ARN), { clock });
    const { sts } = clientsOf(sandbox, { credentials: await assume(sandbox, roleArn) });
    await sts.send(new GetCallerIdentityCommand({}));

    clock.advance(3_600_000);

    expect(await codeOf(sts.send(new GetCallerIdentityCommand({})))).toBe('403 InvalidClientTokenId');
  });

  it('does not take the key of a session without its token', async () => {
    const { sandbox, roleArn } = await withRole(trustIn(ROOT_ARN));
    const { accessKeyId, secretAccessKey } = await assume(sandbox, roleArn);
    const { sts } = clientsOf(sandbox, { credentials: { accessKeyId, secretAccessKey } });

    expect(await codeOf(sts.send(new GetCallerIdentityCommand({})))).toBe('403 InvalidClientTokenId');
  });
});

describe('a trust policy with conditions', () => {
  const trust = (Action: string | readonly string[]): string =>
    policyOf({
      Effect: 'Allow',
      Principal: { AWS: ROOT_ARN },
      Action,
      Condition: { StringEquals: { 'sts:ExternalId': 'id', 'sts:RoleSessionName': 'mail' } },
    });
  const asked = { RoleSessionName: 'mail', ExternalId: 'id' };
  const Tags = [{ Key: 'Team', Value: 'a' }];

  it.each([
    ['the external id', { ExternalId: 'other' }],
    ['an external id at all', { ExternalId: undefined }],
    ['the name of the session', { RoleSessionName: 'other' }],
  ])('refuses a call without %s', async (_, over) => {
    const { sts, roleArn } = await withRole(trust('sts:AssumeRole'));

    const wrong = sts.send(new AssumeRoleCommand({ RoleArn: roleArn, ...asked, ...over }));

    expect(await codeOf(wrong)).toBe('403 AccessDenied');
    await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, ...asked }));
  });

  it('lets nobody set tags who is not allowed sts:TagSession', async () => {
    const { sandbox, sts, roleArn } = await withRole(trust('sts:AssumeRole'));
    const second = await createRole(sandbox, 'tagged', trust(['sts:AssumeRole', 'sts:TagSession']));

    const refusal = await refusalOf(sts.send(new AssumeRoleCommand({ RoleArn: roleArn, ...asked, Tags })));

    expect(refusal.message).toContain(`is not authorized to perform: sts:TagSession on resource: ${roleArn}`);
    await sts.send(new AssumeRoleCommand({ RoleArn: second, ...asked, Tags }));
  });

  it('makes tags that the policies of the role can ask for', async () => {
    const { sandbox, iam, sts, roleArn } = await withRole(trust(['sts:AssumeRole', 'sts:TagSession']));
    const PolicyDocument = policyOf({
      Effect: 'Allow',
      Action: 'iam:GetRole',
      Resource: '*',
      Condition: { StringEquals: { 'aws:PrincipalTag/team': 'a' } },
    });
    await iam.send(new PutRolePolicyCommand({ RoleName: 'reader', PolicyName: 'p', PolicyDocument }));
    const read = async (over: object): Promise<string> => {
      const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: roleArn, ...asked, ...over }));
      const session = clientsOf(sandbox, {
        credentials: {
          accessKeyId: Credentials?.AccessKeyId ?? '',
          secretAccessKey: Credentials?.SecretAccessKey ?? '',
          sessionToken: Credentials?.SessionToken ?? '',
        },
      });
      return session.iam.send(new GetRoleCommand({ RoleName: 'reader' })).then(
        () => 'allowed',
        (error: Error) => error.name,
      );
    };

    expect(await read({ Tags })).toBe('allowed');
    expect(await read({ Tags: [{ Key: 'team', Value: 'b' }] })).toBe('AccessDenied');
    expect(await read({})).toBe('AccessDenied');
  });
});

describe('a session of a role', () => {
  it('may call other services only as its policies allow', async () => {
    const { sandbox, iam, roleArn } = await withRole(trustIn(ROOT_ARN));
    const session = clientsOf(sandbox, { credentials: await assume(sandbox, roleArn) });
    const read = new GetRoleCommand({ RoleName: 'reader' });

    expect(await codeOf(session.iam.send(read))).toBe('403 AccessDenied');
    const PolicyDocument = policyOf({ Effect: 'Allow', Action: 'iam:Get*', Resource: '*' });
    await iam.send(new PutRolePolicyCommand({ RoleName: 'reader', PolicyName: 'p', PolicyDocument }));

    expect((await session.iam.send(read)).Role?.Arn).toBe(roleArn);
  });
});
