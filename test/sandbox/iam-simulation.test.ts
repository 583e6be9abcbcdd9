import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  paginateSimulatePrincipalPolicy,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  SimulatePrincipalPolicyCommand,
  type SimulatePrincipalPolicyCommandInput,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { statementPositions } from '../../src/sandbox/policy/statement-positions.ts';
import { ACCOUNT, clientsOf, codeOf, policyOf, refusalOf, runningSandbox } from './support/running-sandbox.ts';

const RoleName = 'controller';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
const BUCKET = 'arn:aws:s3:::mail';
const TRUST = policyOf({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' });
const READS = { Effect: 'Allow', Action: 's3:Get*', Resource: `${BUCKET}/*` };

/** A role with an inline policy `own` of these statements, and how to ask about it. */
async function roleWith(...statements: readonly object[]) {
  const sandbox = await runningSandbox();
  const clients = clientsOf(sandbox);
  const { iam } = clients;
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: TRUST }));
  const PolicyDocument = policyOf(...statements);
  if (statements.length > 0) await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
  const simulate = (action: string, over: Partial<SimulatePrincipalPolicyCommandInput> = {}) =>
    iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: ROLE,
        ActionNames: [action],
        ResourceArns: [`${BUCKET}/key`],
        ...over,
      }),
    );
  const ask = async (...question: Parameters<typeof simulate>) => {
    const { EvaluationResults = [] } = await simulate(...question);
    return EvaluationResults[0];
  };
  return { sandbox, ...clients, simulate, ask };
}

const entry = (ContextKeyName: string, ...ContextKeyValues: string[]) => ({
  ContextKeyName,
  ContextKeyValues,
  ContextKeyType: 'string' as const,
});

describe('SimulatePrincipalPolicy', () => {
  it('answers as IAM does, statement and place of what decided included', async () => {
    const { ask } = await roleWith(READS);

    // The place of the only statement: from behind `{"Version":"2012-10-17","Statement":[` to behind its brace.
    const matched = {
      SourcePolicyId: 'role_controller_own',
      SourcePolicyType: 'IAM Policy',
      StartPosition: { Line: 1, Column: 38 },
      EndPosition: { Line: 1, Column: 38 + JSON.stringify(READS).length },
    };
    expect(await ask('s3:GetObject')).toEqual({
      EvalActionName: 's3:GetObject',
      EvalResourceName: '*',
      EvalDecision: 'allowed',
      MatchedStatements: [matched],
      MissingContextValues: [],
      EvalDecisionDetails: {},
      ResourceSpecificResults: [
        {
          EvalResourceName: `${BUCKET}/key`,
          EvalResourceDecision: 'allowed',
          MatchedStatements: [matched],
          MissingContextValues: [],
        },
      ],
    });
  });

  it.each([
    { name: 'what nothing allows', statements: [], action: 's3:GetObject', decision: 'implicitDeny' },
    { name: 'another action', statements: [READS], action: 's3:PutObject', decision: 'implicitDeny' },
    {
      name: 'what is denied besides',
      statements: [READS, { Effect: 'Deny', Action: 's3:GetObject', Resource: '*' }],
      action: 's3:GetObject',
      decision: 'explicitDeny',
    },
    {
      name: 'what is denied elsewhere',
      statements: [READS, { Effect: 'Deny', Action: 's3:*', Resource: `${BUCKET}/other` }],
      action: 's3:GetObject',
      decision: 'allowed',
    },
  ])('decides about $name: $decision', async ({ statements, action, decision }) => {
    const { ask } = await roleWith(...statements);

    expect(await ask(action)).toMatchObject({ EvalDecision: decision });
  });

  it('takes a policy that names resources for none that allows all of them', async () => {
    const { ask } = await roleWith(READS);
    const result = await ask('s3:GetObject', { ResourceArns: undefined });

    expect(result).toMatchObject({ EvalDecision: 'implicitDeny', EvalResourceName: '*' });
    expect(result).not.toHaveProperty('ResourceSpecificResults');
  });

  it('lets the strictest of several resources decide, and tells of each', async () => {
    const { ask } = await roleWith(READS, { Effect: 'Deny', Action: 's3:GetObject', Resource: `${BUCKET}/secret` });
    const ResourceArns = [`${BUCKET}/key`, `${BUCKET}/secret`, 'arn:aws:s3:::other/key'];
    const result = await ask('s3:GetObject', { ResourceArns });

    expect(result?.EvalDecision).toBe('explicitDeny');
    expect(result?.MatchedStatements).toHaveLength(1);
    expect(result?.ResourceSpecificResults?.map((each) => each.EvalResourceDecision)).toEqual([
      'allowed',
      'explicitDeny',
      'implicitDeny',
    ]);
  });

  it('knows of the call what it is told, and names the condition keys that it is not told', async () => {
    const { ask } = await roleWith({ ...READS, Condition: { StringEquals: { 's3:ResourceAccount': ACCOUNT } } });

    expect(await ask('s3:GetObject')).toMatchObject({
      EvalDecision: 'implicitDeny',
      MissingContextValues: ['s3:ResourceAccount'],
    });
    const told = (value: string) => ask('s3:GetObject', { ContextEntries: [entry('S3:resourceaccount', value)] });
    expect(await told(ACCOUNT)).toMatchObject({ EvalDecision: 'allowed', MissingContextValues: [] });
    expect(await told('999999999999')).toMatchObject({ EvalDecision: 'implicitDeny', MissingContextValues: [] });
  });

  it('counts attached policies, and says whether the boundary lets it through', async () => {
    const { iam, ask } = await roleWith();
    const PolicyDocument = policyOf(READS, { Effect: 'Deny', Action: 's3:GetObjectAcl', Resource: '*' });
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'limit', PolicyDocument }));
    const all = 'arn:aws:iam::aws:policy/AmazonS3FullAccess';
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: all }));
    const unlimited = await ask('s3:PutObject');
    expect(unlimited).toMatchObject({ MatchedStatements: [{ SourcePolicyId: 'AmazonS3FullAccess' }] });
    expect(unlimited).not.toHaveProperty('PermissionsBoundaryDecisionDetail');

    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: Policy?.Arn ?? '' }));

    const allowed = (yes: boolean) => ({ PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: yes } });
    expect(await ask('s3:GetObject')).toMatchObject({ EvalDecision: 'allowed', ...allowed(true) });
    expect(await ask('s3:PutObject')).toMatchObject({
      EvalDecision: 'implicitDeny',
      MatchedStatements: [],
      ...allowed(false),
      ResourceSpecificResults: [allowed(false)],
    });
    expect(await ask('s3:GetObjectAcl')).toMatchObject({
      EvalDecision: 'explicitDeny',
      MatchedStatements: [{ SourcePolicyId: 'limit' }],
      ...allowed(false),
    });
  });

  it('tries policies that are not there yet, and another boundary', async () => {
    const { ask } = await roleWith();
    const over = { PolicyInputList: [policyOf(READS)] };

    expect(await ask('s3:GetObject', over)).toMatchObject({
      EvalDecision: 'allowed',
      MatchedStatements: [{ SourcePolicyId: 'PolicyInputList.1' }],
    });
    const none = policyOf({ Effect: 'Allow', Action: 'ses:*', Resource: '*' });
    expect(await ask('s3:GetObject', { ...over, PermissionsBoundaryPolicyInputList: [none] })).toMatchObject({
      EvalDecision: 'implicitDeny',
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
    });
  });

  it('gives its results by the page, in the order of the actions', async () => {
    const { iam } = await roleWith(READS);
    const ActionNames = ['s3:GetObject', 's3:PutObject', 's3:GetObjectTagging'];
    const pages: (readonly (string | undefined)[])[] = [];
    const input = { PolicySourceArn: ROLE, ActionNames, ResourceArns: [`${BUCKET}/key`] };
    for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy({ client: iam, pageSize: 2 }, input))
      pages.push(EvaluationResults.map(({ EvalActionName }) => EvalActionName));

    expect(pages).toEqual([ActionNames.slice(0, 2), ActionNames.slice(2)]);
  });

  it('lets the user of a static key do everything', async () => {
    const { ask } = await roleWith();

    expect(
      await ask('ses:ReorderReceiptRuleSet', { PolicySourceArn: `arn:aws:iam::${ACCOUNT}:user/sandbox` }),
    ).toMatchObject({ EvalDecision: 'allowed', MatchedStatements: [{ SourcePolicyId: 'AdministratorAccess' }] });
  });

  it.each<[string, Partial<SimulatePrincipalPolicyCommandInput>, string]>([
    ['a role that is not there', { PolicySourceArn: `${ROLE}-missing` }, '404 NoSuchEntityException'],
    [
      'a role by another path',
      { PolicySourceArn: `arn:aws:iam::${ACCOUNT}:role/path/${RoleName}` },
      '404 NoSuchEntityException',
    ],
    ['a user that is not there', { PolicySourceArn: `arn:aws:iam::${ACCOUNT}:user/u` }, '404 NoSuchEntityException'],
    [
      'a session',
      { PolicySourceArn: `arn:aws:sts::${ACCOUNT}:assumed-role/controller/s` },
      '400 InvalidInputException',
    ],
    ['the root', { PolicySourceArn: `arn:aws:iam::${ACCOUNT}:root` }, '400 InvalidInputException'],
    ['a role of another account', { PolicySourceArn: 'arn:aws:iam::999999999999:role/r' }, '403 AccessDenied'],
    ['no action', { ActionNames: [] }, '400 InvalidInputException'],
    ['an action that is none', { ActionNames: ['GetObject'] }, '400 InvalidInputException'],
    ['all actions', { ActionNames: ['s3:*'] }, '400 InvalidInputException'],
    ['a resource that is none', { ResourceArns: ['mail/key'] }, '400 InvalidInputException'],
    ['a policy that is none', { PolicyInputList: ['{}'] }, '400 InvalidInputException'],
    ['a key that is none', { ContextEntries: [entry('account', '1')] }, '400 InvalidInputException'],
    ['two values of a key', { ContextEntries: [entry('aws:TagKeys', 'a', 'b')] }, '501 NotImplemented'],
    ['a policy of the resource', { ResourcePolicy: policyOf(READS) }, '501 NotImplemented'],
  ])('refuses %s', async (_, over, code) => {
    const { simulate } = await roleWith(READS);

    expect(await codeOf(simulate('s3:GetObject', over))).toBe(code);
  });

  it('takes the right to ask about that very role', async () => {
    const { sandbox, iam, sts } = await roleWith(READS);
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'session' }));
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
    const asRole = clientsOf(sandbox, { credentials }).iam;
    const ask = () =>
      asRole.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn: ROLE, ActionNames: ['s3:GetObject'] }));
    const grant = (Resource: string) =>
      iam.send(
        new PutRolePolicyCommand({
          RoleName,
          PolicyName: 'asks',
          PolicyDocument: policyOf({ Effect: 'Allow', Action: 'iam:SimulatePrincipalPolicy', Resource }),
        }),
      );

    expect(await codeOf(ask())).toBe('403 AccessDenied');
    await grant(`${ROLE}-other`);
    expect((await refusalOf(ask())).message).toContain(
      `is not authorized to perform: iam:SimulatePrincipalPolicy on resource: ${ROLE} because`,
    );
    await grant(ROLE);
    expect((await ask()).EvaluationResults).toHaveLength(1);
  });
});

describe('statementPositions', () => {
  it('finds each statement of a list, whatever stands in it', () => {
    const text = `{
  "Version": "2012-10-17",
  "Id": "Statement",
  "Statement": [
    { "Sid": "a\\"}{", "Effect": "Allow", "Condition": { "Bool": { "k:v": ["true"] } } },
    {
      "Effect": "Deny"
    }
  ]
}`;
    expect(statementPositions(text)).toEqual([
      { start: { line: 4, column: 17 }, end: { line: 5, column: 88 } },
      { start: { line: 5, column: 89 }, end: { line: 8, column: 6 } },
    ]);
  });

  it('finds the only one without a list', () => {
    expect(statementPositions('{"Statement":{"Effect":"Allow","Resource":["*"]},"Version":"2012-10-17"}')).toEqual([
      { start: { line: 1, column: 14 }, end: { line: 1, column: 49 } },
    ]);
  });
});
