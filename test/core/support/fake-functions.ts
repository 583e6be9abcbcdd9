import type { NewCode } from '../../../src/core/function-code.ts';
import type { AsyncSettings } from '../../../src/core/function-configuration.ts';
import type { ObservedFunction } from '../../../src/core/observed.ts';
import { statementsOf, type PolicyDocument, type Statement } from '../../../src/core/policy-document.ts';
import type { Functions } from '../../../src/core/ports.ts';
import { PipelineError } from '../../../src/core/fault.ts';

export type FakeAlias = { version: string; policy: PolicyDocument | undefined; async: AsyncSettings | undefined };

/** What was published of one function. */
export type FakePublished = {
  versions: ObservedFunction[];
  /** No number is given twice. */
  next: number;
  readonly aliases: Map<string, FakeAlias>;
};

export type FakeFunctions = {
  readonly functions: Map<string, ObservedFunction>;
  readonly published: Map<string, FakePublished>;
};

/** Lambda in memory: whatever is there is active at once. */
export function fakeFunctions({ functions, published }: FakeFunctions): Functions {
  const existing = (name: string): ObservedFunction => found(functions.get(name), `function ${name}`);
  const publishedOf = (name: string): FakePublished => {
    const all = published.get(name) ?? { versions: [], next: 1, aliases: new Map() };
    published.set(name, all);
    return all;
  };
  const aliasOf = (name: string, alias: string) => found(publishedOf(name).aliases.get(alias), `alias ${alias}`);
  const change = async (name: string, changes: Partial<ObservedFunction>): Promise<void> => {
    functions.set(name, { ...existing(name), ...changes });
  };
  const policyOf = (name: string, qualifier?: string) =>
    qualifier === undefined ? existing(name).policy : aliasOf(name, qualifier).policy;
  const setPolicy = async (name: string, Statement: readonly Statement[], qualifier?: string): Promise<void> => {
    const policy = Statement.length === 0 ? undefined : { Version: '2012-10-17', Statement };
    if (qualifier === undefined) await change(name, { policy });
    else aliasOf(name, qualifier).policy = policy;
  };
  const setAsync = async (name: string, async: AsyncSettings | undefined, qualifier?: string): Promise<void> => {
    if (qualifier === undefined) await change(name, { async });
    else aliasOf(name, qualifier).async = async;
  };
  const nameIn = (arn: string): string => arn.split(':')[6] ?? '';

  return {
    list: async () => [...functions.keys()],
    get: async (name, qualifier) => {
      if (qualifier === undefined) return functions.get(name);
      const version = published.get(name)?.aliases.get(qualifier)?.version;
      return published.get(name)?.versions.find((each) => each.version === version);
    },
    policy: async (name, qualifier) =>
      functions.has(name) && (qualifier === undefined || publishedOf(name).aliases.has(qualifier))
        ? policyOf(name, qualifier)
        : undefined,
    create: async (fn, code) => {
      if (functions.has(fn.name)) throw stale(`Function ${fn.name} exists already`);
      functions.set(fn.name, {
        ...fn,
        arn: `arn:aws:lambda:us-west-2:123456789012:function:${fn.name}`,
        state: 'Active',
        stateReason: undefined,
        lastUpdateStatus: 'Successful',
        lastUpdateReason: undefined,
        reservedConcurrency: undefined,
        async: undefined,
        policy: undefined,
        version: '$LATEST',
        ...contentOf(code),
      });
    },
    updateCode: (name, architecture, code) => change(name, { architecture, ...contentOf(code) }),
    updateConfiguration: (name, configuration) => change(name, configuration),
    tag: (arn, tags) => change(nameIn(arn), { tags: { ...existing(nameIn(arn)).tags, ...tags } }),
    untag: (arn, keys) => {
      const tags = Object.entries(existing(nameIn(arn)).tags).filter(([key]) => !keys.includes(key));
      return change(nameIn(arn), { tags: Object.fromEntries(tags) });
    },
    async: async (name, qualifier) =>
      qualifier === undefined ? functions.get(name)?.async : published.get(name)?.aliases.get(qualifier)?.async,
    putAsync: (name, async, qualifier) => setAsync(name, async, qualifier),
    deleteAsync: (name, qualifier) => setAsync(name, undefined, qualifier),
    putConcurrency: (name, reservedConcurrency) => change(name, { reservedConcurrency }),
    deleteConcurrency: (name) => change(name, { reservedConcurrency: undefined }),
    addPermission: (name, grant, qualifier) => {
      const { arn } = existing(name);
      const statement: Statement = {
        Sid: grant.statementId,
        Effect: 'Allow',
        Principal: { Service: grant.principal },
        Action: grant.action,
        Resource: qualifier === undefined ? arn : `${arn}:${qualifier}`,
        Condition: {
          StringEquals: { 'AWS:SourceAccount': grant.sourceAccount },
          ArnLike: { 'AWS:SourceArn': grant.sourceArn },
        },
      };
      return setPolicy(name, [...statementsOf(policyOf(name, qualifier)), statement], qualifier);
    },
    removePermission: (name, id, qualifier) => {
      const kept = statementsOf(policyOf(name, qualifier)).filter(({ Sid }) => Sid !== id);
      return setPolicy(name, kept, qualifier);
    },
    publish: async (name) => {
      const all = publishedOf(name);
      const version = { ...existing(name), policy: undefined, async: undefined, tags: {} };
      const last = all.versions.at(-1);
      if (last !== undefined && JSON.stringify({ ...last, version: '$LATEST' }) === JSON.stringify(version)) return;
      all.versions = [...all.versions, { ...version, version: String(all.next) }];
      all.next += 1;
    },
    versions: async (name) => publishedOf(name).versions.map(({ version }) => version),
    deleteVersion: async (name, gone) => {
      const all = publishedOf(name);
      all.versions = all.versions.filter(({ version }) => version !== gone);
    },
    aliases: async (name) =>
      [...publishedOf(name).aliases].map(([alias, { version }]) => ({ name: alias, versions: [version] })),
    createAlias: async (name, alias, version) => {
      if (publishedOf(name).aliases.has(alias)) throw stale(`Alias ${alias} exists already`);
      publishedOf(name).aliases.set(alias, { version, policy: undefined, async: undefined });
    },
    updateAlias: async (name, alias, version) => {
      aliasOf(name, alias).version = version;
    },
    deleteAlias: async (name, alias) => void publishedOf(name).aliases.delete(alias),
    delete: async (name) => {
      functions.delete(name);
      published.delete(name);
    },
  };
}

function contentOf(code: NewCode): Pick<ObservedFunction, 'codeSha256' | 'image'> {
  switch (code.kind) {
    case 'zip':
      return { codeSha256: code.sha256 };
    case 's3':
      return { codeSha256: 'of-an-object' };
    case 'image': {
      // A tag leads to a digest of its own.
      const [repository = '', digest] = code.uri.split('@');
      const resolved = digest ?? `sha256:${Buffer.from(code.uri).toString('hex').padEnd(64, '0').slice(0, 64)}`;
      const untagged = repository.replace(/:[^:/]*$/, '');
      return { codeSha256: resolved.slice(7), image: { uri: code.uri, resolvedUri: `${untagged}@${resolved}` } };
    }
  }
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the fake has no ${what}`);
  return value;
}

const stale = (message: string): PipelineError =>
  new PipelineError({ class: 'stale', reason: 'ChangedMeanwhile', message });
