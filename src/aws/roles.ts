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
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  type IAMClient,
  type Role,
  type Tag,
} from '@aws-sdk/client-iam';
import type { Tags } from '../core/observed.ts';
import type { Roles } from '../core/ports.ts';
import { absentOn, everyPage, type Call } from './calls.ts';
import { fromIamDocument, toPolicyJson } from './policy-json.ts';

const NONE = ['NoSuchEntity'];

/** Roles of IAM. Lists of a role that is gone are empty. */
export function roles(iam: IAMClient, call: Call): Roles {
  const removed = async (answer: Promise<unknown>): Promise<void> => {
    await absentOn(NONE, answer);
  };

  return {
    list: (path) =>
      everyPage(async (marker) => {
        const command = new ListRolesCommand({ PathPrefix: path, Marker: marker });
        const page = await call('ListRoles', `roles under ${path}`, () => iam.send(command));
        return { items: present(page.Roles?.map(({ RoleName }) => RoleName)), next: nextOf(page) };
      }),
    get: async (name) => {
      const found = await absentOn(
        NONE,
        call('GetRole', named(name), () => iam.send(new GetRoleCommand({ RoleName: name }))),
      );
      return found?.Role === undefined ? undefined : toRole(found.Role);
    },
    inlinePolicyNames: (name) =>
      everyPage(async (marker) => {
        const command = new ListRolePoliciesCommand({ RoleName: name, Marker: marker });
        const page = await absentOn(
          NONE,
          call('ListRolePolicies', named(name), () => iam.send(command)),
        );
        return { items: page?.PolicyNames ?? [], next: nextOf(page) };
      }),
    inlinePolicy: async (name, policyName) => {
      const command = new GetRolePolicyCommand({ RoleName: name, PolicyName: policyName });
      const found = await absentOn(
        NONE,
        call('GetRolePolicy', policyOf(name, policyName), () => iam.send(command)),
      );
      return found?.PolicyDocument === undefined ? undefined : fromIamDocument(found.PolicyDocument);
    },
    managedPolicyArns: (name) =>
      everyPage(async (marker) => {
        const command = new ListAttachedRolePoliciesCommand({ RoleName: name, Marker: marker });
        const page = await absentOn(
          NONE,
          call('ListAttachedRolePolicies', named(name), () => iam.send(command)),
        );
        return { items: present(page?.AttachedPolicies?.map(({ PolicyArn }) => PolicyArn)), next: nextOf(page) };
      }),
    create: async (role) => {
      const command = new CreateRoleCommand({
        RoleName: role.name,
        Path: role.path,
        Description: role.description,
        AssumeRolePolicyDocument: toPolicyJson(role.trust),
        Tags: toTagList(role.tags),
        PermissionsBoundary: role.permissionsBoundaryArn,
      });
      await call('CreateRole', named(role.name), () => iam.send(command));
    },
    updateTrust: async (name, trust) => {
      const command = new UpdateAssumeRolePolicyCommand({ RoleName: name, PolicyDocument: toPolicyJson(trust) });
      await call('UpdateAssumeRolePolicy', named(name), () => iam.send(command));
    },
    updateDescription: async (name, description) => {
      const command = new UpdateRoleCommand({ RoleName: name, Description: description });
      await call('UpdateRole', named(name), () => iam.send(command));
    },
    putInlinePolicy: async (name, policyName, document) => {
      const command = new PutRolePolicyCommand({
        RoleName: name,
        PolicyName: policyName,
        PolicyDocument: toPolicyJson(document),
      });
      await call('PutRolePolicy', policyOf(name, policyName), () => iam.send(command));
    },
    deleteInlinePolicy: (name, policyName) => {
      const command = new DeleteRolePolicyCommand({ RoleName: name, PolicyName: policyName });
      return removed(call('DeleteRolePolicy', policyOf(name, policyName), () => iam.send(command)));
    },
    attachPolicy: async (name, policyArn) => {
      const command = new AttachRolePolicyCommand({ RoleName: name, PolicyArn: policyArn });
      await call('AttachRolePolicy', named(name), () => iam.send(command));
    },
    detachPolicy: (name, policyArn) => {
      const command = new DetachRolePolicyCommand({ RoleName: name, PolicyArn: policyArn });
      return removed(call('DetachRolePolicy', named(name), () => iam.send(command)));
    },
    tag: async (name, tags) => {
      const command = new TagRoleCommand({ RoleName: name, Tags: toTagList(tags) });
      await call('TagRole', named(name), () => iam.send(command));
    },
    putBoundary: async (name, policyArn) => {
      const command = new PutRolePermissionsBoundaryCommand({ RoleName: name, PermissionsBoundary: policyArn });
      await call('PutRolePermissionsBoundary', named(name), () => iam.send(command));
    },
    deleteBoundary: (name) => {
      const command = new DeleteRolePermissionsBoundaryCommand({ RoleName: name });
      return removed(call('DeleteRolePermissionsBoundary', named(name), () => iam.send(command)));
    },
    instanceProfiles: (name) =>
      everyPage(async (marker) => {
        const command = new ListInstanceProfilesForRoleCommand({ RoleName: name, Marker: marker });
        const page = await absentOn(
          NONE,
          call('ListInstanceProfilesForRole', named(name), () => iam.send(command)),
        );
        return {
          items: present(page?.InstanceProfiles?.map(({ InstanceProfileName }) => InstanceProfileName)),
          next: nextOf(page),
        };
      }),
    removeFromInstanceProfile: (name, profile) => {
      const command = new RemoveRoleFromInstanceProfileCommand({ RoleName: name, InstanceProfileName: profile });
      return removed(call('RemoveRoleFromInstanceProfile', named(name), () => iam.send(command)));
    },
    delete: (name) => {
      const command = new DeleteRoleCommand({ RoleName: name });
      return removed(call('DeleteRole', named(name), () => iam.send(command)));
    },
  };
}

function toRole(role: Role) {
  return {
    name: role.RoleName ?? '',
    arn: role.Arn ?? '',
    path: role.Path ?? '/',
    description: role.Description ?? '',
    trust: fromIamDocument(role.AssumeRolePolicyDocument ?? '{}'),
    tags: Object.fromEntries((role.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
    permissionsBoundaryArn: role.PermissionsBoundary?.PermissionsBoundaryArn,
  };
}

/** IAM may cut a page short: only IsTruncated tells whether there is more. */
function nextOf(
  page: { readonly IsTruncated?: boolean | undefined; readonly Marker?: string | undefined } | undefined,
): string | undefined {
  return page?.IsTruncated === true ? page.Marker : undefined;
}

function present(values: readonly (string | undefined)[] | undefined): readonly string[] {
  return (values ?? []).filter((value) => value !== undefined);
}

function toTagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

function named(name: string): string {
  return `role "${name}"`;
}

function policyOf(name: string, policyName: string): string {
  return `policy "${policyName}" of role "${name}"`;
}
