import type { AsyncSettings, FunctionConfiguration } from './function-configuration.ts';
import type { NewCode, PackageType } from './function-code.ts';
import type {
  BucketEncryption,
  BucketPresence,
  LifecycleRule,
  ObservedFunction,
  ObservedLogGroup,
  ObservedRole,
  ObservedRuleSet,
  PublicAccessBlock,
  Tags,
} from './observed.ts';
import type { InvokeGrant, PolicyDocument } from './policy-document.ts';
import type { ReceiptRule } from './receipt-rule.ts';

/**
 * What the core needs from outside. One method is one AWS call (or one paged listing); an adapter decides nothing.
 * Every method throws {@link PipelineError}; what does not exist is `undefined`, and deleting it succeeds.
 */
export type Ports = {
  readonly identity: Identity;
  readonly buckets: Buckets;
  readonly roles: Roles;
  readonly functions: Functions;
  readonly logGroups: LogGroups;
  readonly receiptRules: ReceiptRules;
  readonly mailIdentities: MailIdentities;
  readonly dns: Dns;
  readonly clock: Clock;
};

export type Clock = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
};

export type Identity = {
  /** Account and partition of the credentials. */
  readonly caller: () => Promise<{ readonly account: string; readonly partition: string }>;
};

export type StoredObject = { readonly key: string; readonly versionId?: string };

export type Buckets = {
  readonly head: (name: string) => Promise<BucketPresence>;
  readonly tags: (name: string) => Promise<Tags>;
  readonly publicAccessBlock: (name: string) => Promise<PublicAccessBlock | undefined>;
  readonly ownership: (name: string) => Promise<string | undefined>;
  readonly encryption: (name: string) => Promise<BucketEncryption | undefined>;
  readonly versioning: (name: string) => Promise<'Enabled' | 'Suspended' | undefined>;
  readonly lifecycle: (name: string) => Promise<readonly LifecycleRule[]>;
  readonly policy: (name: string) => Promise<PolicyDocument | undefined>;
  readonly create: (name: string, tags: Tags) => Promise<void>;
  readonly putTags: (name: string, tags: Tags) => Promise<void>;
  readonly putPublicAccessBlock: (name: string, block: PublicAccessBlock) => Promise<void>;
  readonly putOwnership: (name: string, ownership: string) => Promise<void>;
  readonly putEncryption: (name: string, encryption: BucketEncryption) => Promise<void>;
  readonly putVersioning: (name: string, status: 'Enabled' | 'Suspended') => Promise<void>;
  /** An empty list removes the configuration. */
  readonly putLifecycle: (name: string, rules: readonly LifecycleRule[]) => Promise<void>;
  /** A document without statements removes the policy. */
  readonly putPolicy: (name: string, policy: PolicyDocument) => Promise<void>;
  /** Up to `limit` objects and versions, delete markers included. */
  readonly list: (name: string, limit: number) => Promise<readonly StoredObject[]>;
  /** At most 1000 at a time. */
  readonly deleteObjects: (name: string, objects: readonly StoredObject[]) => Promise<void>;
  readonly delete: (name: string) => Promise<void>;
};

export type NewRole = {
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly trust: PolicyDocument;
  readonly tags: Tags;
  readonly permissionsBoundaryArn: string | undefined;
};

export type Roles = {
  /** Names of all roles under a path. */
  readonly list: (path: string) => Promise<readonly string[]>;
  readonly get: (name: string) => Promise<Omit<ObservedRole, 'inlinePolicies' | 'managedPolicyArns'> | undefined>;
  readonly inlinePolicyNames: (name: string) => Promise<readonly string[]>;
  readonly inlinePolicy: (name: string, policyName: string) => Promise<PolicyDocument | undefined>;
  readonly managedPolicyArns: (name: string) => Promise<readonly string[]>;
  readonly create: (role: NewRole) => Promise<void>;
  readonly updateTrust: (name: string, trust: PolicyDocument) => Promise<void>;
  readonly updateDescription: (name: string, description: string) => Promise<void>;
  readonly putInlinePolicy: (name: string, policyName: string, document: PolicyDocument) => Promise<void>;
  readonly deleteInlinePolicy: (name: string, policyName: string) => Promise<void>;
  readonly attachPolicy: (name: string, policyArn: string) => Promise<void>;
  readonly detachPolicy: (name: string, policyArn: string) => Promise<void>;
  readonly tag: (name: string, tags: Tags) => Promise<void>;
  readonly putBoundary: (name: string, policyArn: string) => Promise<void>;
  readonly deleteBoundary: (name: string) => Promise<void>;
  readonly instanceProfiles: (name: string) => Promise<readonly string[]>;
  readonly removeFromInstanceProfile: (name: string, profile: string) => Promise<void>;
  readonly delete: (name: string) => Promise<void>;
};

export type NewFunction = FunctionConfiguration & {
  readonly name: string;
  readonly architecture: string;
  readonly packageType: PackageType;
  readonly tags: Tags;
};

/** A name for a version of a function, which can be moved to another. */
export type FunctionAlias = { readonly name: string; readonly versions: readonly string[] };

export type Functions = {
  /** Names of all functions of the region. */
  readonly list: () => Promise<readonly string[]>;
  /**
   * All but what is asked for by a call of its own: {@link Functions.policy} and {@link Functions.async}.
   *
   * @param qualifier the name of an alias: what it leads to
   */
  readonly get: (
    name: string,
    qualifier?: string,
  ) => Promise<Omit<ObservedFunction, 'policy' | 'async' | 'alias'> | undefined>;
  readonly policy: (name: string, qualifier?: string) => Promise<PolicyDocument | undefined>;
  readonly create: (fn: NewFunction, code: NewCode) => Promise<void>;
  readonly updateCode: (name: string, architecture: string, code: NewCode) => Promise<void>;
  readonly updateConfiguration: (name: string, configuration: FunctionConfiguration) => Promise<void>;
  readonly tag: (arn: string, tags: Tags) => Promise<void>;
  readonly untag: (arn: string, keys: readonly string[]) => Promise<void>;
  readonly addPermission: (name: string, grant: InvokeGrant, qualifier?: string) => Promise<void>;
  readonly removePermission: (name: string, statementId: string, qualifier?: string) => Promise<void>;
  /** Makes a version of code and configuration as they are; none when nothing has changed since the newest. */
  readonly publish: (name: string) => Promise<void>;
  /** Numbers of the published versions, the oldest first. */
  readonly versions: (name: string) => Promise<readonly string[]>;
  readonly deleteVersion: (name: string, version: string) => Promise<void>;
  /** Every alias, with the versions that it leads to. */
  readonly aliases: (name: string) => Promise<readonly FunctionAlias[]>;
  readonly createAlias: (name: string, alias: string, version: string) => Promise<void>;
  readonly updateAlias: (name: string, alias: string, version: string) => Promise<void>;
  readonly deleteAlias: (name: string, alias: string) => Promise<void>;
  /** What becomes of queued events; undefined while nothing is set. */
  readonly async: (name: string, qualifier?: string) => Promise<AsyncSettings | undefined>;
  /** Replaces all of it. */
  readonly putAsync: (name: string, settings: AsyncSettings, qualifier?: string) => Promise<void>;
  readonly deleteAsync: (name: string, qualifier?: string) => Promise<void>;
  readonly putConcurrency: (name: string, reserved: number) => Promise<void>;
  readonly deleteConcurrency: (name: string) => Promise<void>;
  readonly delete: (name: string) => Promise<void>;
};

export type LogGroups = {
  readonly get: (name: string) => Promise<Omit<ObservedLogGroup, 'tags'> | undefined>;
  readonly tags: (arn: string) => Promise<Tags>;
  readonly create: (name: string, tags: Tags) => Promise<void>;
  readonly putRetention: (name: string, days: number) => Promise<void>;
  /** What is in the group is then kept for ever. */
  readonly deleteRetention: (name: string) => Promise<void>;
  readonly tag: (arn: string, tags: Tags) => Promise<void>;
  readonly untag: (arn: string, keys: readonly string[]) => Promise<void>;
  readonly delete: (name: string) => Promise<void>;
};

export type ReceiptRules = {
  readonly describe: (ruleSet: string) => Promise<ObservedRuleSet | undefined>;
  readonly describeActive: () => Promise<ObservedRuleSet | undefined>;
  readonly createSet: (ruleSet: string) => Promise<void>;
  /** Makes a new, inactive set of all rules of another, in their order. */
  readonly cloneSet: (ruleSet: string, original: string) => Promise<void>;
  readonly deleteSet: (ruleSet: string) => Promise<void>;
  /** `undefined` switches receiving off. */
  readonly setActive: (ruleSet: string | undefined) => Promise<void>;
  /** Without `after` the rule goes to the head of the set. */
  readonly create: (ruleSet: string, rule: ReceiptRule, after: string | undefined) => Promise<void>;
  readonly update: (ruleSet: string, rule: ReceiptRule) => Promise<void>;
  readonly delete: (ruleSet: string, rule: string) => Promise<void>;
  /** `names` is every rule of the set, once. */
  readonly reorder: (ruleSet: string, names: readonly string[]) => Promise<void>;
};

/** How far SES has come with the proof that an identity belongs to the account. */
export type Verification = 'verified' | 'pending' | 'failed' | 'temporary-failure';

/** The domains and addresses for which SES takes mail in one region. */
export type MailIdentities = {
  /** Of those names that SES knows. A call for each 100 names. */
  readonly verification: (names: readonly string[]) => Promise<ReadonlyMap<string, Verification>>;
  /** Names of the first 1000 domain identities, verified or not. */
  readonly domains: () => Promise<readonly string[]>;
};

export type MxRecord = { readonly preference: number; readonly exchange: string };

/** Where the world sends mail for a domain. */
export type MxAnswer =
  /** By preference; none: the domain has none. */
  | { readonly kind: 'records'; readonly records: readonly MxRecord[] }
  | { readonly kind: 'no-such-domain' }
  | { readonly kind: 'unanswered' }
  /** What DNS says means nothing for mail to this AWS. */
  | { readonly kind: 'not-asked' };

/** Never throws: that nobody answers is an answer. */
export type Dns = { readonly mx: (domain: string) => Promise<MxAnswer> };
