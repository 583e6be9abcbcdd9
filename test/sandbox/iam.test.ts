import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListInstanceProfilesForRoleCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  type CreateRoleCommandInput,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { manualClock } from './support/manual-clock.ts';
import { ACCOUNT, clientsOf, codeOf, policyOf, refusalOf, runningSandbox, trustOf } from './support/running-sandbox.ts';

const RoleName = 'mail-handler';
const TRUST = trustOf('lambda.amazonaws.com');
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
const GET = policyOf({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::mail/*' });

async function account() {
  const sandbox = await runningSandbox();
  return { sandbox, iam: clientsOf(sandbox).iam };
}

async function accountWithRole(input: Partial<CreateRoleCommandInput> = {}) {
  const { sandbox, iam } = await account();
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST, ...input }));
  return { sandbox, iam, arn: Role?.Arn ?? '' };
}

describe('a role', () => {
  it('comes back as it was created, its documents URL-encoded', async () => {
    const { iam } = await accountWithRole({
      Path: '/ses-lambda-pipeline/slp/',
      Description: 'runs (the) handler',
      MaxSessionDuration: 7200,
      PermissionsBoundary: READ_ONLY,
      Tags: [{ Key: 'name', Value: 'mail' }],
    });

    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));

    expect(Role).toMatchObject({
      Arn: `arn:aws:iam::${ACCOUNT}:role/ses-lambda-pipeline/slp/${RoleName}`,
      Path: '/ses-lambda-pipeline/slp/',
      Description: 'runs (the) handler',
      MaxSessionDuration: 7200,
      PermissionsBoundary: { PermissionsBoundaryArn: READ_ONLY },
      Tags: [{ Key: 'name', Value: 'mail' }],
    });
    expect(Role?.RoleId).toMatch(/^AROA[A-Z0-9]{17}$/);
    expect(Role?.CreateDate).toBeInstanceOf(Date);
    expect(Role?.AssumeRolePolicyDocument).not.toContain('{');
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(TRUST);
  });

  it('gets a new id when it is created again', async () => {
    const { iam } = await accountWithRole();
    const first = await iam.send(new GetRoleCommand({ RoleName }));
    await iam.send(new DeleteRoleCommand({ RoleName }));

    const second = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));

    expect(second.Role?.RoleId).not.toBe(first.Role?.RoleId);
  });

  it.each<{ name: string; input: Partial<CreateRoleCommandInput>; code: string }>([
    {
      name: 'a taken name in another case and path',
      input: { RoleName: 'Mail-Handler', Path: '/other/' },
      code: '409 EntityAlreadyExistsException',
    },
    { name: 'a name with a slash', input: { RoleName: 'a/b' }, code: '400 ValidationError' },
    { name: 'a name of 65 characters', input: { RoleName: 'a'.repeat(65) }, code: '400 ValidationError' },
    { name: 'a path without end', input: { RoleName: 'b', Path: '/a' }, code: '400 ValidationError' },
    {
      name: 'a trust policy that is none',
      input: { RoleName: 'b', AssumeRolePolicyDocument: '{}' },
      code: '400 MalformedPolicyDocumentException',
    },
    {
      name: 'trust in a role that is not there',
      input: {
        RoleName: 'b',
        AssumeRolePolicyDocument: policyOf({
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/gone` },
          Action: 'sts:AssumeRole',
        }),
      },
      code: '400 MalformedPolicyDocumentException',
    },
    {
      name: 'a trust policy of over 2048 characters',
      input: {
        RoleName: 'b',
        AssumeRolePolicyDocument: policyOf(
          ...Array.from({ length: 20 }, (_, index) => ({
            Sid: `S${index}`,
            Effect: 'Allow',
            Principal: { Service: 'lambda.amazonaws.com' },
            Action: 'sts:AssumeRole',
          })),
        ),
      },
      code: '409 LimitExceededException',
    },
    {
      name: 'a boundary that is not there',
      input: { RoleName: 'b', PermissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/none` },
      code: '404 NoSuchEntityException',
    },
    {
      name: 'a session of 30 minutes',
      input: { RoleName: 'b', MaxSessionDuration: 1800 },
      code: '400 ValidationError',
    },
    {
      name: 'two tags that differ in case only',
      input: {
        RoleName: 'b',
        Tags: [
          { Key: 'a', Value: '1' },
          { Key: 'A', Value: '2' },
        ],
      },
      code: '400 InvalidInputException',
    },
    {
      name: '51 tags',
      input: { RoleName: 'b', Tags: Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: '' })) },
      code: '409 LimitExceededException',
    },
  ])('is refused with $name', async ({ input, code }) => {
    const { iam } = await accountWithRole();

    const create = new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST, ...input });

    expect(await codeOf(iam.send(create))).toBe(code);
  });

  it('is listed by path, page by page, without tags and boundary', async () => {
    const { iam } = await accountWithRole({
      Path: '/a/',
      Tags: [{ Key: 'k', Value: 'v' }],
      PermissionsBoundary: BASIC,
    });
    for (const name of ['one', 'two']) {
      await iam.send(new CreateRoleCommand({ RoleName: name, Path: '/a/b/', AssumeRolePolicyDocument: TRUST }));
    }
    await iam.send(new CreateRoleCommand({ RoleName: 'three', AssumeRolePolicyDocument: TRUST }));

    const first = await iam.send(new ListRolesCommand({ PathPrefix: '/a/', MaxItems: 2 }));
    const second = await iam.send(new ListRolesCommand({ PathPrefix: '/a/', MaxItems: 2, Marker: first.Marker }));

    expect([first.IsTruncated, second.IsTruncated]).toEqual([true, false]);
    const roles = [...(first.Roles ?? []), ...(second.Roles ?? [])];
    expect(roles.map((role) => role.RoleName)).toEqual(['one', 'two', RoleName]);
    expect(roles.every((role) => role.Tags === undefined && role.PermissionsBoundary === undefined)).toBe(true);
  });

  it('changes its description, session length and trust', async () => {
    const { iam } = await accountWithRole();
    const trust = trustOf('ses.amazonaws.com');

    await iam.send(new UpdateRoleCommand({ RoleName, Description: 'new', MaxSessionDuration: 3601 }));
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust }));

    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(Role).toMatchObject({ Description: 'new', MaxSessionDuration: 3601 });
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(trust);
  });

  it('adds, overwrites and removes single tags', async () => {
    const { iam } = await accountWithRole({
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    });

    await iam.send(
      new TagRoleCommand({
        RoleName,
        Tags: [
          { Key: 'a', Value: '9' },
          { Key: 'c', Value: '3' },
        ],
      }),
    );
    await iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['b', 'unknown'] }));

    const { Tags } = await iam.send(new ListRoleTagsCommand({ RoleName }));
    expect(new Map(Tags?.map(({ Key, Value }) => [Key, Value]))).toEqual(
      new Map([
        ['a', '9'],
        ['c', '3'],
      ]),
    );
  });
});

describe('the policies of a role', () => {
  it('puts, replaces, lists and deletes inline policies', async () => {
    const { iam } = await accountWithRole();
    const put = (PolicyName: string, PolicyDocument: string) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));

    await put('b', TRUST_LESS);
    await put('a', TRUST_LESS);
    await put('a', GET);
    const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'a' }));
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'a' }));

    expect(PolicyNames).toEqual(['a', 'b']);
    expect(decodeURIComponent(PolicyDocument ?? '')).toBe(GET);
    expect(await codeOf(iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'a' })))).toBe(
      '404 NoSuchEntityException',
    );
    expect(await codeOf(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'a' })))).toBe(
      '404 NoSuchEntityException',
    );
  });

  it('refuses a document with a principal, and too much of it', async () => {
    const { iam } = await accountWithRole();
    const resources = Array.from({ length: 300 }, (_, index) => `arn:aws:s3:::bucket-with-a-long-name-${index}/*`);
    const long = policyOf({ Effect: 'Allow', Action: 's3:GetObject', Resource: resources });
    const put = (PolicyDocument: string) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument }));

    expect(await codeOf(put(TRUST))).toBe('400 MalformedPolicyDocumentException');
    expect(await codeOf(put(long))).toBe('409 LimitExceededException');
  });

  it('attaches AWS managed policies, also twice, and detaches them once', async () => {
    const { iam } = await accountWithRole();
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: BASIC }));
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: BASIC }));

    const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    const detach = new DetachRolePolicyCommand({ RoleName, PolicyArn: BASIC });
    await iam.send(detach);

    expect(AttachedPolicies).toEqual([{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: BASIC }]);
    expect(await codeOf(iam.send(detach))).toBe('404 NoSuchEntityException');
    const PolicyArn = `arn:aws:iam::${ACCOUNT}:policy/none`;
    expect(await codeOf(iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn })))).toBe(
      '404 NoSuchEntityException',
    );
  });

  it('keep a role from being deleted', async () => {
    const { iam } = await accountWithRole();
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: BASIC }));
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: GET }));
    const remove = () => iam.send(new DeleteRoleCommand({ RoleName }));

    expect(await codeOf(remove())).toBe('409 DeleteConflictException');
    await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: BASIC }));
    expect(await codeOf(remove())).toBe('409 DeleteConflictException');
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'p' }));
    await remove();

    expect(await codeOf(remove())).toBe('404 NoSuchEntityException');
  });

  it('limit by a boundary what they allow', async () => {
    const { sandbox, iam, arn } = await accountWithRole();
    await iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'p',
        PolicyDocument: policyOf({ Effect: 'Allow', Action: 's3:*', Resource: '*' }),
      }),
    );
    const judge = (action: string) =>
      sandbox.iam.roles.judge(arn, { action, resource: 'arn:aws:s3:::mail/a' }).decision;

    expect(judge('s3:PutObject')).toBe('allow');
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: READ_ONLY }));
    expect([judge('s3:PutObject'), judge('s3:GetObject')]).toEqual(['none', 'allow']);
    await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    expect(judge('s3:PutObject')).toBe('allow');
    expect(await codeOf(iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })))).toBe(
      '404 NoSuchEntityException',
    );
  });
});

const TRUST_LESS = policyOf({ Effect: 'Allow', Action: 'logs:*', Resource: '*' });

describe('what is not there', () => {
  it.each<{ name: string; send: (iam: IAMClient) => Promise<unknown> }>([
    { name: 'GetRole', send: (iam) => iam.send(new GetRoleCommand({ RoleName })) },
    { name: 'UpdateRole', send: (iam) => iam.send(new UpdateRoleCommand({ RoleName })) },
    {
      name: 'UpdateAssumeRolePolicy',
      send: (iam) => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: TRUST })),
    },
    {
      name: 'PutRolePolicy',
      send: (iam) => iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: GET })),
    },
    { name: 'ListRolePolicies', send: (iam) => iam.send(new ListRolePoliciesCommand({ RoleName })) },
    { name: 'ListAttachedRolePolicies', send: (iam) => iam.send(new ListAttachedRolePoliciesCommand({ RoleName })) },
    {
      name: 'ListInstanceProfilesForRole',
      send: (iam) => iam.send(new ListInstanceProfilesForRoleCommand({ RoleName })),
    },
    { name: 'TagRole', send: (iam) => iam.send(new TagRoleCommand({ RoleName, Tags: [] })) },
  ])('is NoSuchEntity for $name', async ({ send }) => {
    const { iam } = await account();

    const refusal = await refusalOf(send(iam));

    expect([refusal.name, refusal.$metadata.httpStatusCode]).toEqual(['NoSuchEntityException', 404]);
    expect(refusal.message).toContain(RoleName);
  });

  it('includes instance profiles: a role has none', async () => {
    const { iam } = await accountWithRole();

    const { InstanceProfiles } = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName }));

    expect(InstanceProfiles).toEqual([]);
  });
});

describe('what other services see', () => {
  it('is a role that they may assume by its trust policy', async () => {
    const { sandbox, arn } = await accountWithRole();
    const { door } = sandbox.iam;

    expect(door.roleExists(arn)).toBe(true);
    expect(door.assumableBy(arn, 'lambda.amazonaws.com')).toBe(true);
    expect(door.assumableBy(arn, 'ses.amazonaws.com')).toBe(false);
    expect(door.assumableBy(`${arn}x`, 'lambda.amazonaws.com')).toBe(false);
  });

  it('comes late: the role first, then each change of its trust and policies', async () => {
    const clock = manualClock();
    const sandbox = await runningSandbox({ clock });
    const { iam } = clientsOf(sandbox);
    sandbox.faults.setPropagationMs(5000);
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
    const arn = Role?.Arn ?? '';
    const seen = () => [
      sandbox.iam.door.roleExists(arn),
      sandbox.iam.door.assumableBy(arn, 'lambda.amazonaws.com'),
      sandbox.iam.roles.judge(arn, { action: 's3:GetObject', resource: 'arn:aws:s3:::mail/a' }).decision === 'allow',
    ];

    expect(seen()).toEqual([false, false, false]);
    clock.advance(5000);
    expect(seen()).toEqual([true, true, false]);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: GET }));
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trustOf('ses.amazonaws.com') }));
    expect(seen()).toEqual([true, true, false]);
    clock.advance(5000);
    expect(seen()).toEqual([true, false, true]);
  });
});
