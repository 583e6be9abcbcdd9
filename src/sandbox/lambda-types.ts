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
  readonly TracingConfig: unknown;
  readonly EphemeralStorage: unknown;
  readonly Layers?: readonly string[];
  readonly VpcConfig?: unknown;
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

/** A function as the sandbox keeps it; every write replaces the record. */
export type FunctionRecord = {
  readonly name: string;
  readonly arn: string;
  readonly packageType: 'Zip' | 'Image';
  readonly architectures: readonly string[];
  readonly settings: FunctionSettings;
  readonly code: FunctionCode;
  readonly tags: Readonly<Record<string, string>>;
  readonly revisionId: string;
  readonly lastModifiedMs: number;
  /** When the creation is done: `Pending` until then. */
  readonly activeAtMs: number;
  /** When the last write is done: `InProgress` until then. */
  readonly updatedAtMs: number;
  readonly permissions: readonly PermissionStatement[];
  readonly policyRevisionId: string;
  readonly reservedConcurrency?: number;
  readonly eventInvokeConfig?: EventInvokeConfig;
};
