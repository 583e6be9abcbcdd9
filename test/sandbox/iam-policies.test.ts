import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListEntitiesForPolicyCommand,
  ListPoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, clientsOf, codeOf, policyOf, runningSandbox, trustOf } from './support/running-sandbox.ts';

const READ_MAIL = policyOf({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::mail/*' });
const ANYTHING = policyOf({ Effect: 'Allow', Action: '*', Resource: '*' });
const ARN = `arn:aws:iam::${ACCOUNT}:policy/mail/read-mail`;

/** An account with a policy of its own. */
async function withPolicy() {
  const sandbox = await runningSandbox();
  const { iam } = clientsOf(sandbox);
  const create = { PolicyName: 'read-mail', Path: '/mail/', PolicyDocument: READ_MAIL };
  await iam.send(new CreatePolicyCommand(create));
  const createRole = (more = {}) =>
    iam.send(
      new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com'), ...more }),
    );
  const may = (action: string) =>
    sandbox.iam.roles.judge(`arn:aws:iam::${ACCOUNT}:role/r`, { action, resource: 'arn:aws:s3:::mail/a' }).decision;
  return { sandbox, iam, create, createRole, may };
}

describe('a policy of the account', () => {
  it('is read back as it was written', async () => {
    const { iam } = await withPolicy();

    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: ARN }));
    const version = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn: ARN, VersionId: Policy?.DefaultVersionId }),
    );

    expect(Policy).toMatchObject({ Arn: ARN, Path: '/mail/', AttachmentCount: 0, IsAttachable: true });
    expect(decodeURIComponent(version.PolicyVersion?.Document ?? '')).toBe(READ_MAIL);
  });

  it('grants what it says once it is attached, and cannot be deleted while it is', async () => {
    const { iam, createRole, may } = await withPolicy();
    await createRole();
    const attached = { RoleName: 'r', PolicyArn: ARN };
    await iam.send(new AttachRolePolicyCommand(attached));

    expect([may('s3:GetObject'), may('s3:PutObject')]).toEqual(['allow', 'none']);
    expect((await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: ARN }))).PolicyRoles).toMatchObject([
      { RoleName: 'r' },
    ]);
    expect(await codeOf(iam.send(new DeletePolicyCommand({ PolicyArn: ARN })))).toBe('409 DeleteConflictException');
    await iam.send(new DetachRolePolicyCommand(attached));
    await iam.send(new DeletePolicyCommand({ PolicyArn: ARN }));
    expect(await codeOf(iam.send(new GetPolicyCommand({ PolicyArn: ARN })))).toBe('404 NoSuchEntityException');
  });

  it('as a boundary lets through what it names, and grants nothing', async () => {
    const { iam, createRole, may } = await withPolicy();
    await createRole({ PermissionsBoundary: ARN });
    expect(may('s3:GetObject')).toBe('none');

    await iam.send(new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'all', PolicyDocument: ANYTHING }));

    expect([may('s3:GetObject'), may('s3:PutObject')]).toEqual(['allow', 'none']);
    expect(await codeOf(iam.send(new DeletePolicyCommand({ PolicyArn: ARN })))).toBe('409 DeleteConflictException');
    expect(await codeOf(iam.send(new DeleteRoleCommand({ RoleName: 'r' })))).toBe('409 DeleteConflictException');
  });

  it('is listed by name, and unique by it', async () => {
    const { iam, create } = await withPolicy();
    await iam.send(new CreatePolicyCommand({ ...create, PolicyName: 'a' }));

    const { Policies } = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }));
    expect(Policies?.map(({ PolicyName }) => PolicyName)).toEqual(['a', 'read-mail']);
    expect(await codeOf(iam.send(new CreatePolicyCommand({ ...create, Path: '/' })))).toBe(
      '409 EntityAlreadyExistsException',
    );
  });
});
