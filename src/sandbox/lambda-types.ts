/** What a function is made of besides its code, with the member names of the Lambda API. */
export type FunctionSettings = {
  readonly Role: string;
  readonly Handler?: string;
  readonly Runtime?: string;
  readonly Description: string;
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly Environment?: { readonly Variables: Readonly<Record<string, string>> };
  readonly LoggingConfig: Readonly<Record<string, unknown>>;
  readonly TracingConfig: Readonly<Record<string, unknown>>;
  readonly EphemeralStorage: Readonly<Record<string, unknown>>;
  readonly Layers?: readonly string[];
  readonly VpcConfig?: Readonly<Record<string, unknown>>;
  readonly ImageConfig?: Readonly<Record<string, unknown>>;
  readonly DeadLetterConfig?: Readonly<Record<string, unknown>>;
  readonly KMSKeyArn?: string;
};

export type EventInvokeConfig = {
  readonly MaximumRetryAttempts?: number;
  readonly MaximumEventAgeInSeconds?: number;
  readonly DestinationConfig?: unknown;
  readonly lastModifiedMs: number;
};

/** One statement of a function's resource policy, as GetPolicy shows it, and when other services begin to see it. */
export type PermissionStatement = {
  readonly sid: string;
  readonly statement: Readonly<Record<string, unknown>>;
  readonly visibleAtMs: number;
};

/** Where the code comes from, and its bytes: none for an image. */
export type FunctionCode = {
  readonly zip: Buffer | undefined;
  readonly imageUri?: string;
  readonly sha256: string;
};

/** What can be run and described: `$LATEST`, or one published version, which never changes. */
export type FunctionVersion = {
  readonly name: string;
  /** Without qualifier for `$LATEST`. */
  readonly arn: string;
  /** `$LATEST`, or a number counted from 1. */
  readonly version: string;
  readonly packageType: 'Zip' | 'Image';
  readonly architectures: readonly string[];
  readonly settings: FunctionSettings;
  readonly code: FunctionCode;
  readonly revisionId: string;
  readonly lastModifiedMs: number;
  /** When the creation is done: `Pending` until then. */
  readonly activeAtMs: number;
  /** When the last write is done: `InProgress` until then. */
  readonly updatedAtMs: number;
};

/** A name for a published version (or for `$LATEST`) that can be moved to another one. */
export type Alias = {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly revisionId: string;
};

/** The resource policy of a function, or of one of its versions and aliases. */
export type FunctionPolicy = { readonly statements: readonly PermissionStatement[]; readonly revisionId: string };

/** A function as the sandbox keeps it: `$LATEST`, and all that hangs on its name; every write replaces the record. */
export type FunctionRecord = FunctionVersion & {
  readonly tags: Readonly<Record<string, string>>;
  /** In the order of their numbers. */
  readonly versions: readonly FunctionVersion[];
  /** The number the next published version gets: none is given twice. */
  readonly nextVersion: number;
  readonly aliases: readonly Alias[];
  /** By qualifier; `$LATEST` stands for none. */
  readonly policies: Readonly<Record<string, FunctionPolicy>>;
  readonly eventInvokeConfigs: Readonly<Record<string, EventInvokeConfig>>;
  readonly reservedConcurrency?: number;
};
