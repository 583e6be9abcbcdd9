import * as iamClient from '@aws-sdk/client-iam';
import * as stsClient from '@aws-sdk/client-sts';
import { ACCOUNT, policyOf, trustOf } from '../sandbox/support/running-sandbox.ts';
import { callsOf } from './script.ts';

const iam = callsOf('iam', iamClient);
const sts = callsOf('sts', stsClient);
const RoleName = 'fidelity-role';
const missing = { RoleName: 'fidelity-missing' };
const AssumeRolePolicyDocument = trustOf('lambda.amazonaws.com');
const PolicyDocument = policyOf({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::mail/*' });
const PolicyArn = `arn:aws:iam::${ACCOUNT}:policy/fidelity/own`;
const HeldArn = `arn:aws:iam::${ACCOUNT}:policy/held`;
const trustsAccount = policyOf({ Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' });

const roles = [
  iam('CreateRole', 'with everything', {
    RoleName,
    Path: '/fidelity/',
    AssumeRolePolicyDocument,
    Description: 'about',
    MaxSessionDuration: 7200,
    Tags: [{ Key: 'a', Value: '1' }],
  }),
  iam('CreateRole', 'that is there', { RoleName, AssumeRolePolicyDocument }),
  iam('GetRole', 'that is there', { RoleName }),
  iam('GetRole', 'that is missing', missing),
  iam('ListRoles', 'by path', { PathPrefix: '/fidelity/' }),
  iam('UpdateRole', 'of a role', { RoleName, Description: 'changed', MaxSessionDuration: 3600 }),
  iam('UpdateRole', 'of a missing role', { ...missing, Description: 'changed' }),
  iam('UpdateAssumeRolePolicy', 'of a role', { RoleName, PolicyDocument: trustsAccount }),
  iam('UpdateAssumeRolePolicy', 'that is no JSON', { RoleName, PolicyDocument: 'no json' }),
  iam('UpdateAssumeRolePolicy', 'of a missing role', { ...missing, PolicyDocument: trustsAccount }),
  iam('GetRole', 'as it was changed', { RoleName }),
];

const inline = [
  iam('PutRolePolicy', 'that is new', { RoleName, PolicyName: 'own', PolicyDocument }),
  iam('PutRolePolicy', 'that is no JSON', { RoleName, PolicyName: 'own', PolicyDocument: 'no json' }),
  iam('PutRolePolicy', 'without an effect', {
    RoleName,
    PolicyName: 'own',
    PolicyDocument: policyOf({ Action: '*', Resource: '*' }),
  }),
  iam('PutRolePolicy', 'of a missing role', { ...missing, PolicyName: 'own', PolicyDocument }),
  iam('GetRolePolicy', 'as it was put', { RoleName, PolicyName: 'own' }),
  iam('GetRolePolicy', 'that is missing', { RoleName, PolicyName: 'missing' }),
  iam('ListRolePolicies', 'of a role', { RoleName }),
  iam('ListRolePolicies', 'of a missing role', missing),
];

const attached = [
  iam('CreatePolicy', 'of the account', {
    PolicyName: 'own',
    Path: '/fidelity/',
    PolicyDocument,
    Description: 'about',
  }),
  iam('CreatePolicy', 'that is there', { PolicyName: 'own', Path: '/fidelity/', PolicyDocument }),
  iam('CreatePolicy', 'that is no JSON', { PolicyName: 'x', PolicyDocument: 'no json' }),
  iam('GetPolicy', 'of the account', { PolicyArn }),
  iam('GetPolicy', 'that is missing', { PolicyArn: `${PolicyArn}-missing` }),
  iam('GetPolicyVersion', 'the only one', { PolicyArn, VersionId: 'v1' }),
  iam('GetPolicyVersion', 'that is missing', { PolicyArn, VersionId: 'v9' }),
  iam('ListPolicies', 'of the account', { Scope: 'Local' }),
  iam('AttachRolePolicy', 'to a role', { RoleName, PolicyArn }),
  iam('AttachRolePolicy', 'to a role again', { RoleName, PolicyArn }),
  iam('AttachRolePolicy', 'that is missing', { RoleName, PolicyArn: `${PolicyArn}-missing` }),
  iam('AttachRolePolicy', 'to a missing role', { ...missing, PolicyArn }),
  iam('ListAttachedRolePolicies', 'of a role', { RoleName }),
  iam('ListEntitiesForPolicy', 'with a role', { PolicyArn }),
  iam('GetAccountSummary', 'with a role and a policy', {}),
  iam('PutRolePermissionsBoundary', 'of a role', { RoleName, PermissionsBoundary: PolicyArn }),
  iam('GetRole', 'with a boundary', { RoleName }),
  iam('DeleteRolePermissionsBoundary', 'of a role', { RoleName }),
];

const tags = [
  iam('TagRole', 'one more', { RoleName, Tags: [{ Key: 'b', Value: '2' }] }),
  iam('ListRoleTags', 'of a role', { RoleName }),
  iam('UntagRole', 'one', { RoleName, TagKeys: ['a'] }),
  iam('TagRole', 'of a missing role', { ...missing, Tags: [{ Key: 'b', Value: '2' }] }),
  iam('ListInstanceProfilesForRole', 'of a role', { RoleName }),
];

const identities = [
  sts('GetCallerIdentity', 'of a static key', {}),
  sts('AssumeRole', 'that trusts the account', {
    RoleArn: `arn:aws:iam::${ACCOUNT}:role/fidelity/${RoleName}`,
    RoleSessionName: 'run',
  }),
  sts('AssumeRole', 'that is missing', { RoleArn: `arn:aws:iam::${ACCOUNT}:role/missing`, RoleSessionName: 'run' }),
  sts('AssumeRole', 'for too short a time', {
    RoleArn: `arn:aws:iam::${ACCOUNT}:role/fidelity/${RoleName}`,
    RoleSessionName: 'run',
    DurationSeconds: 1,
  }),
];

const end = [
  iam('DeleteRole', 'with policies', { RoleName }),
  iam('DetachRolePolicy', 'of a role', { RoleName, PolicyArn }),
  iam('DetachRolePolicy', 'that is not attached', { RoleName, PolicyArn }),
  iam('DeleteRole', 'with an inline policy', { RoleName }),
  iam('DeleteRolePolicy', 'of a role', { RoleName, PolicyName: 'own' }),
  iam('DeleteRolePolicy', 'that is missing', { RoleName, PolicyName: 'own' }),
  iam('DeleteRole', 'that is free', { RoleName }),
  iam('DeleteRole', 'that is missing', { RoleName }),
  iam('DeletePolicy', 'of the account', { PolicyArn }),
  iam('DeletePolicy', 'that is missing', { PolicyArn }),
];

// What one of the two takes and the other refuses comes last, so that nothing later stands on it.
const refusals = [
  iam('CreateRole', 'with a policy that is no JSON', { RoleName: 'x', AssumeRolePolicyDocument: 'no json' }),
  iam('CreateRole', 'with a bad name', { RoleName: 'no name', AssumeRolePolicyDocument }),
  iam('CreateRole', 'with a name too long', { RoleName: 'x'.repeat(65), AssumeRolePolicyDocument }),
  iam('CreateRole', 'with a bad path', { RoleName: 'y', Path: 'fidelity', AssumeRolePolicyDocument }),
  iam('CreateRole', 'to hold a policy', { RoleName, AssumeRolePolicyDocument }),
  iam('CreatePolicy', 'to be held', { PolicyName: 'held', PolicyDocument }),
  iam('AttachRolePolicy', 'to its holder', { RoleName, PolicyArn: HeldArn }),
  iam('TagRole', 'reserved', { RoleName, Tags: [{ Key: 'aws:x', Value: '2' }] }),
  iam('DeletePolicy', 'that is attached', { PolicyArn: HeldArn }),
];

/** A role with its policies from its creation to its end, and who may assume it. */
export const IAM_CALLS = [...roles, ...inline, ...attached, ...tags, ...identities, ...end, ...refusals];
