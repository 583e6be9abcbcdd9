import { AwsError } from './aws-error.ts';
import { evaluate, type Question, type Verdict } from './policy/evaluate.ts';
import { parsePolicy, type PolicyDocument } from './policy/document.ts';
import { propagating, type Propagating } from './propagation.ts';
import type { SandboxContext } from './service.ts';

/** A role as its owner sees it. Other services see `trust` and `permissions` only once they have propagated. */
export type Role = {
  readonly name: string;
  readonly id: string;
  readonly arn: string;
  readonly path: string;
  readonly createdAtMs: number;
  /** The trust policy as it was sent; undefined is what others see of a role too fresh. */
  readonly trust: Propagating<string | undefined>;
  readonly permissions: Propagating<Permissions>;
  readonly tags: Map<string, string>;
  description: string | undefined;
  maxSessionDurationSeconds: number;
};

/** What decides a role's rights, replaced as a whole at every change. */
export type Permissions = {
  readonly inline: ReadonlyMap<string, string>;
  readonly attached: ReadonlySet<string>;
  readonly boundaryArn: string | undefined;
};

/** All roles of all accounts. IAM is global: one book for all regions. */
export type RoleBook = {
  readonly of: (account: string) => AccountRoles;
  readonly byArn: (arn: string) => Role | undefined;
  /** What the role's own policies (within its boundary) say, as far as they have propagated. */
  readonly judge: (roleArn: string, question: Pick<Question, 'action' | 'resource' | 'context'>) => Verdict;
  /** What the role's trust policy says of a principal, as far as it has propagated. */
  readonly judgeTrust: (roleArn: string, question: Pick<Question, 'principal' | 'action' | 'context'>) => Verdict;
};

/** The roles of one account. */
export type AccountRoles = {
  /** @throws NoSuchEntity */
  readonly get: (name: string) => Role;
  readonly add: (description: NewRole) => Role;
  /** @throws DeleteConflict while anything is attached */
  readonly remove: (name: string) => void;
  /** By path and name. */
  readonly list: () => readonly Role[];
};

type NewRole = {
  readonly name: string;
  readonly path: string;
  readonly trust: string;
  readonly description: string | undefined;
  readonly maxSessionDurationSeconds: number;
  readonly boundaryArn: string | undefined;
  readonly tags: ReadonlyMap<string, string>;
};

/** Roles that an account may have. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const MAX_ROLES = 1000;

const NO_PERMISSIONS: Permissions = { inline: new Map(), attached: new Set(), boundaryArn: undefined };

/** No role at first. `documentOf` is the text of an attached policy. */
export function createRoleBook(context: SandboxContext, documentOf: (policyArn: string) => string): RoleBook {
  const accounts = new Map<string, ReturnType<typeof createAccountRoles>>();

  const of = (account: string): ReturnType<typeof createAccountRoles> => {
    const known = accounts.get(account) ?? createAccountRoles(context, account);
    accounts.set(account, known);
    return known;
  };
  const byArn = (arn: string): Role | undefined => accounts.get(arn.split(':')[4] ?? '')?.byArn(arn);

  return {
    of,
    byArn,
    judge: (roleArn, question) => {
      const role = byArn(roleArn);
      if (role === undefined) return { decision: 'none', why: `the role ${roleArn} no longer exists` };
      const principal = { kind: 'aws', account: roleArn.split(':')[4] ?? '', arn: roleArn } as const;
      return judgePermissions(role, { ...question, principal }, documentOf);
    },
    judgeTrust: (roleArn, question) => {
      const trust = byArn(roleArn)?.trust.visible();
      if (trust === undefined)
        return { decision: 'none', why: `the role ${roleArn} does not exist (or is not visible yet)` };
      return evaluate({ ...question, documents: documents([trust], 'trust') });
    },
  };
}

function createAccountRoles(
  context: SandboxContext,
  account: string,
): AccountRoles & { readonly byArn: (arn: string) => Role | undefined } {
  // Names are unique without regard to case and path; the case given at creation is kept.
  const roles = new Map<string, Role>();

  const get = (name: string): Role => {
    const role = roles.get(name.toLowerCase());
    if (role === undefined) throw new AwsError(404, 'NoSuchEntity', `The role with name ${name} cannot be found.`);
    return role;
  };
  const byArn = (arn: string): Role | undefined => {
    const role = roles.get(arn.slice(arn.lastIndexOf('/') + 1).toLowerCase());
    return role?.arn === arn ? role : undefined;
  };

  return {
    get,
    byArn,
    add: (wanted) => {
      if (roles.has(wanted.name.toLowerCase())) {
        throw new AwsError(409, 'EntityAlreadyExists', `Role with name ${wanted.name} already exists.`);
      }
      if (roles.size >= MAX_ROLES)
        throw new AwsError(409, 'LimitExceeded', `Cannot exceed quota for RolesPerAccount: ${MAX_ROLES}`);
      const role = newRole(wanted, context, account);
      roles.set(wanted.name.toLowerCase(), role);
      return role;
    },
    remove: (name) => {
      const role = get(name);
      const { inline, attached } = role.permissions.latest();
      const conflict = (what: string): AwsError =>
        new AwsError(409, 'DeleteConflict', `Cannot delete entity, must ${what} first.`);
      if (attached.size > 0) throw conflict('detach all policies');
      if (inline.size > 0) throw conflict('delete policies');
      roles.delete(name.toLowerCase());
    },
    list: () => [...roles.values()].sort((a, b) => compare(a.path + a.name, b.path + b.name)),
  };
}

/** False for the ARN of a role that is not there; who else a policy names is not looked into. */
export function roleIsThere(roles: Pick<RoleBook, 'byArn'>, principal: string): boolean {
  return !/^arn:[a-z-]+:iam::\d{12}:role\//.test(principal) || roles.byArn(principal) !== undefined;
}

function newRole(wanted: NewRole, context: SandboxContext, account: string): Role {
  const role: Role = {
    name: wanted.name,
    id: `AROA${context.ids.hex(17).toUpperCase()}`,
    arn: `arn:${context.partition}:iam::${account}:role${wanted.path}${wanted.name}`,
    path: wanted.path,
    createdAtMs: context.clock.now(),
    trust: propagating<string | undefined>(undefined, 'role', context),
    permissions: propagating(NO_PERMISSIONS, 'policy', context),
    tags: new Map(wanted.tags),
    description: wanted.description,
    maxSessionDurationSeconds: wanted.maxSessionDurationSeconds,
  };
  role.trust.set(wanted.trust);
  role.permissions.set({ ...NO_PERMISSIONS, boundaryArn: wanted.boundaryArn });
  return role;
}

function judgePermissions(
  role: Role,
  question: Omit<Question, 'documents'>,
  documentOf: (policyArn: string) => string,
): Verdict {
  const { inline, attached, boundaryArn } = role.permissions.visible();
  const own = [...inline.values(), ...[...attached].map(documentOf)];
  const verdict = evaluate({ ...question, documents: documents(own, 'identity') });
  if (verdict.decision !== 'allow' || boundaryArn === undefined) return verdict;

  const boundary = evaluate({ ...question, documents: documents([documentOf(boundaryArn)], 'identity') });
  if (boundary.decision === 'allow') return verdict;
  return { decision: boundary.decision, why: `the permissions boundary ${boundaryArn} does not let it through` };
}

/** Everything stored was parsed when it was put, so a failure here is a bug. */
function documents(texts: readonly string[], kind: 'identity' | 'trust'): readonly PolicyDocument[] {
  return texts.map((text) => {
    const parsed = parsePolicy(text, kind);
    if (!parsed.ok) throw new Error(`A stored policy cannot be read: ${parsed.why}`);
    return parsed.document;
  });
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
