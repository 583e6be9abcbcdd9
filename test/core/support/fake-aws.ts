import { PipelineError, type Fault } from '../../../src/core/fault.ts';
import type {
  ObservedBucket,
  ObservedLogGroup,
  ObservedRole,
  PublicAccessBlock,
  Tags,
} from '../../../src/core/observed.ts';
import type { Clock, MxAnswer, Ports, StoredObject, Verification } from '../../../src/core/ports.ts';
import { fakeFunctions, type FakeFunctions } from './fake-functions.ts';
import { fakeReceiptRules, type FakeRuleSets } from './fake-receipt-rules.ts';

/** AWS in memory, without delay: what the ports are told is what it holds, and only rule sets refuse anything. */
export type FakeAws = {
  readonly ports: Ports;
  /** Every call in order, such as `buckets.create bodies`. */
  readonly calls: string[];
  /** Those of them that change something. */
  readonly writes: () => string[];
  /** How long each sleep was, in milliseconds. */
  readonly slept: number[];
  readonly buckets: Map<string, ObservedBucket>;
  readonly objects: Map<string, StoredObject[]>;
  /** Names that somebody else has. */
  readonly forbidden: Set<string>;
  readonly roles: Map<string, ObservedRole>;
  readonly logGroups: Map<string, ObservedLogGroup>;
  /** Domains and addresses, by name. */
  readonly identities: Map<string, Verification>;
  /** Where mail is sent, by domain; at the beginning nobody asks. */
  readonly mx: Map<string, MxAnswer>;
  /** Asked before each call; a fault is thrown, and a promise holds the call back. */
  before: (call: string) => Fault | undefined | Promise<void>;
  /** Asked after each call that succeeded; a fault is thrown: the answer was lost. */
  after: (call: string) => Fault | undefined;
} & FakeRuleSets &
  FakeFunctions;

const READS =
  /^(identity\.|clock\.|\w+\.(head|tags|publicAccessBlock|ownership|encryption|versioning|lifecycle|policy|async|versions|aliases|list|get|inlinePolicyNames|inlinePolicy|managedPolicyArns|instanceProfiles|describe|describeActive|verification|domains|mx)( |$))/;

/** Whether a call, as it is noted, changes something. */
export const isWriteCall = (call: string): boolean => !READS.test(call);

export function fakeAws(): FakeAws {
  const calls: string[] = [];
  const slept: number[] = [];
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    random: () => 0.5,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      nowMs += ms;
    },
  };
  const aws: Omit<FakeAws, 'ports'> = {
    calls,
    writes: () => calls.filter(isWriteCall),
    slept,
    buckets: new Map(),
    objects: new Map(),
    forbidden: new Set(),
    roles: new Map(),
    functions: new Map(),
    published: new Map(),
    logGroups: new Map(),
    sets: new Map(),
    setsMadeAtMs: new Map(),
    active: undefined,
    createsAppend: false,
    identities: new Map([['example.com', 'verified']]),
    mx: new Map(),
    before: () => undefined,
    after: () => undefined,
  };
  const ports: Ports = {
    identity: { caller: () => Promise.resolve({ account: '123456789012', partition: 'aws' }) },
    buckets: bucketsOf(aws),
    roles: rolesOf(aws),
    functions: fakeFunctions(aws),
    logGroups: logGroupsOf(aws),
    receiptRules: fakeReceiptRules(aws, clock),
    mailIdentities: {
      verification: async (names) =>
        new Map(names.flatMap((name) => (aws.identities.has(name) ? [[name, existing(aws.identities, name)]] : []))),
      domains: async () => [...aws.identities.keys()].filter((name) => !name.includes('@')),
    },
    dns: { mx: async (domain) => aws.mx.get(domain) ?? { kind: 'not-asked' } },
    clock,
  };
  // The same object, so that `active`, `before` and the like can be set from outside.
  return Object.assign(aws, { ports: recorded(ports, aws) });
}

/** Every method of every port notes its name and first text, and asks before it goes on. */
function recorded(ports: Ports, aws: Pick<FakeAws, 'before' | 'after' | 'calls'>): Ports {
  const wrapped = Object.entries(ports).map(([port, methods]) => {
    if (port === 'clock') return [port, methods];
    const recordedMethods = Object.entries(methods).map(([method, work]) => [
      method,
      async (...args: unknown[]) => {
        const about = args.flatMap((arg) => nameOf(arg) ?? []);
        const call = [`${port}.${method}`, ...about].join(' ');
        aws.calls.push(call);
        const held = aws.before(call);
        if (held instanceof Promise) await held;
        else if (held !== undefined) throw new PipelineError(held);
        const answer = await (work as (...args: unknown[]) => unknown)(...args);
        const lost = aws.after(call);
        if (lost !== undefined) throw new PipelineError(lost);
        return answer;
      },
    ]);
    return [port, Object.fromEntries(recordedMethods)];
  });
  return Object.fromEntries(wrapped) as Ports;
}

function nameOf(arg: unknown): string | undefined {
  if (typeof arg === 'string') return arg;
  return typeof arg === 'object' && arg !== null && 'name' in arg ? String(arg.name) : undefined;
}

function changing<T>(map: Map<string, T>) {
  return async (name: string, change: Partial<T>): Promise<void> => {
    map.set(name, { ...existing(map, name), ...change });
  };
}

function existing<T>(map: Map<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) throw new Error(`the fake has no ${name}`);
  return found;
}

const taken = (what: string): PipelineError =>
  new PipelineError({ class: 'stale', reason: 'ChangedMeanwhile', message: `${what} exists already` });

type Part = Omit<FakeAws, 'ports'>;

function bucketsOf({ buckets, objects, forbidden }: Part): Ports['buckets'] {
  const change = changing(buckets);
  const read = async (name: string) => existing(buckets, name);
  return {
    head: async (name) => (forbidden.has(name) ? 'forbidden' : buckets.has(name) ? 'accessible' : 'absent'),
    tags: async (name) => (await read(name)).tags,
    publicAccessBlock: async (name) => (await read(name)).publicAccessBlock,
    ownership: async (name) => (await read(name)).ownership,
    encryption: async (name) => (await read(name)).encryption,
    versioning: async (name) => (await read(name)).versioning,
    lifecycle: async (name) => (await read(name)).lifecycle,
    policy: async (name) => (await read(name)).policy,
    create: async (name, tags) => {
      if (buckets.has(name)) throw taken(`Bucket ${name}`);
      buckets.set(name, bucket(name, { tags, publicAccessBlock: undefined }));
    },
    putTags: (name, tags) => change(name, { tags }),
    putPublicAccessBlock: (name, publicAccessBlock) => change(name, { publicAccessBlock }),
    putOwnership: (name, ownership) => change(name, { ownership }),
    putEncryption: (name, encryption) => change(name, { encryption }),
    putVersioning: (name, versioning) => change(name, { versioning }),
    putLifecycle: (name, lifecycle) => change(name, { lifecycle }),
    putPolicy: (name, policy) => change(name, { policy: policy.Statement.length === 0 ? undefined : policy }),
    list: async (name, limit) => (objects.get(name) ?? []).slice(0, limit),
    deleteObjects: async (name, gone) => {
      const keys = new Set(gone.map(({ key }) => key));
      objects.set(
        name,
        (objects.get(name) ?? []).filter(({ key }) => !keys.has(key)),
      );
    },
    delete: async (name) => void buckets.delete(name),
  };
}

const CLOSED: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

/** A bucket as S3 makes it, closed to the public. */
export function bucket(name: string, over: Partial<ObservedBucket> = {}): ObservedBucket {
  return {
    name,
    tags: {},
    publicAccessBlock: CLOSED,
    ownership: 'BucketOwnerEnforced',
    encryption: { algorithm: 'AES256' },
    versioning: undefined,
    lifecycle: [],
    policy: undefined,
    ...over,
  };
}

function rolesOf({ roles }: Part): Ports['roles'] {
  const change = changing(roles);
  return {
    list: async (path) => [...roles.values()].flatMap((role) => (role.path.startsWith(path) ? [role.name] : [])),
    get: async (name) => roles.get(name),
    inlinePolicyNames: async (name) => Object.keys(roles.get(name)?.inlinePolicies ?? {}),
    inlinePolicy: async (name, policy) => roles.get(name)?.inlinePolicies[policy],
    managedPolicyArns: async (name) => roles.get(name)?.managedPolicyArns ?? [],
    create: async (role) => {
      if (roles.has(role.name)) throw taken(`Role ${role.name}`);
      const arn = `arn:aws:iam::123456789012:role${role.path}${role.name}`;
      roles.set(role.name, { ...role, arn, inlinePolicies: {}, managedPolicyArns: [] });
    },
    updateTrust: (name, trust) => change(name, { trust }),
    updateDescription: (name, description) => change(name, { description }),
    putInlinePolicy: (name, policy, document) =>
      change(name, { inlinePolicies: { ...existing(roles, name).inlinePolicies, [policy]: document } }),
    deleteInlinePolicy: (name, policy) => {
      const { [policy]: _, ...inlinePolicies } = existing(roles, name).inlinePolicies;
      return change(name, { inlinePolicies });
    },
    attachPolicy: (name, arn) => change(name, { managedPolicyArns: [...existing(roles, name).managedPolicyArns, arn] }),
    detachPolicy: (name, arn) =>
      change(name, { managedPolicyArns: existing(roles, name).managedPolicyArns.filter((other) => other !== arn) }),
    tag: (name, tags) => change(name, { tags: { ...existing(roles, name).tags, ...tags } }),
    putBoundary: (name, permissionsBoundaryArn) => change(name, { permissionsBoundaryArn }),
    deleteBoundary: (name) => change(name, { permissionsBoundaryArn: undefined }),
    instanceProfiles: async () => [],
    removeFromInstanceProfile: async () => undefined,
    delete: async (name) => void roles.delete(name),
  };
}

const without = (tags: Tags, keys: readonly string[]): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));

function logGroupsOf({ logGroups }: Part): Ports['logGroups'] {
  const change = changing(logGroups);
  const nameIn = (arn: string): string => arn.split(':log-group:')[1] ?? '';
  return {
    get: async (name) => logGroups.get(name),
    tags: async (arn) => existing(logGroups, nameIn(arn)).tags,
    create: async (name, tags) => {
      if (logGroups.has(name)) throw taken(`Log group ${name}`);
      logGroups.set(name, {
        name,
        arn: `arn:aws:logs:us-west-2:123456789012:log-group:${name}`,
        retentionDays: undefined,
        tags,
      });
    },
    putRetention: (name, retentionDays) => change(name, { retentionDays }),
    deleteRetention: (name) => change(name, { retentionDays: undefined }),
    tag: (arn, tags) => change(nameIn(arn), { tags: { ...existing(logGroups, nameIn(arn)).tags, ...tags } }),
    untag: (arn, keys) => change(nameIn(arn), { tags: without(existing(logGroups, nameIn(arn)).tags, keys) }),
    delete: async (name) => void logGroups.delete(name),
  };
}
