import type { PackageType } from './function-code.ts';
import type { AsyncSettings, FunctionConfiguration } from './function-configuration.ts';
import type { PolicyDocument } from './policy-document.ts';
import type { ReceiptRule } from './receipt-rule.ts';

export type Tags = Readonly<Record<string, string>>;

/** What HeadBucket tells: 403 means that somebody else has the name, or that we may not look. */
export type BucketPresence = 'absent' | 'accessible' | 'forbidden';

export type BucketEncryption = { readonly algorithm: string; readonly kmsKeyArn?: string };

/** A lifecycle rule as S3 returns it; those that are not ours are carried through as they are. */
export type LifecycleRule = { readonly id: string } & { readonly [element: string]: unknown };

export type PublicAccessBlock = {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
};

export type ObservedBucket = {
  readonly name: string;
  readonly tags: Tags;
  readonly publicAccessBlock: PublicAccessBlock | undefined;
  readonly ownership: string | undefined;
  readonly encryption: BucketEncryption | undefined;
  readonly versioning: 'Enabled' | 'Suspended' | undefined;
  readonly lifecycle: readonly LifecycleRule[];
  readonly policy: PolicyDocument | undefined;
};

export type ObservedRole = {
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  readonly description: string;
  readonly trust: PolicyDocument;
  readonly tags: Tags;
  readonly permissionsBoundaryArn: string | undefined;
  readonly inlinePolicies: Readonly<Record<string, PolicyDocument>>;
  readonly managedPolicyArns: readonly string[];
};

export type ObservedFunction = Omit<FunctionConfiguration, 'runtime' | 'handler'> & {
  readonly name: string;
  readonly arn: string;
  /** `Active` and `Successful` once it may be changed and invoked. */
  readonly state: string;
  readonly stateReason: string | undefined;
  readonly stateReasonCode?: string | undefined;
  readonly lastUpdateStatus: string;
  readonly lastUpdateReason: string | undefined;
  readonly lastUpdateReasonCode?: string | undefined;
  readonly runtime: string | undefined;
  readonly handler: string | undefined;
  readonly architecture: string;
  readonly codeSha256: string;
  readonly packageType: PackageType;
  /** The image as it was asked for, and the digest that Lambda took it to mean; absent for a zip. */
  readonly image?: { readonly uri: string; readonly resolvedUri: string } | undefined;
  /** `$LATEST`, or the number of the published version that was asked for. */
  readonly version: string;
  readonly tags: Tags;
  readonly reservedConcurrency: number | undefined;
  /** Undefined while Lambda's defaults hold. */
  readonly async: AsyncSettings | undefined;
  /** Resource policy, undefined when it has none. */
  readonly policy: PolicyDocument | undefined;
  /** What the alias leads to, and the policy of the alias; looked for only where one may be. */
  readonly alias?: Omit<ObservedFunction, 'alias'> | undefined;
};

export type ObservedLogGroup = {
  readonly name: string;
  /** Without the `:*` that stands for its streams. */
  readonly arn: string;
  /** Undefined: for ever. */
  readonly retentionDays: number | undefined;
  readonly tags: Tags;
};

export type ObservedRuleSet = {
  readonly name: string;
  /** Milliseconds since 1970: when the set was created or cloned. */
  readonly createdAtMs?: number | undefined;
  /** Every rule, ours and others', in the order of evaluation. */
  readonly rules: readonly ReceiptRule[];
};

/** All that a pipeline may own outside the rule sets. `undefined` = absent. */
export type ObservedPipeline = {
  readonly bucket: ObservedBucket | undefined;
  readonly role: ObservedRole | undefined;
  readonly function: ObservedFunction | undefined;
  /** Ours of the other package type, which the function takes the place of. */
  readonly formerFunction?: ObservedFunction | undefined;
  /** Looked at only where the manifest, or a mark on the function, says that it is ours. */
  readonly logGroup?: ObservedLogGroup | undefined;
};

/** The rule sets of one account and region that matter to the pipelines at hand. */
export type ObservedRuleSets = {
  /** Milliseconds since 1970: when they were looked at. */
  readonly atMs?: number;
  /** Name of the active set, undefined when receiving is off. */
  readonly active: string | undefined;
  /** Every set that was read, by name; a name that was read and not found is absent. */
  readonly sets: ReadonlyMap<string, ObservedRuleSet>;
};
