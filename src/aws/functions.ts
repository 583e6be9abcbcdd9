import {
  AddPermissionCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  GetPolicyCommand,
  ListFunctionsCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type Architecture,
  type GetFunctionCommandOutput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import type { FunctionConfiguration } from '../core/function-configuration.ts';
import type { NewCode } from '../core/function-code.ts';
import type { ObservedFunction } from '../core/observed.ts';
import type { Functions } from '../core/ports.ts';
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
    get: async (name) => {
      const command = new GetFunctionCommand({ FunctionName: name });
      const send = async () => {
        const found = await lambda.send(command);
        refuseWithoutTags(found);
        return found;
      };
      const found = await absentOn(NONE, call('GetFunction', named(name), send));
      return found === undefined ? undefined : toFunction(name, found);
    },
    policy: async (name) => {
      const command = new GetPolicyCommand({ FunctionName: name });
      const found = await absentOn(
        NONE,
        call('GetPolicy', named(name), () => lambda.send(command)),
      );
      return found?.Policy === undefined ? undefined : fromPolicyJson(found.Policy);
    },
    create: async (fn, code) => {
      const command = new CreateFunctionCommand({
        FunctionName: fn.name,
        ...toNewConfiguration(fn),
        PackageType: 'Zip',
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
    async: async (name) => {
      const command = new GetFunctionEventInvokeConfigCommand({ FunctionName: name });
      const found = await absentOn(
        NONE,
        call('GetFunctionEventInvokeConfig', named(name), () => lambda.send(command)),
      );
      return found === undefined ? undefined : fromAsync(found);
    },
    putAsync: async (name, settings) => {
      const command = new PutFunctionEventInvokeConfigCommand({ FunctionName: name, ...toAsync(settings) });
      await call('PutFunctionEventInvokeConfig', named(name), () => lambda.send(command));
    },
    deleteAsync: async (name) => {
      const command = new DeleteFunctionEventInvokeConfigCommand({ FunctionName: name });
      await absentOn(
        NONE,
        call('DeleteFunctionEventInvokeConfig', named(name), () => lambda.send(command)),
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
    addPermission: async (name, grant) => {
      const command = new AddPermissionCommand({
        FunctionName: name,
        StatementId: grant.statementId,
        Principal: grant.principal,
        Action: grant.action,
        SourceAccount: grant.sourceAccount,
        SourceArn: grant.sourceArn,
      });
      await call('AddPermission', named(name), () => lambda.send(command));
    },
    removePermission: async (name, statementId) => {
      const command = new RemovePermissionCommand({ FunctionName: name, StatementId: statementId });
      await absentOn(
        NONE,
        call('RemovePermission', named(name), () => lambda.send(command)),
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

function toFunction(
  name: string,
  { Configuration, Tags, Concurrency }: GetFunctionCommandOutput,
): Omit<ObservedFunction, 'policy' | 'async'> {
  return {
    name,
    arn: Configuration?.FunctionArn ?? '',
    state: Configuration?.State ?? 'Active',
    stateReason: Configuration?.StateReason,
    lastUpdateStatus: Configuration?.LastUpdateStatus ?? 'Successful',
    lastUpdateReason: Configuration?.LastUpdateStatusReason,
    ...fromConfiguration(Configuration ?? {}),
    architecture: Configuration?.Architectures?.[0] ?? 'x86_64',
    codeSha256: Configuration?.CodeSha256 ?? '',
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
  }
}

/** An upload may take longer than other calls: a slow line of 256 kB a second must do. */
function deadline(code: NewCode): { readonly requestTimeout?: number } {
  if (code.kind !== 'zip') return {};
  return { requestTimeout: REQUEST_TIMEOUT_MS + (code.bytes.byteLength / 256_000) * 1_000 };
}

function named(name: string): string {
  return `function "${name}"`;
}
