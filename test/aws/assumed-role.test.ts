import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import type { CallReport } from '../../src/aws/calls.ts';
import type { RoleSession } from '../../src/core/tenancy.ts';
import { createFaults } from '../../src/sandbox/faults.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import { ACCOUNT, clientsOf, policyOf, runningSandbox } from '../sandbox/support/running-sandbox.ts';
import { faultFrom, portsAt } from './support/ports.ts';
import { CALLER_IDENTITY, queryAction, queryError, scriptedServer } from './support/scripted-server.ts';

const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/tenants/mail`;
const SESSION: RoleSession = {
  roleArn: ROLE_ARN,
  sessionName: 'slp.mail',
  externalId: 'mail-7',
  tags: { team: 'mail' },
};

/** As the documentation has it: this controller, this id, these tags, this namespace. */
const TRUST = {
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
  Condition: {
    StringEquals: {
      'sts:ExternalId': 'mail-7',
      'sts:RoleSessionName': 'slp.mail',
      'aws:RequestTag/team': 'mail',
    },
  },
};

async function tenantRole(trust: object = TRUST) {
  const faults = createFaults(systemClock());
  const sandbox = await runningSandbox({ faults });
  const { iam } = clientsOf(sandbox);
  await iam.send(
    new CreateRoleCommand({ RoleName: 'mail', Path: '/tenants/', AssumeRolePolicyDocument: policyOf(trust) }),
  );
  const PolicyDocument = policyOf({ Effect: 'Allow', Action: ['iam:GetRole', 'lambda:GetFunction'], Resource: '*' });
  await iam.send(new PutRolePolicyCommand({ RoleName: 'mail', PolicyName: 'p', PolicyDocument }));
  const calls: CallReport[] = [];
  const ports = (role: RoleSession = SESSION) =>
    portsAt(sandbox.url, { role, onCall: (report) => void calls.push(report) });
  return { sandbox, faults, ports, calls };
}

describe('ports with a role', () => {
  it('work as the role in its account, under the name and tags of the session', async () => {
    const { ports, faults } = await tenantRole();

    expect(await ports().identity.caller()).toEqual({ account: ACCOUNT, partition: 'aws' });

    expect(faults.calls().at(-1)).toMatchObject({
      operation: 'sts:GetCallerIdentity',
      principal: { kind: 'role', roleArn: ROLE_ARN, sessionName: 'slp.mail', sessionTags: { team: 'mail' } },
    });
  });

  it('assume it once for all services, even when they ask at the same time', async () => {
    const { ports, calls } = await tenantRole();
    const { identity, roles, functions } = ports();

    await Promise.all([roles.get('mail'), functions.get('none'), identity.caller()]);
    await roles.get('mail');

    expect(calls.filter(({ operation }) => operation === 'AssumeRole')).toHaveLength(1);
  });

  it('may do what the role may, and the message about the rest names the role', async () => {
    const fault = await faultFrom((await tenantRole()).ports().roles.managedPolicyArns('mail'));

    expect(fault).toMatchObject({ class: 'denied', reason: 'AccessDenied' });
    expect(fault.message).toContain(
      `arn:aws:sts::${ROLE_ARN.split(':')[4]}:assumed-role/mail/slp.mail may not iam:ListAttachedRolePolicies on ${ROLE_ARN}`,
    );
  });

  it.each<[string, Partial<RoleSession>]>([
    ['the external id is another', { externalId: 'mail-8' }],
    ['there is no external id', { externalId: undefined }],
    ['the session is of another namespace', { sessionName: 'slp.other' }],
    ['the tags are others', { tags: { team: 'other' } }],
    ['the role is not there', { roleArn: `${ROLE_ARN}-other` }],
  ])('are denied when %s, and say what to change without telling the id', async (_, over) => {
    const { ports, calls } = await tenantRole();
    const session = { ...SESSION, ...over };

    const fault = await faultFrom(ports(session).roles.get('mail'));

    expect(fault).toMatchObject({ class: 'denied', reason: 'AccessDenied', operation: 'sts:AssumeRole' });
    expect(fault.message).toBe(
      `These credentials may not assume role ${session.roleArn}: its trust policy must name arn:aws:iam::${ACCOUNT}:user/sandbox, ` +
        'with the external id of the tenants file as sts:ExternalId, and their own policy must allow them sts:AssumeRole on the role.',
    );
    expect(calls.map(({ service, operation, code }) => `${service}:${operation} ${code}`)).toEqual([
      'sts:AssumeRole AccessDenied',
      'iam:GetRole AccessDenied',
    ]);
  });

  it('are denied tags that the trust policy does not let them set', async () => {
    const { ports } = await tenantRole({ ...TRUST, Action: 'sts:AssumeRole' });

    const fault = await faultFrom(ports().roles.get('mail'));

    expect(fault.message).toBe(
      `The controller may not put session tags on role ${ROLE_ARN}: allow it sts:TagSession in the trust policy of the role and in its own policy.`,
    );
  });

  it('need no sts:TagSession without tags', async () => {
    const trust = { ...TRUST, Action: 'sts:AssumeRole', Condition: { StringEquals: { 'sts:ExternalId': 'mail-7' } } };
    const { ports } = await tenantRole(trust);

    expect(await ports({ ...SESSION, tags: {} }).roles.get('mail')).toMatchObject({ arn: ROLE_ARN });
  });
});

describe('credentials of a role', () => {
  const MINUTE_MS = 60_000;
  const credentials = (lifeMs: number) => ({
    status: 200,
    body:
      '<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIATEST</AccessKeyId>' +
      '<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>' +
      `<Expiration>${new Date(Date.now() + lifeMs).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  });
  it.each([
    ['are kept while they last', [60 * MINUTE_MS], 1],
    ['are renewed five minutes before they end', [4 * MINUTE_MS, 60 * MINUTE_MS], 2],
  ])('%s', async (_, livesMs, times) => {
    const left = [...livesMs];
    await using server = await scriptedServer((request) =>
      queryAction(request) === 'AssumeRole' ? credentials(left.shift() ?? 0) : CALLER_IDENTITY,
    );
    const { receiptRules } = portsAt(server.url, { role: SESSION });

    for (let call = 0; call < 3; call += 1) await receiptRules.createSet('set');

    expect(server.requests.filter((request) => queryAction(request) === 'AssumeRole')).toHaveLength(times);
  });

  it('are asked for again after a failure', async () => {
    let failures = 1;
    await using server = await scriptedServer((request) => {
      if (queryAction(request) !== 'AssumeRole') return CALLER_IDENTITY;
      return failures-- > 0 ? queryError(403, 'AccessDenied', 'no sts:AssumeRole') : credentials(60 * MINUTE_MS);
    });
    const { identity } = portsAt(server.url, { role: SESSION });

    expect(await faultFrom(identity.caller())).toMatchObject({ class: 'denied' });
    expect(await identity.caller()).toEqual({ account: '123456789012', partition: 'aws' });
  });

  it('that do not come are no reason to tell anybody a secret', async () => {
    await using server = await scriptedServer(() => ({
      status: 200,
      body: '<AssumeRoleResponse><AssumeRoleResult><Credentials><SecretAccessKey>hush</SecretAccessKey></Credentials></AssumeRoleResult></AssumeRoleResponse>',
    }));

    const fault = await faultFrom(portsAt(server.url, { role: SESSION }).identity.caller());

    expect(fault).toMatchObject({ class: 'transient', operation: 'sts:AssumeRole' });
    expect(JSON.stringify(fault)).not.toMatch(/hush|mail-7/);
  });
});
