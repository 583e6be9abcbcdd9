import {
  ASYNC_DEFAULTS,
  logGroupOf,
  type AsyncSettings,
  type FunctionConfiguration,
  type ImageSettings,
  type LogSettings,
} from './function-configuration.ts';
import { LOG_GROUP_TAG, userTags } from './function-tags.ts';
import type { ManifestSpec } from './manifest.ts';
import type { PipelineIdentity } from './names.ts';
import type { Tags } from './observed.ts';
import { ownerTags } from './ownership.ts';

type FunctionSpec = ManifestSpec['function'];

/** The log group that is made before the function. */
export type DesiredLogGroup = { readonly name: string; readonly retentionDays: number; readonly tags: Tags };

type Settings = Pick<
  FunctionConfiguration,
  'kmsKeyArn' | 'layers' | 'vpc' | 'deadLetterArn' | 'tracing' | 'ephemeralStorage' | 'imageConfig' | 'logging'
>;

/** What the manifest sets beside code, handler and environment. */
export function desiredSettings(fn: FunctionSpec, functionName: string): Settings {
  return {
    kmsKeyArn: fn.kmsKeyArn,
    layers: fn.layers,
    vpc: fn.vpc,
    deadLetterArn: fn.deadLetterArn,
    tracing: fn.tracing,
    ephemeralStorage: fn.ephemeralStorage,
    imageConfig: desiredImageConfig(fn),
    logging: desiredLogging(fn, functionName),
  };
}

/** Undefined where nothing is said, written out or not. */
function desiredImageConfig({ imageConfig }: FunctionSpec): ImageSettings | undefined {
  if (imageConfig === undefined) return undefined;
  const { entryPoint, command, workingDirectory } = imageConfig;
  const saysNothing = entryPoint.length === 0 && command.length === 0 && workingDirectory === undefined;
  return saysNothing ? undefined : { entryPoint, command, workingDirectory };
}

/** A function that others made may write into a group of theirs, until its log is to be kept by us. */
function desiredLogging(fn: FunctionSpec, functionName: string): LogSettings {
  const group = fn.name !== undefined && fn.logRetentionDays === undefined ? undefined : logGroupOf(functionName);
  if (fn.logFormat === 'Text') return { format: 'Text', applicationLevel: undefined, systemLevel: undefined, group };
  return {
    format: 'JSON',
    applicationLevel: fn.logLevel.toUpperCase(),
    systemLevel: (fn.systemLogLevel ?? 'info').toUpperCase(),
    group,
  };
}

/** Undefined: Lambda's defaults, written out or not. */
export function desiredAsync({ async }: FunctionSpec): AsyncSettings | undefined {
  if (async === undefined) return undefined;
  const settings: AsyncSettings = { ...ASYNC_DEFAULTS, ...async };
  return JSON.stringify(settings) === JSON.stringify(ASYNC_DEFAULTS) ? undefined : settings;
}

export function desiredLogGroup(
  { logRetentionDays, tags }: FunctionSpec,
  functionName: string,
  identity: PipelineIdentity,
): DesiredLogGroup | undefined {
  if (logRetentionDays === undefined) return undefined;
  return {
    name: logGroupOf(functionName),
    retentionDays: logRetentionDays,
    tags: { ...userTags(tags), ...ownerTags(identity) },
  };
}

/** All tags of the function but the one that says which code it runs. */
export function desiredFunctionTags(fn: FunctionSpec, identity: PipelineIdentity): Tags {
  return {
    ...userTags(fn.tags),
    ...ownerTags(identity),
    ...(fn.logRetentionDays === undefined ? {} : { [LOG_GROUP_TAG]: 'ours' }),
  };
}

/** ARNs in another region than that of the function, which Lambda does not reach; one sentence each. */
export function settingsElsewhere({ region, function: fn }: ManifestSpec): readonly string[] {
  const named: readonly (readonly [path: string, arn: string | undefined])[] = [
    ...fn.layers.map((arn, index) => [`layers[${index}]`, arn] as const),
    ['deadLetterArn', fn.deadLetterArn],
    ['async.onFailureArn', fn.async?.onFailureArn],
    ['async.onSuccessArn', fn.async?.onSuccessArn],
    ['kmsKeyArn', fn.kmsKeyArn],
  ];
  return named.flatMap(([path, arn]) => {
    // The ARN of a bucket has no region.
    const elsewhere = arn?.split(':')[3] ?? '';
    return elsewhere === '' || elsewhere === region
      ? []
      : [
          `spec.function.${path}: ${arn} is in region ${elsewhere}; Lambda takes only what is in the region of the function, ${region}`,
        ];
  });
}

/** What is allowed but worth a second look. */
export function settingsWarnings({ function: fn, invocationType, receiptRules }: ManifestSpec): readonly string[] {
  const queued = receiptRules.some((rule) => rule.enabled && (rule.invocationType ?? invocationType) === 'Event');
  const forEvents = [
    ...(fn.async === undefined ? [] : ['async']),
    ...(fn.deadLetterArn === undefined ? [] : ['deadLetterArn']),
  ];
  return [
    ...(fn.reservedConcurrency === 0
      ? [
          'spec.function.reservedConcurrency: with 0 the function never runs: its mail is stored, and its events go where failures go',
        ]
      : []),
    ...(queued || forEvents.length === 0
      ? []
      : [
          `spec.function.${forEvents.join(', ')}: says what becomes of events, and no enabled rule has invocationType: Event`,
        ]),
  ];
}
