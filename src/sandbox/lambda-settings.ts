import { invalidValue } from './lambda-error.ts';
import type { FunctionRecord, FunctionSettings, FunctionVersion } from './lambda-types.ts';
import { checkHandler, checkRange, checkVariables } from './lambda-validation.ts';

/** A JSON body; members are looked at one by one. */
export type Input = Readonly<Record<string, unknown>>;

const MAX_DESCRIPTION = 256;
const MAX_LAYERS = 5;

/** The settings of a new function, defaults filled in. https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
export function newSettings(name: string, packageType: FunctionRecord['packageType'], input: Input): FunctionSettings {
  const role = textOf(input, 'Role');
  if (role === undefined) throw missing('role');
  if (packageType === 'Zip' && textOf(input, 'Runtime') === undefined) throw missing('runtime');
  if (packageType === 'Zip' && textOf(input, 'Handler') === undefined) throw missing('handler');
  const defaults: FunctionSettings = {
    Role: role,
    Description: '',
    Timeout: 3,
    MemorySize: 128,
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${name}` },
    TracingConfig: { Mode: 'PassThrough' },
    EphemeralStorage: { Size: 512 },
  };
  return patchedSettings(defaults, input);
}

/** What is not in the input stays as it is; explicit empties clear. */
export function patchedSettings(current: FunctionSettings, input: Input): FunctionSettings {
  const text = <M extends keyof FunctionSettings>(member: M) => keep(member, textOf(input, member));
  const number = <M extends keyof FunctionSettings>(member: M) => keep(member, numberOf(input, member));
  const object = <M extends keyof FunctionSettings>(member: M) => keep(member, objectOf(input, member));
  const patch = {
    ...text('Role'),
    ...text('Handler'),
    ...text('Runtime'),
    ...text('Description'),
    ...text('KMSKeyArn'),
    ...number('Timeout'),
    ...number('MemorySize'),
    ...object('TracingConfig'),
    ...object('EphemeralStorage'),
    ...object('VpcConfig'),
    ...object('DeadLetterConfig'),
    ...object('ImageConfig'),
    ...keep('Layers', Array.isArray(input['Layers']) ? input['Layers'].map(String) : undefined),
    ...keep('Environment', environmentOf(input)),
    ...keep('LoggingConfig', loggingOf(current, input)),
  };
  const settings: FunctionSettings = { ...current, ...patch };
  if (settings.Handler !== undefined) checkHandler(settings.Handler);
  if (settings.Description.length > MAX_DESCRIPTION)
    throw invalidValue(`Description is longer than ${MAX_DESCRIPTION}`);
  checkRange(settings.Timeout, 'timeout', 1, 900);
  checkRange(settings.MemorySize, 'memorySize', 128, 10_240);
  const size = numberOf(settings.EphemeralStorage, 'Size');
  if (size !== undefined) checkRange(size, 'ephemeralStorage.size', 512, 10_240);
  if ((settings.Layers ?? []).length > MAX_LAYERS) throw invalidValue(`A function has at most ${MAX_LAYERS} layers.`);
  return settings;
}

/** FunctionConfiguration as every operation returns it. */
export function describeFunction(record: FunctionVersion, nowMs: number): Readonly<Record<string, unknown>> {
  const { settings } = record;
  const pending = nowMs < record.activeAtMs;
  const updating = nowMs < record.updatedAtMs;
  return {
    FunctionName: record.name,
    FunctionArn: record.arn,
    ...settings,
    Environment: settings.Environment,
    Layers: settings.Layers?.map((arn) => ({ Arn: arn, CodeSize: 0 })),
    ImageConfig: undefined,
    ImageConfigResponse:
      Object.keys(settings.ImageConfig ?? {}).length === 0 ? undefined : { ImageConfig: settings.ImageConfig },
    VpcConfig: describedVpc(settings.VpcConfig),
    DeadLetterConfig: settings.DeadLetterConfig?.['TargetArn'] === '' ? undefined : settings.DeadLetterConfig,
    KMSKeyArn: settings.KMSKeyArn === '' ? undefined : settings.KMSKeyArn,
    CodeSize: record.code.zip?.length ?? 0,
    CodeSha256: record.code.sha256,
    Version: record.version,
    LastModified: new Date(record.lastModifiedMs).toISOString().replace('Z', '+0000'),
    RevisionId: record.revisionId,
    PackageType: record.packageType,
    Architectures: record.architectures,
    State: pending ? 'Pending' : 'Active',
    ...(pending ? { StateReason: 'The function is being created.', StateReasonCode: 'Creating' } : {}),
    LastUpdateStatus: updating ? 'InProgress' : 'Successful',
    ...(updating && !pending
      ? { LastUpdateStatusReason: 'The function is being updated.', LastUpdateStatusReasonCode: 'Updating' }
      : {}),
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
  };
}

/** A function that has left its VPC shows empty lists. */
function describedVpc(vpc: FunctionSettings['VpcConfig']): Input | undefined {
  if (vpc === undefined) return undefined;
  const inside = Array.isArray(vpc['SubnetIds']) && vpc['SubnetIds'].length > 0;
  return { Ipv6AllowedForDualStack: false, ...vpc, VpcId: inside ? 'vpc-sandbox' : '' };
}

export function textOf(input: Input, member: string): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidValue(`${member} must be a string`);
  return value;
}

export function numberOf(input: Input, member: string): number | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw invalidValue(`${member} must be a number`);
  return value;
}

export function objectOf(input: Input, member: string): Input | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw invalidValue(`${member} must be a structure`);
  return value as Input;
}

/** A map of strings, such as tags or variables. */
export function stringMapOf(input: Input, member: string): Record<string, string> | undefined {
  const map = objectOf(input, member);
  return map === undefined
    ? undefined
    : Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(value)]));
}

/** The refusal of a call that lacks a required member. */
export function missing(member: string): Error {
  return invalidValue(
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

function environmentOf(input: Input): FunctionSettings['Environment'] {
  const environment = objectOf(input, 'Environment');
  if (environment === undefined) return undefined;
  const variables = stringMapOf(environment, 'Variables') ?? {};
  checkVariables(variables);
  return { Variables: variables };
}

/** Levels belong to JSON: a log of text has none, and refuses them. */
function loggingOf(current: FunctionSettings, input: Input): Input | undefined {
  const logging = objectOf(input, 'LoggingConfig');
  if (logging === undefined) return undefined;
  const { ApplicationLogLevel, SystemLogLevel, ...merged }: Input = { ...current.LoggingConfig, ...logging };
  if (merged['LogFormat'] === 'JSON')
    return { ...merged, ApplicationLogLevel: ApplicationLogLevel ?? 'INFO', SystemLogLevel: SystemLogLevel ?? 'INFO' };
  if (logging['ApplicationLogLevel'] === undefined && logging['SystemLogLevel'] === undefined) return merged;
  throw invalidValue('ApplicationLogLevel and SystemLogLevel can only be set when LogFormat is JSON.');
}

function keep<Member extends string, Value>(
  member: Member,
  value: Value | undefined,
): { readonly [M in Member]?: Value } {
  return (value === undefined ? {} : { [member]: value }) as { readonly [M in Member]?: Value };
}
