import type {
  ApplicationLogLevel,
  CreateFunctionCommandInput,
  FunctionConfiguration as LambdaConfiguration,
  FunctionEventInvokeConfig,
  ImageConfig,
  LogFormat,
  PutFunctionEventInvokeConfigCommandInput,
  Runtime,
  SystemLogLevel,
  TracingMode,
} from '@aws-sdk/client-lambda';
import {
  ASYNC_DEFAULTS,
  type AsyncSettings,
  type FunctionConfiguration,
  type ImageSettings,
  type LogSettings,
  type VpcSettings,
} from '../core/function-configuration.ts';
import type { ObservedFunction } from '../core/observed.ts';

type ObservedSettings = Omit<FunctionConfiguration, 'runtime' | 'handler'> &
  Pick<ObservedFunction, 'runtime' | 'handler'>;

/** What Lambda tells, its defaults written out; empty structures are none. */
export function fromConfiguration(live: LambdaConfiguration): ObservedSettings {
  return {
    runtime: live.Runtime,
    handler: live.Handler,
    memorySize: live.MemorySize ?? 128,
    timeout: live.Timeout ?? 3,
    description: live.Description ?? '',
    roleArn: live.Role ?? '',
    environment: live.Environment?.Variables ?? {},
    kmsKeyArn: live.KMSKeyArn || undefined,
    layers: live.Layers?.flatMap(({ Arn }) => Arn ?? []) ?? [],
    vpc: fromVpc(live.VpcConfig),
    deadLetterArn: live.DeadLetterConfig?.TargetArn || undefined,
    tracing: live.TracingConfig?.Mode ?? 'PassThrough',
    ephemeralStorage: live.EphemeralStorage?.Size ?? 512,
    imageConfig: fromImageConfig(live.ImageConfigResponse?.ImageConfig),
    logging: fromLogging(live.LoggingConfig),
  };
}

function fromVpc(vpc: LambdaConfiguration['VpcConfig']): VpcSettings | undefined {
  if ((vpc?.SubnetIds ?? []).length === 0) return undefined;
  return {
    subnetIds: vpc?.SubnetIds ?? [],
    securityGroupIds: vpc?.SecurityGroupIds ?? [],
    ipv6: vpc?.Ipv6AllowedForDualStack ?? false,
  };
}

function fromImageConfig(config: ImageConfig = {}): ImageSettings | undefined {
  const { EntryPoint = [], Command = [], WorkingDirectory } = config;
  if (EntryPoint.length === 0 && Command.length === 0 && !WorkingDirectory) return undefined;
  return { entryPoint: EntryPoint, command: Command, workingDirectory: WorkingDirectory || undefined };
}

function fromLogging(logging: LambdaConfiguration['LoggingConfig']): LogSettings {
  const group = logging?.LogGroup;
  if (logging?.LogFormat !== 'JSON')
    return { format: 'Text', applicationLevel: undefined, systemLevel: undefined, group };
  return {
    format: 'JSON',
    applicationLevel: logging.ApplicationLogLevel ?? 'INFO',
    systemLevel: logging.SystemLogLevel ?? 'INFO',
    group,
  };
}

/** What CreateFunction and UpdateFunctionConfiguration both take. */
type Sent = Pick<
  CreateFunctionCommandInput,
  | 'Runtime'
  | 'Handler'
  | 'MemorySize'
  | 'Timeout'
  | 'Description'
  | 'Role'
  | 'Environment'
  | 'KMSKeyArn'
  | 'Layers'
  | 'VpcConfig'
  | 'DeadLetterConfig'
  | 'TracingConfig'
  | 'EphemeralStorage'
  | 'ImageConfig'
  | 'LoggingConfig'
>;

/** An update leaves alone what is absent, so everything is sent: what is empty clears what was there. */
export function toConfiguration(wanted: FunctionConfiguration): Sent {
  return {
    Runtime: wanted.runtime as Runtime | undefined,
    Handler: wanted.handler,
    MemorySize: wanted.memorySize,
    Timeout: wanted.timeout,
    Description: wanted.description,
    Role: wanted.roleArn,
    Environment: { Variables: { ...wanted.environment } },
    KMSKeyArn: wanted.kmsKeyArn ?? '',
    // An image has neither runtime nor layers, and Lambda refuses so much as an empty list of them.
    Layers: wanted.runtime === undefined ? undefined : [...wanted.layers],
    VpcConfig: {
      SubnetIds: [...(wanted.vpc?.subnetIds ?? [])],
      SecurityGroupIds: [...(wanted.vpc?.securityGroupIds ?? [])],
      // Without a VPC there is nothing that it could be said of.
      ...(wanted.vpc === undefined ? {} : { Ipv6AllowedForDualStack: wanted.vpc.ipv6 }),
    },
    DeadLetterConfig: { TargetArn: wanted.deadLetterArn ?? '' },
    TracingConfig: { Mode: wanted.tracing as TracingMode },
    EphemeralStorage: { Size: wanted.ephemeralStorage },
    // Lambda refuses it for a zip; for an image an empty one clears what was said.
    ...(wanted.runtime === undefined ? { ImageConfig: toImageConfig(wanted.imageConfig) } : {}),
    LoggingConfig: {
      LogFormat: wanted.logging.format as LogFormat,
      // Lambda refuses levels of a log of text.
      ApplicationLogLevel: wanted.logging.applicationLevel as ApplicationLogLevel | undefined,
      SystemLogLevel: wanted.logging.systemLevel as SystemLogLevel | undefined,
      LogGroup: wanted.logging.group,
    },
  };
}

function toImageConfig(wanted: ImageSettings | undefined): ImageConfig {
  if (wanted === undefined) return {};
  const { entryPoint, command, workingDirectory } = wanted;
  return {
    ...(entryPoint.length === 0 ? {} : { EntryPoint: [...entryPoint] }),
    ...(command.length === 0 ? {} : { Command: [...command] }),
    ...(workingDirectory === undefined ? {} : { WorkingDirectory: workingDirectory }),
  };
}

/** A new function has nothing to clear: what is empty is left out, as creating one has always been spelled. */
export function toNewConfiguration(wanted: FunctionConfiguration): Sent {
  const { KMSKeyArn, VpcConfig, DeadLetterConfig, ImageConfig, ...rest } = toConfiguration(wanted);
  return {
    ...rest,
    ...(wanted.kmsKeyArn === undefined ? {} : { KMSKeyArn }),
    ...(wanted.vpc === undefined ? {} : { VpcConfig }),
    ...(wanted.deadLetterArn === undefined ? {} : { DeadLetterConfig }),
    ...(wanted.imageConfig === undefined ? {} : { ImageConfig }),
  };
}

export function fromAsync(live: FunctionEventInvokeConfig): AsyncSettings {
  return {
    maximumRetryAttempts: live.MaximumRetryAttempts ?? ASYNC_DEFAULTS.maximumRetryAttempts,
    maximumEventAgeSeconds: live.MaximumEventAgeInSeconds ?? ASYNC_DEFAULTS.maximumEventAgeSeconds,
    onFailureArn: live.DestinationConfig?.OnFailure?.Destination || undefined,
    onSuccessArn: live.DestinationConfig?.OnSuccess?.Destination || undefined,
  };
}

export function toAsync(settings: AsyncSettings): Omit<PutFunctionEventInvokeConfigCommandInput, 'FunctionName'> {
  return {
    MaximumRetryAttempts: settings.maximumRetryAttempts,
    MaximumEventAgeInSeconds: settings.maximumEventAgeSeconds,
    DestinationConfig: {
      ...(settings.onFailureArn === undefined ? {} : { OnFailure: { Destination: settings.onFailureArn } }),
      ...(settings.onSuccessArn === undefined ? {} : { OnSuccess: { Destination: settings.onSuccessArn } }),
    },
  };
}
