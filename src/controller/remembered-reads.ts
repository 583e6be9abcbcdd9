import type { Buckets, Functions, LogGroups, Ports, Roles } from '../core/ports.ts';

/**
 * Full: everything is read. Light: what hardly anybody ever changes by hand is taken from the look before, which leaves
 * at most 8 calls for a pipeline, and 2 more for a published version.
 */
export type Depth = 'full' | 'light';

export type RememberedReads = {
  /** Ports to plan with. */
  readonly planning: (depth: Depth) => Pick<Ports, Remembered>;
  /** Ports to act with: what they write to is read anew next time. */
  readonly acting: Pick<Ports, Remembered>;
};

type Remembered = 'buckets' | 'roles' | 'functions' | 'logGroups';

/** Remembers, of each resource, what a light look does not ask for again. */
export function createRememberedReads({
  buckets,
  roles,
  functions,
  logGroups,
}: Pick<Ports, Remembered>): RememberedReads {
  const memory = new Map<string, Map<string, unknown>>();

  const recalling =
    (depth: Depth) =>
    <T>(what: string, name: string, read: (name: string) => Promise<T>): Promise<T> | T => {
      const known = memory.get(name);
      if (depth === 'light' && known?.has(what) === true) return known.get(what) as T;
      return read(name).then((found) => {
        memory.set(name, (memory.get(name) ?? new Map<string, unknown>()).set(what, found));
        return found;
      });
    };

  const planning = (depth: Depth): { buckets: Buckets; roles: Roles; functions: Functions; logGroups: LogGroups } => {
    const recall = recalling(depth);
    return {
      buckets: {
        ...buckets,
        tags: async (name) => recall('tags', name, buckets.tags),
        ownership: async (name) => recall('ownership', name, buckets.ownership),
        encryption: async (name) => recall('encryption', name, buckets.encryption),
        versioning: async (name) => recall('versioning', name, buckets.versioning),
        lifecycle: async (name) => recall('lifecycle', name, buckets.lifecycle),
      },
      roles: {
        ...roles,
        inlinePolicyNames: async (name) => recall('inlinePolicyNames', name, roles.inlinePolicyNames),
        managedPolicyArns: async (name) => recall('managedPolicyArns', name, roles.managedPolicyArns),
      },
      functions: {
        ...functions,
        async: async (name, qualifier) =>
          recall(`async ${qualifier ?? ''}`, name, () => functions.async(name, qualifier)),
      },
      logGroups: {
        ...logGroups,
        get: async (name) => recall('logGroup', name, logGroups.get),
        tags: async (arn) => recall('tags', arn, logGroups.tags),
      },
    };
  };

  /** Forgotten before the call: one that fails may have taken effect. */
  const forgetting =
    <A extends readonly unknown[]>(write: (name: string, ...rest: A) => Promise<void>) =>
    (name: string, ...rest: A): Promise<void> => {
      memory.delete(name);
      return write(name, ...rest);
    };

  return {
    planning,
    acting: {
      buckets: {
        ...buckets,
        create: forgetting(buckets.create),
        putTags: forgetting(buckets.putTags),
        putOwnership: forgetting(buckets.putOwnership),
        putEncryption: forgetting(buckets.putEncryption),
        putVersioning: forgetting(buckets.putVersioning),
        putLifecycle: forgetting(buckets.putLifecycle),
        delete: forgetting(buckets.delete),
      },
      roles: {
        ...roles,
        create: (role) => {
          memory.delete(role.name);
          return roles.create(role);
        },
        putInlinePolicy: forgetting(roles.putInlinePolicy),
        deleteInlinePolicy: forgetting(roles.deleteInlinePolicy),
        attachPolicy: forgetting(roles.attachPolicy),
        detachPolicy: forgetting(roles.detachPolicy),
        delete: forgetting(roles.delete),
      },
      functions: {
        ...functions,
        create: (fn, code) => {
          memory.delete(fn.name);
          return functions.create(fn, code);
        },
        putAsync: forgetting(functions.putAsync),
        deleteAsync: forgetting(functions.deleteAsync),
        delete: forgetting(functions.delete),
      },
      logGroups: {
        ...logGroups,
        create: forgetting(logGroups.create),
        putRetention: forgetting(logGroups.putRetention),
        deleteRetention: forgetting(logGroups.deleteRetention),
        tag: forgetting(logGroups.tag),
        untag: forgetting(logGroups.untag),
        delete: forgetting(logGroups.delete),
      },
    },
  };
}
