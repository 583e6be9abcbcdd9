import { AwsError } from './aws-error.ts';
import {
  descriptionOf,
  maxSessionDurationOf,
  pageOf,
  pathOf,
  permissionPolicyOf,
  policyArnOf,
  policyNameOf,
  roleNameOf,
  tagsOf,
  trustPolicyOf,
} from './iam-input.ts';
import { createRoleBook, type Permissions, type Role, type RoleBook } from './iam-roles.ts';
import { createSessions, type Sessions } from './iam-sessions.ts';
import { queryService, type QueryOperation } from './query-service.ts';
import type { IamDoor, SandboxContext, Service } from './service.ts';
import { listParam, stringParam } from './wire/query-protocol.ts';

/** IAM of one account: the wire service, what other services may ask, and the state behind both. */
export type Iam = {
  readonly service: Service;
  readonly door: IamDoor;
  readonly roles: RoleBook;
  readonly sessions: Sessions;
};

/** Roles with their policies; users, groups and customer managed policies are not here. */
export function createIam(context: SandboxContext): Iam {
  const roles = createRoleBook(context);
  const sessions = createSessions(context);
  return {
    roles,
    sessions,
    service: queryService({
      signingName: 'iam',
      namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      operations: { ...roleOperations(roles, context), ...policyOperations(roles), ...tagOperations(roles) },
      emptyResults: false,
    }),
    door: {
      roleExists: (roleArn) => roles.byArn(roleArn)?.trust.visible() !== undefined,
      assumableBy: (roleArn, service) => {
        const question = { action: 'sts:AssumeRole', principal: { kind: 'service', service } } as const;
        return roles.judgeTrust(roleArn, question).decision === 'allow';
      },
      issueSession: (roleArn, sessionName) => sessions.issue({ roleArn, sessionName, expiresAtMs: Infinity }),
    },
  };
}

function roleOperations(roles: RoleBook, context: SandboxContext): Readonly<Record<string, QueryOperation>> {
  const principalExists = (principal: string): boolean =>
    !principal.startsWith(`arn:${context.partition}:iam::${context.account}:role/`) ||
    roles.byArn(principal) !== undefined;

  return {
    CreateRole: (params) => {
      const hasBoundary = stringParam(params, 'PermissionsBoundary') !== undefined;
      const tags = tagsOf(params);
      refuseTooManyTags(tags.size);
      const role = roles.add({
        name: roleNameOf(params),
        path: pathOf(params),
        trust: trustPolicyOf(params, 'AssumeRolePolicyDocument', principalExists),
        description: descriptionOf(params),
        maxSessionDurationSeconds: maxSessionDurationOf(params) ?? 3600,
        boundaryArn: hasBoundary ? policyArnOf(params, 'PermissionsBoundary') : undefined,
        tags,
      });
      return { Role: fullRole(role) };
    },
    GetRole: (params) => ({ Role: { ...fullRole(roles.get(roleNameOf(params))), RoleLastUsed: {} } }),
    ListRoles: (params) => {
      const prefix = stringParam(params, 'PathPrefix') ?? '/';
      const page = pageOf(
        params,
        roles.list().filter(({ path }) => path.startsWith(prefix)),
      );
      return { Roles: page.items.map(listedRole), ...page.rest };
    },
    UpdateRole: (params) => {
      const role = roles.get(roleNameOf(params));
      const description = descriptionOf(params);
      const maxSessionDurationSeconds = maxSessionDurationOf(params);
      if (description !== undefined) role.description = description;
      if (maxSessionDurationSeconds !== undefined) role.maxSessionDurationSeconds = maxSessionDurationSeconds;
      return {};
    },
    UpdateAssumeRolePolicy: (params) => {
      roles.get(roleNameOf(params)).trust.set(trustPolicyOf(params, 'PolicyDocument', principalExists));
      return undefined;
    },
    DeleteRole: (params) => {
      roles.remove(roleNameOf(params));
      return undefined;
    },
    ListInstanceProfilesForRole: (params) => {
      roles.get(roleNameOf(params));
      return { InstanceProfiles: [], IsTruncated: false };
    },
  };
}

function policyOperations(roles: RoleBook): Readonly<Record<string, QueryOperation>> {
  const change = (role: Role, changes: Partial<Permissions>): undefined => {
    role.permissions.set({ ...role.permissions.latest(), ...changes });
  };

  return {
    PutRolePolicy: (params) => {
      const role = roles.get(roleNameOf(params));
      const inline = new Map(role.permissions.latest().inline).set(policyNameOf(params), permissionPolicyOf(params));
      const size = [...inline.values()].reduce((sum, text) => sum + text.replaceAll(/\s/g, '').length, 0);
      if (size > 10_240) {
        throw new AwsError(409, 'LimitExceeded', `Maximum policy size of 10240 bytes exceeded for role ${role.name}`);
      }
      return change(role, { inline });
    },
    GetRolePolicy: (params) => {
      const role = roles.get(roleNameOf(params));
      const name = policyNameOf(params);
      const document = role.permissions.latest().inline.get(name);
      if (document === undefined) throw noSuchPolicy(name);
      return { RoleName: role.name, PolicyName: name, PolicyDocument: urlEncode(document) };
    },
    DeleteRolePolicy: (params) => {
      const role = roles.get(roleNameOf(params));
      const inline = new Map(role.permissions.latest().inline);
      const name = policyNameOf(params);
      if (!inline.delete(name)) throw noSuchPolicy(name);
      return change(role, { inline });
    },
    ListRolePolicies: (params) => {
      const names = [...roles.get(roleNameOf(params)).permissions.latest().inline.keys()].sort();
      const page = pageOf(params, names);
      return { PolicyNames: page.items, ...page.rest };
    },
    AttachRolePolicy: (params) => {
      const role = roles.get(roleNameOf(params));
      const attached = new Set(role.permissions.latest().attached).add(policyArnOf(params, 'PolicyArn'));
      if (attached.size > 10) throw new AwsError(409, 'LimitExceeded', 'Cannot exceed quota for PoliciesPerRole: 10');
      return change(role, { attached });
    },
    DetachRolePolicy: (params) => {
      const role = roles.get(roleNameOf(params));
      const attached = new Set(role.permissions.latest().attached);
      const arn = policyArnOf(params, 'PolicyArn');
      if (!attached.delete(arn)) throw new AwsError(404, 'NoSuchEntity', `Policy ${arn} was not found.`);
      return change(role, { attached });
    },
    ListAttachedRolePolicies: (params) => {
      const prefix = stringParam(params, 'PathPrefix') ?? '/';
      const arns = [...roles.get(roleNameOf(params)).permissions.latest().attached]
        .filter((arn) => arn.slice(arn.indexOf(':policy/') + ':policy'.length).startsWith(prefix))
        .sort();
      const page = pageOf(params, arns);
      const policies = page.items.map((arn) => ({ PolicyName: arn.slice(arn.lastIndexOf('/') + 1), PolicyArn: arn }));
      return { AttachedPolicies: policies, ...page.rest };
    },
    PutRolePermissionsBoundary: (params) =>
      change(roles.get(roleNameOf(params)), { boundaryArn: policyArnOf(params, 'PermissionsBoundary') }),
    DeleteRolePermissionsBoundary: (params) => {
      const role = roles.get(roleNameOf(params));
      if (role.permissions.latest().boundaryArn === undefined) {
        throw new AwsError(404, 'NoSuchEntity', `Role ${role.name} does not have a permissions boundary.`);
      }
      return change(role, { boundaryArn: undefined });
    },
  };
}

function tagOperations(roles: RoleBook): Readonly<Record<string, QueryOperation>> {
  return {
    TagRole: (params) => {
      const { tags } = roles.get(roleNameOf(params));
      const added = tagsOf(params);
      // Keys are compared without regard to case; the newer spelling stays.
      const kept = [...tags].filter(([key]) => ![...added.keys()].some((other) => sameKey(key, other)));
      refuseTooManyTags(kept.length + added.size);
      tags.clear();
      for (const [key, value] of [...kept, ...added]) tags.set(key, value);
      return undefined;
    },
    UntagRole: (params) => {
      const { tags } = roles.get(roleNameOf(params));
      const removed = (listParam(params, 'TagKeys') ?? []).map(String);
      for (const key of tags.keys()) if (removed.some((other) => sameKey(key, other))) tags.delete(key);
      return undefined;
    },
    ListRoleTags: (params) => {
      const page = pageOf(params, tagList(roles.get(roleNameOf(params)).tags));
      return { Tags: page.items, ...page.rest };
    },
  };
}

/** What ListRoles shows of a role: no tags, no boundary. */
function listedRole(role: Role): RoleXml {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.createdAtMs).toISOString(),
    AssumeRolePolicyDocument: urlEncode(role.trust.latest() ?? ''),
    Description: role.description,
    MaxSessionDuration: role.maxSessionDurationSeconds,
  };
}

type RoleXml = Readonly<Record<string, string | number | undefined>>;

function fullRole(role: Role): Readonly<Record<string, RoleXml[string] | RoleXml | readonly RoleXml[]>> {
  const { boundaryArn } = role.permissions.latest();
  return {
    ...listedRole(role),
    PermissionsBoundary:
      boundaryArn === undefined
        ? undefined
        : { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: boundaryArn },
    Tags: role.tags.size === 0 ? undefined : tagList(role.tags),
  };
}

function tagList(tags: ReadonlyMap<string, string>): readonly { Key: string; Value: string }[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

function sameKey(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function refuseTooManyTags(count: number): void {
  if (count > 50) throw new AwsError(409, 'LimitExceeded', 'Cannot exceed quota for TagsPerRole: 50');
}

function noSuchPolicy(name: string): AwsError {
  return new AwsError(404, 'NoSuchEntity', `The role policy with name ${name} cannot be found.`);
}

/** RFC 3986: stricter than `encodeURIComponent`, and what IAM answers documents in. */
function urlEncode(document: string): string {
  return encodeURIComponent(document).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
