/** What UpdateFunctionConfiguration sets; every member always says something, so that what is taken out is cleared. */
export type FunctionConfiguration = {
  /** Undefined for an image, which says itself what runs. */
  readonly runtime: string | undefined;
  readonly handler: string | undefined;
  readonly memorySize: number;
  readonly timeout: number;
  readonly description: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Undefined: a key of AWS encrypts the environment. */
  readonly kmsKeyArn: string | undefined;
  /** ARNs with versions; a later layer covers files of an earlier one. */
  readonly layers: readonly string[];
  readonly vpc: VpcSettings | undefined;
  readonly deadLetterArn: string | undefined;
  readonly tracing: string;
  /** MB. */
  readonly ephemeralStorage: number;
  /** Undefined: an image starts as its author meant it to, and a zip has none. */
  readonly imageConfig: ImageSettings | undefined;
  readonly logging: LogSettings;
};

/** Lists are sets here. */
export type VpcSettings = {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly ipv6: boolean;
};

/** What is started instead of what the image says; an empty list leaves that as it is. */
export type ImageSettings = {
  readonly entryPoint: readonly string[];
  readonly command: readonly string[];
  readonly workingDirectory: string | undefined;
};

/** Levels are Lambda's words, and undefined for `Text`, which has none. */
export type LogSettings = {
  readonly format: string;
  readonly applicationLevel: string | undefined;
  readonly systemLevel: string | undefined;
  /** Name of the log group; undefined where it may be any. */
  readonly group: string | undefined;
};

/** What becomes of events that were queued. */
export type AsyncSettings = {
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  readonly onFailureArn: string | undefined;
  readonly onSuccessArn: string | undefined;
};

/** What holds while nothing is set. @see https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html */
export const ASYNC_DEFAULTS: AsyncSettings = {
  maximumRetryAttempts: 2,
  maximumEventAgeSeconds: 21_600,
  onFailureArn: undefined,
  onSuccessArn: undefined,
};

/** Where a function writes its log unless it is told otherwise. */
export const logGroupOf = (functionName: string): string => `/aws/lambda/${functionName}`;
