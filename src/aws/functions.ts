import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
  ListAliasesCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type AliasConfiguration,
  type Architecture,
  type GetFunctionCommandOutput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import type { FunctionConfiguration } from '../core/function-configuration.ts';
import type { NewCode } from '../core/function-code.ts';
import type { ObservedFunction } from '../core/observed.ts';
import type { FunctionAlias, Functions } from '../core/ports.ts';
import { absentOn, everyPage, type Call } from './calls.ts';
import { REQUEST_TIMEOUT_MS } from './clients.ts';
import { fromAsync, fromConfiguration, toAsync, toConfiguration, toNewConfiguration } from './function-mapping.ts';
import { withoutValues } from './hidden-values.ts';
import { fromPolicyJson } from './policy-json.ts';

const NONE = ['ResourceNotFoundException'];

/** Functions of Lambda. The presigned link to the code that GetFunction returns is a secret and goes no further. */
export function functions(lambda: LambdaClient, call: Call): Functions {
  return {
    list: () =>
      everyPage(async (marker) => {
        const command = new ListFunctionsCommand({ Marker: marker });
        const page = await call('ListFunctions', undefined, () => lambda.send(command));
        // The last page has an empty marker.
        return {
          items: page.Functions?.flatMap(({ FunctionName }) => FunctionName ?? []) ?? [],
          next: page.NextMarker || undefined,
        };
      }),
    get: async (name, qualifier) => {
      const command = new GetFunctionCommand({ FunctionName: name, Qualifier: qualifier });
      const send = async () => {
        const found = await lambda.send(command);
        if (qualifier === undefined) refuseWithoutTags(found);
        refuseWithoutEnvironment(found);
        return found;
      };
      const found = await absentOn(NONE, call('GetFunction', named(name, qualifier), send));
      return found === undefined ? undefined : toFunction(name, found);
    },
    policy: async (name, qualifier) => {
      const command = new GetPolicyCommand({ FunctionName: name, Qualifier: qualifier });
      const found = await absentOn(
        NONE,
        call('GetPolicy', named(name, qualifier), () => lambda.send(command)),
      );
      return found?.Policy === undefined ? undefined : fromPolicyJson(found.Policy);
    },
    create: async (fn, code) => {
      const command = new CreateFunctionCommand({
        FunctionName: fn.name,
        ...toNewConfiguration(fn),
        PackageType: fn.packageType,
        Architectures: [fn.architecture as Architecture],
        Code: toCode(code),
        Publish: false,
        Tags: { ...fn.tags },
      });
      await call('CreateFunction', named(fn.name), () => discreet(fn, lambda.send(command, deadline(code))));
    },
    updateCode: async (name, architecture, code) => {
      const command = new UpdateFunctionCodeCommand({
        FunctionName: name,
        // Left out, it would fall back to x86_64.
        Architectures: [architecture as Architecture],
        ...toCode(code),
        Publish: false,
      });
      await call('UpdateFunctionCode', named(name), () => lambda.send(command, deadline(code)));
    },
    updateConfiguration: async (name, configuration) => {
      const command = new UpdateFunctionConfigurationCommand({ FunctionName: name, ...toConfiguration(configuration) });
      await call('UpdateFunctionConfiguration', named(name), () => discreet(configuration, lambda.send(command)));
    },
    tag: async (arn, tags) => {
      const command = new TagResourceCommand({ Resource: arn, Tags: { ...tags } });
      await call('TagResource', named(arn), () => lambda.send(command));
    },
    untag: async (arn, keys) => {
      const command = new UntagResourceCommand({ Resource: arn, TagKeys: [...keys] });
      await absentOn(
        NONE,
        call('UntagResource', named(arn), () => lambda.send(command)),
      );
    },
    publish: async (name) => {
      const command = new PublishVersionCommand({ FunctionName: name });
      await call('PublishVersion', named(name), () => lambda.send(command));
    },
    versions: async (name) => {
      const all = await everyPage(async (marker) => {
        const command = new ListVersionsByFunctionCommand({ FunctionName: name, Marker: marker });
        const page = await call('ListVersionsByFunction', named(name), () => lambda.send(command));
        return {
          items: page.Versions?.flatMap(({ Version }) => Version ?? []) ?? [],
          next: page.NextMarker || undefined,
        };
      });
      return all.filter((version) => version !== '$LATEST').sort((a, b) => Number(a) - Number(b));
    },
    deleteVersion: async (name, version) => {
      const command = new DeleteFunctionCommand({ FunctionName: name, Qualifier: version });
      await absentOn(
        NONE,
        call('DeleteFunction', named(name, version), () => lambda.send(command)),
      );
    },
    aliases: (name) =>
      everyPage(async (marker) => {
        const command = new ListAliasesCommand({ FunctionName: name, Marker: marker });
        const page = await call('ListAliases', named(name), () => lambda.send(command));
        return { items: page.Aliases?.map(toAlias) ?? [], next: page.NextMarker || undefined };
      }),
    createAlias: async (name, alias, version) => {
      const command = new CreateAliasCommand({ FunctionName: name, Name: alias, FunctionVersion: version });
      await call('CreateAlias', named(name, alias), () => lambda.send(command));
    },
    updateAlias: async (name, alias, version) => {
      // Weights of other versions that somebody has set would divide the mail.
      const routing = { RoutingConfig: { AdditionalVersionWeights: {} } };
      const command = new UpdateAliasCommand({ FunctionName: name, Name: alias, FunctionVersion: version, ...routing });
      await call('UpdateAlias', named(name, alias), () => lambda.send(command));
    },
    deleteAlias: async (name, alias) => {
      const command = new DeleteAliasCommand({ FunctionName: name, Name: alias });
      await absentOn(
        NONE,
        call('DeleteAlias', named(name, alias), () => lambda.send(command)),
      );
    },
    async: async (name, qualifier) => {
      const command = new GetFunctionEventInvokeConfigCommand({ FunctionName: name, Qualifier: qualifier });
      const found = await absentOn(
        NONE,
        call('GetFunctionEventInvokeConfig', named(name, qualifier), () => lambda.send(command)),
      );
      return found === undefined ? undefined : fromAsync(found);
    },
    putAsync: async (name, settings, qualifier) => {
      const command = new PutFunctionEventInvokeConfigCommand({
        FunctionName: name,
        Qualifier: qualifier,
        ...toAsync(settings),
      });
      await call('PutFunctionEventInvokeConfig', named(name, qualifier), () => lambda.send(command));
    },
    deleteAsync: async (name, qualifier) => {
      const command = new DeleteFunctionEventInvokeConfigCommand({ FunctionName: name, Qualifier: qualifier });
      await absentOn(
        NONE,
        call('DeleteFunctionEventInvokeConfig', named(name, qualifier), () => lambda.send(command)),
      );
    },
    putConcurrency: async (name, reserved) => {
      const command = new PutFunctionConcurrencyCommand({
        FunctionName: name,
        ReservedConcurrentExecutions: reserved,
      });
      await call('PutFunctionConcurrency', named(name), () => lambda.send(command));
    },
    deleteConcurrency: async (name) => {
      const command = new DeleteFunctionConcurrencyCommand({ FunctionName: name });
      await absentOn(
        NONE,
        call('DeleteFunctionConcurrency', named(name), () => lambda.send(command)),
      );
    },
    addPermission: async (name, grant, qualifier) => {
      const command = new AddPermissionCommand({
        FunctionName: name,
        Qualifier: qualifier,
        StatementId: grant.statementId,
        Principal: grant.principal,
        Action: grant.action,
        SourceAccount: grant.sourceAccount,
        SourceArn: grant.sourceArn,
      });
      await call('AddPermission', named(name, qualifier), () => lambda.send(command));
    },
    removePermission: async (name, statementId, qualifier) => {
      const command = new RemovePermissionCommand({
        FunctionName: name,
        StatementId: statementId,
        Qualifier: qualifier,
      });
      await absentOn(
        NONE,
        call('RemovePermission', named(name, qualifier), () => lambda.send(command)),
      );
    },
    delete: async (name) => {
      const command = new DeleteFunctionCommand({ FunctionName: name });
      await absentOn(
        NONE,
        call('DeleteFunction', named(name), () => lambda.send(command)),
      );
    },
  };
}

/** What carries an environment may fail, but not tell it. */
const discreet = <T>({ environment }: FunctionConfiguration, sent: Promise<T>): Promise<T> =>
  sent.catch((error: unknown) => {
    throw withoutValues(error, environment);
  });

/** Lambda leaves out tags that we may not read and does not fail: our own function would look like another's. */
function refuseWithoutTags({ TagsError, $metadata }: GetFunctionCommandOutput): void {
  if (TagsError === undefined) return;
  const error = new Error(TagsError.Message ?? 'is not authorized to perform: lambda:ListTags');
  throw Object.assign(error, { name: TagsError.ErrorCode ?? 'AccessDeniedException', $metadata });
}

/** Nor when we may not use the key of the environment: every variable would seem to be gone, and be put back at each look. */
function refuseWithoutEnvironment({ Configuration, $metadata }: GetFunctionCommandOutput): void {
  const { ErrorCode = '', Message = '' } = Configuration?.Environment?.Error ?? {};
  if (/AccessDenied/.test(ErrorCode)) throw Object.assign(new Error(Message), { name: ErrorCode, $metadata });
}

function toFunction(
  name: string,
  { Code, Configuration, Tags, Concurrency }: GetFunctionCommandOutput,
): Omit<ObservedFunction, 'policy' | 'async' | 'alias'> {
  return {
    name,
    arn: Configuration?.FunctionArn ?? '',
    state: Configuration?.State ?? 'Active',
    stateReason: Configuration?.StateReason,
    stateReasonCode: Configuration?.StateReasonCode,
    lastUpdateStatus: Configuration?.LastUpdateStatus ?? 'Successful',
    lastUpdateReason: Configuration?.LastUpdateStatusReason,
    lastUpdateReasonCode: Configuration?.LastUpdateStatusReasonCode,
    ...fromConfiguration(Configuration ?? {}),
    architecture: Configuration?.Architectures?.[0] ?? 'x86_64',
    codeSha256: Configuration?.CodeSha256 ?? '',
    packageType: Configuration?.PackageType ?? 'Zip',
    image: Code?.ImageUri === undefined ? undefined : { uri: Code.ImageUri, resolvedUri: Code.ResolvedImageUri ?? '' },
    version: Configuration?.Version ?? '$LATEST',
    reservedConcurrency: Concurrency?.ReservedConcurrentExecutions,
    tags: Tags ?? {},
  };
}

function toCode(code: NewCode) {
  switch (code.kind) {
    case 'zip':
      return { ZipFile: code.bytes };
    case 's3':
      return { S3Bucket: code.bucket, S3Key: code.key, S3ObjectVersion: code.version };
    case 'image':
      return { ImageUri: code.uri };
  }
}

/** An upload may take longer than other calls: a slow line of 256 kB a second must do. */
function deadline(code: NewCode): { readonly requestTimeout?: number } {
  if (code.kind !== 'zip') return {};
  return { requestTimeout: REQUEST_TIMEOUT_MS + (code.bytes.byteLength / 256_000) * 1_000 };
}

function toAlias({ Name, FunctionVersion, RoutingConfig }: AliasConfiguration): FunctionAlias {
  const weighted = Object.keys(RoutingConfig?.AdditionalVersionWeights ?? {});
  return { name: Name ?? '', versions: [...(FunctionVersion === undefined ? [] : [FunctionVersion]), ...weighted] };
}

function named(name: string, qualifier?: string): string {
  return qualifier === undefined ? `function "${name}"` : `"${qualifier}" of function "${name}"`;
}
