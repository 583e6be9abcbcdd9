import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListInstanceProfilesForRoleCommand,
  ListPoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { ACCOUNT, policyOf, trustOf } from '../sandbox/support/running-sandbox.ts';
import { callsOf } from './script.ts';

const iam = callsOf('iam');
const sts = callsOf('sts');
const RoleName = 'fidelity-role';
const missing = { RoleName: 'fidelity-missing' };
const AssumeRolePolicyDocument = trustOf('lambda.amazonaws.com');
const PolicyDocument = policyOf({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::mail/*' });
const PolicyArn = `arn:aws:iam::${ACCOUNT}:policy/fidelity/own`;
const HeldArn = `arn:aws:iam::${ACCOUNT}:policy/held`;
const trustsAccount = policyOf({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' });

const roles = [
  iam(
    'with everything',
    () =>
      new CreateRoleCommand({
        RoleName,
        Path: '/fidelity/',
        AssumeRolePolicyDocument,
        Description: 'about',
        MaxSessionDuration: 7200,
        Tags: [{ Key: 'a', Value: '1' }],
      }),
  ),
  iam('that is there', () => new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument })),
  iam('that is there', () => new GetRoleCommand({ RoleName })),
  iam('that is missing', () => new GetRoleCommand(missing)),
  iam('by path', () => new ListRolesCommand({ PathPrefix: '/fidelity/' })),
  iam('of a role', () => new UpdateRoleCommand({ RoleName, Description: 'changed', MaxSessionDuration: 3600 })),
  iam('of a missing role', () => new UpdateRoleCommand({ ...missing, Description: 'changed' })),
  iam('of a role', () => new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trustsAccount })),
  iam('that is no JSON', () => new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: 'no json' })),
  iam('of a missing role', () => new UpdateAssumeRolePolicyCommand({ ...missing, PolicyDocument: trustsAccount })),
  iam('as it was changed', () => new GetRoleCommand({ RoleName })),
];

const inline = [
  iam('that is new', () => new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument })),
  iam('that is no JSON', () => new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument: 'no json' })),
  iam(
    'without an effect',
    () =>
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'own',
        PolicyDocument: policyOf({ Action: '*', Resource: '*' }),
      }),
  ),
  iam('of a missing role', () => new PutRolePolicyCommand({ ...missing, PolicyName: 'own', PolicyDocument })),
  iam('as it was put', () => new GetRolePolicyCommand({ RoleName, PolicyName: 'own' })),
  iam('that is missing', () => new GetRolePolicyCommand({ RoleName, PolicyName: 'missing' })),
  iam('of a role', () => new ListRolePoliciesCommand({ RoleName })),
  iam('of a missing role', () => new ListRolePoliciesCommand(missing)),
];

const attached = [
  iam(
    'of the account',
    () => new CreatePolicyCommand({ PolicyName: 'own', Path: '/fidelity/', PolicyDocument, Description: 'about' }),
  ),
  iam('that is there', () => new CreatePolicyCommand({ PolicyName: 'own', Path: '/fidelity/', PolicyDocument })),
  iam('that is no JSON', () => new CreatePolicyCommand({ PolicyName: 'x', PolicyDocument: 'no json' })),
  iam('of the account', () => new GetPolicyCommand({ PolicyArn })),
  iam('that is missing', () => new GetPolicyCommand({ PolicyArn: `${PolicyArn}-missing` })),
  iam('the only one', () => new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v1' })),
  iam('that is missing', () => new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v9' })),
  iam('of the account', () => new ListPoliciesCommand({ Scope: 'Local' })),
  iam('to a role', () => new AttachRolePolicyCommand({ RoleName, PolicyArn })),
  iam('to a role again', () => new AttachRolePolicyCommand({ RoleName, PolicyArn })),
  iam('that is missing', () => new AttachRolePolicyCommand({ RoleName, PolicyArn: `${PolicyArn}-missing` })),
  iam('to a missing role', () => new AttachRolePolicyCommand({ ...missing, PolicyArn })),
  iam('of a role', () => new ListAttachedRolePoliciesCommand({ RoleName })),
  iam('with a role', () => new ListEntitiesForPolicyCommand({ PolicyArn })),
  iam('of a role', () => new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: PolicyArn })),
  iam('with a boundary', () => new GetRoleCommand({ RoleName })),
  iam('of a role', () => new DeleteRolePermissionsBoundaryCommand({ RoleName })),
];

const tags = [
  iam('one more', () => new TagRoleCommand({ RoleName, Tags: [{ Key: 'b', Value: '2' }] })),
  iam('of a role', () => new ListRoleTagsCommand({ RoleName })),
  iam('one', () => new UntagRoleCommand({ RoleName, TagKeys: ['a'] })),
  iam('of a missing role', () => new TagRoleCommand({ ...missing, Tags: [{ Key: 'b', Value: '2' }] })),
  iam('of a role', () => new ListInstanceProfilesForRoleCommand({ RoleName })),
];

const identities = [
  sts('of a static key', () => new GetCallerIdentityCommand({})),
  sts(
    'that trusts the account',
    () =>
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/fidelity/${RoleName}`, RoleSessionName: 'run' }),
  ),
  sts(
    'that is missing',
    () => new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/missing`, RoleSessionName: 'run' }),
  ),
  sts(
    'for too short a time',
    () =>
      new AssumeRoleCommand({
        RoleArn: `arn:aws:iam::${ACCOUNT}:role/fidelity/${RoleName}`,
        RoleSessionName: 'run',
        DurationSeconds: 1,
      }),
  ),
];

const end = [
  iam('with policies', () => new DeleteRoleCommand({ RoleName })),
  iam('of a role', () => new DetachRolePolicyCommand({ RoleName, PolicyArn })),
  iam('that is not attached', () => new DetachRolePolicyCommand({ RoleName, PolicyArn })),
  iam('with an inline policy', () => new DeleteRoleCommand({ RoleName })),
  iam('of a role', () => new DeleteRolePolicyCommand({ RoleName, PolicyName: 'own' })),
  iam('that is missing', () => new DeleteRolePolicyCommand({ RoleName, PolicyName: 'own' })),
  iam('that is free', () => new DeleteRoleCommand({ RoleName })),
  iam('that is missing', () => new DeleteRoleCommand({ RoleName })),
  iam('of the account', () => new DeletePolicyCommand({ PolicyArn })),
  iam('that is missing', () => new DeletePolicyCommand({ PolicyArn })),
];

// What one of the two takes and the other refuses comes last, so that nothing later stands on it.
const refusals = [
  iam(
    'with a policy that is no JSON',
    () => new CreateRoleCommand({ RoleName: 'x', AssumeRolePolicyDocument: 'no json' }),
  ),
  iam('with a bad name', () => new CreateRoleCommand({ RoleName: 'no name', AssumeRolePolicyDocument })),
  iam('with a name too long', () => new CreateRoleCommand({ RoleName: 'x'.repeat(65), AssumeRolePolicyDocument })),
  iam('with a bad path', () => new CreateRoleCommand({ RoleName: 'y', Path: 'fidelity', AssumeRolePolicyDocument })),
  iam('to hold a policy', () => new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument })),
  iam('to be held', () => new CreatePolicyCommand({ PolicyName: 'held', PolicyDocument })),
  iam('to its holder', () => new AttachRolePolicyCommand({ RoleName, PolicyArn: HeldArn })),
  iam('reserved', () => new TagRoleCommand({ RoleName, Tags: [{ Key: 'aws:x', Value: '2' }] })),
  iam('that is attached', () => new DeletePolicyCommand({ PolicyArn: HeldArn })),
];

/** A role with its policies from its creation to its end, and who may assume it. */
export const IAM_CALLS = [...roles, ...inline, ...attached, ...tags, ...identities, ...end, ...refusals];
