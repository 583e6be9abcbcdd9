import { judge } from './authorizer.ts';
import { AwsError } from './aws-error.ts';
import { accountOperations } from './iam-account.ts';
import {
  descriptionOf,
  maxSessionDurationOf,
  pageOf,
  pathOf,
  permissionPolicyOf,
  policyArnOf,
  policyNameOf,
  refuseTooManyTags,
  roleNameOf,
  tagsOf,
  trustPolicyOf,
} from './iam-input.ts';
import { tagList, urlEncode } from './iam-output.ts';
import { customerPolicyOperations } from './iam-policy-operations.ts';
import { createPolicyBook, type PolicyBook } from './iam-policies.ts';
import {
  createRoleBook,
  roleIsThere,
  type AccountRoles,
  type Permissions,
  type Role,
  type RoleBook,
} from './iam-roles.ts';
import { simulationOperations } from './iam-simulation.ts';
import { createSessions, type Sessions } from './iam-sessions.ts';
import { queryService, type QueryOperation } from './query-service.ts';
import { homeOf, type Call, type IamDoor, type SandboxContext, type Service } from './service.ts';
import { listParam, stringParam, type QueryParams } from './wire/query-protocol.ts';

/** IAM of all accounts: the wire service, what other services may ask, and the state behind both. */
export type Iam = {
  readonly service: Service;
  readonly door: IamDoor;
  readonly roles: RoleBook;
  readonly sessions: Sessions;
};

/** Roles and policies; users and groups are not here. */
export function createIam(context: SandboxContext): Iam {
  const policies = createPolicyBook(context);
  const roles = createRoleBook(context, policies.documentOf);
  const sessions = createSessions(context);
  return {
    roles,
    sessions,
    service: queryService({
      signingName: 'iam',
      namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      operations: {
        ...roleOperations(roles, policies),
        ...policyOperations(roles, policies),
        ...tagOperations(roles),
        ...customerPolicyOperations(roles, policies),
        ...simulationOperations(roles, policies),
        ...accountOperations(roles, policies),
      },
      emptyResults: false,
    }),
    door: {
      roleExists: (roleArn) => roles.byArn(roleArn)?.trust.visible() !== undefined,
      assumableBy: (roleArn, service) => {
        const question = { action: 'sts:AssumeRole', principal: { kind: 'service', service } } as const;
        return roles.judgeTrust(roleArn, question).decision === 'allow';
      },
      allows: (roleArn, action, resource) => roles.judge(roleArn, { action, resource }).decision === 'allow',
      mayCall: (principal, need) => principal.kind !== 'role' || judge(roles, principal, need).decision === 'allow',
      issueSession: (roleArn, sessionName) => sessions.issue({ roleArn, sessionName, expiresAtMs: Infinity }),
    },
  };
}

function roleOperations(roles: RoleBook, policies: PolicyBook): Readonly<Record<string, QueryOperation>> {
  const rolesOf = (call: Call): AccountRoles => roles.of(homeOf(call).account);
  const roleOf = roleFinder(roles);
  const principalExists = (principal: string): boolean => roleIsThere(roles, principal);

  return {
    CreateRole: (params, call) => {
      const hasBoundary = stringParam(params, 'PermissionsBoundary') !== undefined;
      const tags = tagsOf(params);
      refuseTooManyTags('Role', tags.size);
      const role = rolesOf(call).add({
        name: roleNameOf(params),
        path: pathOf(params),
        trust: trustPolicyOf(params, 'AssumeRolePolicyDocument', principalExists),
        description: descriptionOf(params),
        maxSessionDurationSeconds: maxSessionDurationOf(params) ?? 3600,
        boundaryArn: hasBoundary ? policyArnOf(params, 'PermissionsBoundary', policies) : undefined,
        tags,
      });
      return { Role: fullRole(role) };
    },
    GetRole: (params, call) => ({ Role: { ...fullRole(roleOf(params, call)), RoleLastUsed: {} } }),
    ListRoles: (params, call) => {
      const prefix = stringParam(params, 'PathPrefix') ?? '/';
      const page = pageOf(
        params,
        rolesOf(call)
          .list()
          .filter(({ path }) => path.startsWith(prefix)),
      );
      return { Roles: page.items.map(listedRole), ...page.rest };
    },
    UpdateRole: (params, call) => {
      const role = roleOf(params, call);
      const description = descriptionOf(params);
      const maxSessionDurationSeconds = maxSessionDurationOf(params);
      if (description !== undefined) role.description = description;
      if (maxSessionDurationSeconds !== undefined) role.maxSessionDurationSeconds = maxSessionDurationSeconds;
      return {};
    },
    UpdateAssumeRolePolicy: (params, call) => {
      roleOf(params, call).trust.set(trustPolicyOf(params, 'PolicyDocument', principalExists));
      return undefined;
    },
    DeleteRole: (params, call) => {
      rolesOf(call).remove(roleNameOf(params));
      return undefined;
    },
    ListInstanceProfilesForRole: (params, call) => {
      roleOf(params, call);
      return { InstanceProfiles: [], IsTruncated: false };
    },
  };
}

function policyOperations(roles: RoleBook, policies: PolicyBook): Readonly<Record<string, QueryOperation>> {
  const roleOf = roleFinder(roles);
  const change = (role: Role, changes: Partial<Permissions>): undefined => {
    role.permissions.set({ ...role.permissions.latest(), ...changes });
  };

  return {
    PutRolePolicy: (params, call) => {
      const role = roleOf(params, call);
      const inline = new Map(role.permissions.latest().inline).set(policyNameOf(params), permissionPolicyOf(params));
      const size = [...inline.values()].reduce((sum, text) => sum + text.replaceAll(/\s/g, '').length, 0);
      if (size > 10_240) {
        throw new AwsError(409, 'LimitExceeded', `Maximum policy size of 10240 bytes exceeded for role ${role.name}`);
      }
      return change(role, { inline });
    },
    GetRolePolicy: (params, call) => {
      const role = roleOf(params, call);
      const name = policyNameOf(params);
      const document = role.permissions.latest().inline.get(name);
      if (document === undefined) throw noSuchPolicy(name);
      return { RoleName: role.name, PolicyName: name, PolicyDocument: urlEncode(document) };
    },
    DeleteRolePolicy: (params, call) => {
      const role = roleOf(params, call);
      const inline = new Map(role.permissions.latest().inline);
      const name = policyNameOf(params);
      if (!inline.delete(name)) throw noSuchPolicy(name);
      return change(role, { inline });
    },
    ListRolePolicies: (params, call) => {
      const names = [...roleOf(params, call).permissions.latest().inline.keys()].sort();
      const page = pageOf(params, names);
      return { PolicyNames: page.items, ...page.rest };
    },
    AttachRolePolicy: (params, call) => {
      const role = roleOf(params, call);
      const attached = new Set(role.permissions.latest().attached).add(policyArnOf(params, 'PolicyArn', policies));
      if (attached.size > 10) throw new AwsError(409, 'LimitExceeded', 'Cannot exceed quota for PoliciesPerRole: 10');
      return change(role, { attached });
    },
    DetachRolePolicy: (params, call) => {
      const role = roleOf(params, call);
      const attached = new Set(role.permissions.latest().attached);
      const arn = policyArnOf(params, 'PolicyArn', policies);
      if (!attached.delete(arn)) throw new AwsError(404, 'NoSuchEntity', `Policy ${arn} was not found.`);
      return change(role, { attached });
    },
    ListAttachedRolePolicies: (params, call) => {
      const prefix = stringParam(params, 'PathPrefix') ?? '/';
      const arns = [...roleOf(params, call).permissions.latest().attached]
        .filter((arn) => arn.slice(arn.indexOf(':policy/') + ':policy'.length).startsWith(prefix))
        .sort();
      const page = pageOf(params, arns);
      const policies = page.items.map((arn) => ({ PolicyName: arn.slice(arn.lastIndexOf('/') + 1), PolicyArn: arn }));
      return { AttachedPolicies: policies, ...page.rest };
    },
    PutRolePermissionsBoundary: (params, call) =>
      change(roleOf(params, call), { boundaryArn: policyArnOf(params, 'PermissionsBoundary', policies) }),
    DeleteRolePermissionsBoundary: (params, call) => {
      const role = roleOf(params, call);
      if (role.permissions.latest().boundaryArn === undefined) {
        throw new AwsError(404, 'NoSuchEntity', `Role ${role.name} does not have a permissions boundary.`);
      }
      return change(role, { boundaryArn: undefined });
    },
  };
}

function tagOperations(roles: RoleBook): Readonly<Record<string, QueryOperation>> {
  const roleOf = roleFinder(roles);
  return {
    TagRole: (params, call) => {
      const { tags } = roleOf(params, call);
      const added = tagsOf(params);
      // Keys are compared without regard to case; the newer spelling stays.
      const kept = [...tags].filter(([key]) => ![...added.keys()].some((other) => sameKey(key, other)));
      refuseTooManyTags('Role', kept.length + added.size);
      tags.clear();
      for (const [key, value] of [...kept, ...added]) tags.set(key, value);
      return undefined;
    },
    UntagRole: (params, call) => {
      const { tags } = roleOf(params, call);
      const removed = (listParam(params, 'TagKeys') ?? []).map(String);
      for (const key of tags.keys()) if (removed.some((other) => sameKey(key, other))) tags.delete(key);
      return undefined;
    },
    ListRoleTags: (params, call) => {
      const page = pageOf(params, tagList(roleOf(params, call).tags));
      return { Tags: page.items, ...page.rest };
    },
  };
}

type RoleFinder = (params: QueryParams, call: Call) => Role;

/** The role of the caller's account that a call names. */
function roleFinder(roles: RoleBook): RoleFinder {
  return (params, call) => roles.of(homeOf(call).account).get(roleNameOf(params));
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

function sameKey(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function noSuchPolicy(name: string): AwsError {
  return new AwsError(404, 'NoSuchEntity', `The role policy with name ${name} cannot be found.`);
}
