import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';

type Rule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
};
export type Role = {
  readonly kind: 'ClusterRole' | 'Role';
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly Rule[];
};

/** `watch coordination.k8s.io/leases`: a verb on a resource of a group. */
export type Right = `${string} ${string}/${string}`;

export const rightOf = (verb: string, group: string, resource: string): Right => `${verb} ${group}/${resource}`;

/** What deploy/kustomize/shared/rbac.yaml lets the controller do. */
export function shippedRoles(): readonly Role[] {
  const file = readFileSync(new URL('../../../deploy/kustomize/shared/rbac.yaml', import.meta.url), 'utf8');
  return (loadAll(file) as Role[]).filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
}

/** Every right that the roles grant, once. */
export function rightsOf(roles: readonly Role[]): ReadonlySet<Right> {
  return new Set(
    roles.flatMap(({ rules }) =>
      rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => rightOf(verb, group, resource))),
        ),
      ),
    ),
  );
}

/** The roles without one right. */
export function withoutRight(roles: readonly Role[], right: Right): readonly Role[] {
  const without = ({ apiGroups, resources, verbs, ...rest }: Rule): Rule[] =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource): Rule[] => {
        const left = verbs.filter((verb) => rightOf(verb, group, resource) !== right);
        return left.length === 0 ? [] : [{ ...rest, apiGroups: [group], resources: [resource], verbs: left }];
      }),
    );
  return roles.map((role) => ({ ...role, rules: role.rules.flatMap(without) }));
}

/** The roles as documents under names of their own, in this namespace, bound to this user. */
export function boundTo(user: string, namespace: string, roles: readonly Role[]): readonly object[] {
  return roles.flatMap((role) => {
    const name = `${role.metadata.name}-${user}`;
    const scope = role.kind === 'Role' ? { namespace } : {};
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    return [
      { apiVersion, kind: role.kind, metadata: { name, ...scope }, rules: role.rules },
      {
        apiVersion,
        kind: `${role.kind}Binding`,
        metadata: { name, ...scope },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role.kind, name },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      },
    ];
  });
}
