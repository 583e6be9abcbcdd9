import {
  CreatePolicyCommand,
  CreateRoleCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateFunctionCommand, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { describe, expect, test } from 'vitest';
import { policyOf, trustOf } from '../sandbox/support/running-sandbox.ts';
import { faults, place } from './place.ts';

const ACCOUNT = '123456789012';
const RoleName = 'controller';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
const TRUST = policyOf({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' });
const REORDER = 'ses:ReorderReceiptRuleSet';

/** A sandbox in which the role of a controller may do everything in its region, whatever else is said of it. */
async function placeOfController(...more: readonly object[]) {
  const here = await place();
  const { iam } = here.foreign;
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
  const managed = async (PolicyName: string, PolicyDocument: string): Promise<string> => {
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
    return Policy?.Arn ?? '';
  };
  const inline = (PolicyName: string, ...statements: readonly object[]) =>
    iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: policyOf(...statements) }));
  const inOurRegion = { StringEquals: { 'aws:RequestedRegion': 'us-west-2' } };
  const Action = ['iam', 'lambda', 'logs', 's3', 'ses'].map((service) => `${service}:*`);
  await inline('own', { Effect: 'Allow', Action, Resource: '*', Condition: inOurRegion }, ...more);
  const permissions = async (...args: readonly string[]) => {
    const { code, findings } = await here.doctor('--check-role', ROLE, ...args);
    return { code, finding: findings.find(({ check }) => check === 'permissions') };
  };
  return { ...here, managed, inline, permissions };
}

const deny = (...Action: readonly string[]) => ({ Effect: 'Deny', Action, Resource: '*' });

describe('doctor asks IAM what a role may do', () => {
  test('which is everything where a policy allows it', async () => {
    const { permissions } = await placeOfController();

    expect((await permissions()).finding).toMatchObject({
      outcome: 'ok',
      message: `${ROLE} may make all calls that a pipeline needs`,
    });
  });

  test('and names what nothing allows', async () => {
    const { permissions } = await placeOfController();

    expect(await permissions('--region', 'eu-west-1')).toMatchObject({
      code: 2,
      finding: {
        outcome: 'fail',
        message: expect.stringMatching(/^\S+controller may not ses:CreateReceiptRule.* and \d+ more$/),
        todo: `Allow them in the policy of ${ROLE}`,
      },
    });
  });

  test('and names what a Deny forbids', async () => {
    const { permissions } = await placeOfController(deny(REORDER));

    expect(await permissions()).toMatchObject({
      code: 2,
      finding: {
        outcome: 'fail',
        message: `${ROLE} may not ${REORDER}; a policy explicitly denies ${REORDER}`,
        todo: `Allow it in the policy of ${ROLE}, and take the Deny out`,
      },
    });
  });

  test('and names what its boundary stops', async () => {
    const { foreign, managed, permissions } = await placeOfController();
    const limit = policyOf({ Effect: 'Allow', NotAction: [REORDER], Resource: '*' });
    const PermissionsBoundary = await managed('limit', limit);
    await foreign.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));

    expect((await permissions()).finding).toMatchObject({
      outcome: 'fail',
      message: `${ROLE} may not ${REORDER}; its permissions boundary does not let ${REORDER} through`,
      todo: `Allow it in the policy of ${ROLE} and in its permissions boundary`,
    });
  });

  test('and only warns of what some pipelines need', async () => {
    const { permissions } = await placeOfController(deny('lambda:PutFunctionConcurrency'));

    expect(await permissions()).toMatchObject({
      code: 0,
      finding: {
        outcome: 'warn',
        message: `${ROLE} may not lambda:PutFunctionConcurrency, which only some pipelines need; a policy explicitly denies lambda:PutFunctionConcurrency`,
      },
    });
  });

  test('and says of one that is not there that it is not', async () => {
    const { doctor } = await place();

    expect((await doctor('--check-role', `${ROLE}-2`)).failed).toMatchObject([
      {
        check: 'permissions',
        message: `IAM cannot say what ${ROLE}-2 may do: The role with name controller-2 cannot be found. Give the ARN of a role or user of this account, with its path`,
        todo: 'Correct --check-role',
      },
    ]);
  });

  test('and whose session it is, where no other is named', async () => {
    const { foreign, inline, doctor } = await placeOfController(deny('iam:SimulatePrincipalPolicy'));
    const asRole = async () => {
      const { Credentials } = await foreign.sts.send(
        new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'session' }),
      );
      return {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      };
    };
    const permissions = async () =>
      (await doctor({ credentials: await asRole() })).findings.filter(({ check }) => check === 'permissions');

    expect(await permissions()).toMatchObject([
      { outcome: 'unknown', message: expect.stringContaining('may not iam:SimulatePrincipalPolicy') },
    ]);
    await inline('own', { Effect: 'Allow', Action: '*', Resource: '*' });
    expect(await permissions()).toMatchObject([
      { outcome: 'ok', message: `${ROLE} may make all calls that a pipeline needs` },
    ]);
  });
});

describe('doctor counts what is left', () => {
  const quotas = (findings: readonly { readonly check: string; readonly message: string }[]): readonly string[] =>
    findings.filter(({ check }) => check === 'quota').map(({ message }) => message);

  test('of code, concurrency and roles', async () => {
    const { apply, doctor } = await place();
    await apply({ function: { reservedConcurrency: 50 } });

    expect(quotas((await doctor()).findings)).toEqual([
      '3 of 200 rules of set ses-lambda-pipeline',
      '1 of 40 rule sets',
      '1 of 10000 buckets',
      expect.stringMatching(/^\d+(\.\d+)? K?B of 75 GB of code, in 1 function with its versions$/),
      '950 of 1000 concurrent executions are left to functions that reserve none',
      '1 of 1000 roles',
    ]);
  });

  test('and says when no function can reserve anything', async () => {
    const { foreign, apply, doctor } = await place();
    await apply({ function: { reservedConcurrency: 900 } });

    const { code, findings } = await doctor();
    expect(code).toBe(0);
    expect(findings).toContainEqual({
      check: 'quota',
      about: 'us-west-2',
      outcome: 'warn',
      message:
        'Nothing can be reserved for a function: 100 of 1000 concurrent executions are left to functions that reserve none',
      todo: expect.stringContaining('reservedConcurrency'),
    });
    await foreign.iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com') }),
    );
    await foreign.lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'theirs',
        Role: ROLE,
        PackageType: 'Image',
        Code: { ImageUri: `${ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com/theirs:1` },
      }),
    );
    const one = new PutFunctionConcurrencyCommand({ FunctionName: 'theirs', ReservedConcurrentExecutions: 1 });
    await expect(foreign.lambda.send(one)).rejects.toThrow(/below its minimum value of \[100\]/);
  });

  test('and what a manifest asks for beyond it', async () => {
    const { run } = await place();
    const managedPolicyArns = Array.from({ length: 11 }, (_, index) => `arn:aws:iam::aws:policy/p${index}`);
    const privileges = Array.from({ length: 12 }, (_, index) => ({
      actions: ['s3:GetObject'],
      resource: `arn:aws:s3:::${index}${'x'.repeat(900)}`,
    }));
    const { code, out } = await run('doctor', [{ role: { managedPolicyArns, privileges } }]);

    expect(code).toBe(2);
    expect(out).toContain('✗ quota (mail/app): 11 managed policies on its role are more than the 10 of IAM');
    expect(out).toMatch(
      /✗ quota \(mail\/app\): 1\d{4} characters of policy in its role are more than the 10240 of IAM/,
    );
  });

  test('but takes what it may not look at for unknown', async () => {
    const { sandbox, doctor } = await place();
    const denied = (action: string) => ({
      operation: action,
      kind: 'error',
      error: { status: 403, code: 'AccessDenied', message: `not authorized to perform: ${action}` },
    });
    await faults(sandbox.url, { rules: ['lambda:GetAccountSettings', 'iam:GetAccountSummary'].map(denied) });

    const { code, findings } = await doctor();
    expect(code).toBe(0);
    expect(findings.filter(({ outcome, check }) => check === 'quota' && outcome === 'unknown')).toMatchObject([
      { reason: 'AccessDenied', message: expect.stringContaining('lambda:GetAccountSettings') },
      { reason: 'AccessDenied', message: expect.stringContaining('iam:GetAccountSummary') },
    ]);
  });
});
