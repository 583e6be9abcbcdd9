import { accountSettings, refuseTooMuchReserved } from './lambda-account.ts';
import { environmentNeed, tagsNeed } from './call-needs-lambda.ts';
import type { Functions, QualifiedFunction } from './lambda-functions.ts';
import { invalidValue, notFound } from './lambda-error.ts';
import { policyOf, withoutPermission, withPermission } from './lambda-policy.ts';
import type { InvocationResult } from './lambda-runner.ts';
import { describeFunction, numberOf, objectOf, stringMapOf, type Input } from './lambda-settings.ts';
import type { EventInvokeConfig, FunctionRecord, FunctionVersion } from './lambda-types.ts';
import { checkRange } from './lambda-validation.ts';
import { versionOperations } from './lambda-version-operations.ts';
import { qualifierKey, without, withoutVersion } from './lambda-versions.ts';
import { AwsError } from './aws-error.ts';
import type { RestOperation } from './rest-json-service.ts';
import { homeOf, type Call, type Clock, type IamDoor, type Reply } from './service.ts';
import { jsonMembers, jsonReply, type PathLabels } from './wire/rest-json.ts';

export type OperationDeps = {
  readonly functions: Functions;
  /** The function, or the refusal Invoke answers. */
  readonly invocable: (functionArn: string) => QualifiedFunction;
  readonly run: (version: FunctionVersion, requestId: string, payload: string) => Promise<InvocationResult>;
  readonly queue: (version: FunctionVersion, requestId: string, payload: string) => void;
  readonly newRequestId: () => string;
  readonly clock: Clock;
  readonly iam: Pick<IamDoor, 'mayCall'>;
};

const FUNCTIONS = '/2015-03-31/functions';
const LOG_TAIL_BYTES = 4096;
const MAX_SYNC_PAYLOAD_BYTES = 6 * 1024 * 1024;
const MAX_EVENT_PAYLOAD_BYTES = 1024 * 1024;

/** The operations a pipeline and its tools need. https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
export function lambdaOperations(deps: OperationDeps): readonly RestOperation[] {
  const { functions, clock } = deps;
  const target = (labels: PathLabels): string => labels['FunctionName'] ?? '';
  const described = (version: FunctionVersion) => describeFunction(version, clock.now());
  const seen = (version: FunctionVersion, call: Call) => ({
    ...described(version),
    ...unreadableEnvironment(version, call, deps.iam),
  });
  const found = (labels: PathLabels, call: Call): FunctionRecord => functions.get(homeOf(call), target(labels));
  const qualified = (labels: PathLabels, call: Call): QualifiedFunction =>
    functions.getVersion(homeOf(call), target(labels), call.query.get('Qualifier') ?? undefined);
  const amend = (labels: PathLabels, call: Call, change: (record: FunctionRecord) => FunctionRecord) =>
    functions.amend(homeOf(call), target(labels), change);
  const on = (
    method: string,
    path: string,
    name: string,
    handle: (labels: PathLabels, call: Call) => Reply | Promise<Reply>,
  ): RestOperation => ({ name, method, path, handle });

  return [
    on('POST', FUNCTIONS, 'CreateFunction', (_labels, call) =>
      jsonReply(201, described(functions.create(homeOf(call), bodyOf(call)))),
    ),
    on('GET', FUNCTIONS, 'ListFunctions', (_labels, call) =>
      jsonReply(200, page('Functions', listed(functions.list(homeOf(call)), call.query).map(described), call.query)),
    ),
    on('GET', `${FUNCTIONS}/{FunctionName}`, 'GetFunction', (labels, call) => {
      const { record, version } = qualified(labels, call);
      return jsonReply(200, {
        Configuration: seen(version, call),
        Code: codeLocation(version),
        ...shownTags(record, call, deps.iam),
        Concurrency:
          record.reservedConcurrency === undefined
            ? undefined
            : { ReservedConcurrentExecutions: record.reservedConcurrency },
      });
    }),
    on('DELETE', `${FUNCTIONS}/{FunctionName}`, 'DeleteFunction', (labels, call) => {
      const { record, version, qualifier } = qualified(labels, call);
      if (qualifier === undefined) functions.delete(homeOf(call), target(labels));
      else {
        amend(labels, call, () => withoutVersion(record, qualifier));
        functions.retire(version.arn);
      }
      return jsonReply(204, undefined);
    }),
    on('GET', `${FUNCTIONS}/{FunctionName}/configuration`, 'GetFunctionConfiguration', (labels, call) =>
      jsonReply(200, seen(qualified(labels, call).version, call)),
    ),
    on('PUT', `${FUNCTIONS}/{FunctionName}/configuration`, 'UpdateFunctionConfiguration', (labels, call) =>
      jsonReply(200, described(functions.updateSettings(homeOf(call), target(labels), bodyOf(call)))),
    ),
    on('PUT', `${FUNCTIONS}/{FunctionName}/code`, 'UpdateFunctionCode', (labels, call) =>
      jsonReply(200, described(functions.updateCode(homeOf(call), target(labels), bodyOf(call)))),
    ),

    on('GET', `${FUNCTIONS}/{FunctionName}/policy`, 'GetPolicy', (labels, call) =>
      jsonReply(200, policyOf(qualified(labels, call))),
    ),
    on('POST', `${FUNCTIONS}/{FunctionName}/policy`, 'AddPermission', (labels, call) => {
      const to = qualified(labels, call);
      const added = withPermission(to, bodyOf(call), functions.newRevision(), functions.visibleAtMs());
      amend(labels, call, () => added.record);
      return jsonReply(201, { Statement: added.statement });
    }),
    on('DELETE', `${FUNCTIONS}/{FunctionName}/policy/{StatementId}`, 'RemovePermission', (labels, call) => {
      const revision = call.query.get('RevisionId') ?? undefined;
      const from = qualified(labels, call);
      amend(labels, call, () =>
        withoutPermission(from, labels['StatementId'] ?? '', revision, functions.newRevision()),
      );
      return jsonReply(204, undefined);
    }),

    on('POST', `${FUNCTIONS}/{FunctionName}/invocations`, 'Invoke', (labels, call) =>
      invoke(deps, qualified(labels, call), call),
    ),

    ...versionOperations({ functions, described, bodyOf, page }),

    on('GET', '/2017-03-31/tags/{Resource}', 'ListTags', (labels, call) =>
      jsonReply(200, { Tags: functions.get(homeOf(call), labels['Resource'] ?? '').tags }),
    ),
    on('POST', '/2017-03-31/tags/{Resource}', 'TagResource', (labels, call) => {
      const tags = stringMapOf(bodyOf(call), 'Tags') ?? {};
      functions.amend(homeOf(call), labels['Resource'] ?? '', (record) => ({
        ...record,
        tags: { ...record.tags, ...tags },
      }));
      return jsonReply(204, undefined);
    }),
    on('DELETE', '/2017-03-31/tags/{Resource}', 'UntagResource', (labels, call) => {
      const gone = call.query.getAll('tagKeys');
      functions.amend(homeOf(call), labels['Resource'] ?? '', (record) => ({
        ...record,
        tags: Object.fromEntries(Object.entries(record.tags).filter(([key]) => !gone.includes(key))),
      }));
      return jsonReply(204, undefined);
    }),

    on('GET', '/2016-08-19/account-settings', 'GetAccountSettings', (_labels, call) =>
      jsonReply(200, accountSettings(functions.list(homeOf(call)))),
    ),
    on('PUT', '/2017-10-31/functions/{FunctionName}/concurrency', 'PutFunctionConcurrency', (labels, call) => {
      const reservedConcurrency = numberOf(bodyOf(call), 'ReservedConcurrentExecutions') ?? 0;
      const { arn } = found(labels, call);
      checkRange(reservedConcurrency, 'reservedConcurrentExecutions', 0, 2 ** 31 - 1);
      const others = functions.list(homeOf(call)).filter((each) => each.arn !== arn);
      refuseTooMuchReserved(others, reservedConcurrency);
      amend(labels, call, (record) => ({ ...record, reservedConcurrency }));
      return jsonReply(200, { ReservedConcurrentExecutions: reservedConcurrency });
    }),
    on('GET', '/2019-09-30/functions/{FunctionName}/concurrency', 'GetFunctionConcurrency', (labels, call) =>
      jsonReply(200, { ReservedConcurrentExecutions: found(labels, call).reservedConcurrency }),
    ),
    on('DELETE', '/2017-10-31/functions/{FunctionName}/concurrency', 'DeleteFunctionConcurrency', (labels, call) => {
      amend(labels, call, ({ reservedConcurrency: _gone, ...record }) => record);
      return jsonReply(204, undefined);
    }),

    ...eventInvokeConfig('PUT', 'PutFunctionEventInvokeConfig', (_current, input) => eventLimits(input)),
    ...eventInvokeConfig('POST', 'UpdateFunctionEventInvokeConfig', (current, input) => ({
      ...current,
      ...eventLimits(input),
    })),
    on('GET', EVENT_INVOKE_CONFIG, 'GetFunctionEventInvokeConfig', (labels, call) => {
      const { record, qualifier } = qualified(labels, call);
      return jsonReply(200, describeEventInvoke(record, qualifier, eventInvokeOf(record, qualifier)));
    }),
    on('GET', `${EVENT_INVOKE_CONFIG}/list`, 'ListFunctionEventInvokeConfigs', (labels, call) => {
      const record = found(labels, call);
      return jsonReply(200, {
        FunctionEventInvokeConfigs: Object.entries(record.eventInvokeConfigs).map(([qualifier, config]) =>
          describeEventInvoke(record, qualifier, config),
        ),
      });
    }),
    on('DELETE', EVENT_INVOKE_CONFIG, 'DeleteFunctionEventInvokeConfig', (labels, call) => {
      const { record, qualifier } = qualified(labels, call);
      eventInvokeOf(record, qualifier);
      const eventInvokeConfigs = without(record.eventInvokeConfigs, qualifierKey(qualifier));
      amend(labels, call, () => ({ ...record, eventInvokeConfigs }));
      return jsonReply(204, undefined);
    }),
  ];

  function eventInvokeConfig(
    method: string,
    name: string,
    next: (current: EventInvokeConfig | undefined, input: Input) => Omit<EventInvokeConfig, 'lastModifiedMs'>,
  ): readonly RestOperation[] {
    return [
      on(method, EVENT_INVOKE_CONFIG, name, (labels, call) => {
        const input = bodyOf(call);
        const { record, qualifier } = qualified(labels, call);
        functions.checkDestinations(record, objectOf(input, 'DestinationConfig') ?? {});
        const key = qualifierKey(qualifier);
        const config = { ...next(record.eventInvokeConfigs[key], input), lastModifiedMs: clock.now() };
        amend(labels, call, () => ({ ...record, eventInvokeConfigs: { ...record.eventInvokeConfigs, [key]: config } }));
        return jsonReply(200, describeEventInvoke(record, qualifier, config));
      }),
    ];
  }
}

const EVENT_INVOKE_CONFIG = '/2019-09-25/functions/{FunctionName}/event-invoke-config';

async function invoke(deps: OperationDeps, wanted: QualifiedFunction, call: Call): Promise<Reply> {
  const { version } = deps.invocable(wanted.version.arn);
  const type = call.headers['x-amz-invocation-type'] ?? 'RequestResponse';
  const payload = call.body.length === 0 ? '{}' : call.body.toString('utf8');
  const limit = type === 'Event' ? MAX_EVENT_PAYLOAD_BYTES : MAX_SYNC_PAYLOAD_BYTES;
  if (call.body.length > limit) {
    throw new AwsError(
      413,
      'RequestTooLargeException',
      `${call.body.length} byte payload is too large (limit ${limit})`,
    );
  }
  if (!isJson(payload)) {
    throw new AwsError(400, 'InvalidRequestContentException', 'Could not parse request body into json.');
  }
  const requestId = deps.newRequestId();
  const headers = { 'x-amzn-requestid': requestId };
  if (type === 'DryRun') return jsonReply(204, undefined, headers);
  if (type === 'Event') {
    deps.queue(version, requestId, payload);
    return jsonReply(202, undefined, headers);
  }
  const result = await deps.run(version, requestId, payload);
  const tail = Buffer.from(result.log).subarray(-LOG_TAIL_BYTES).toString('base64');
  return {
    status: 200,
    headers: {
      ...headers,
      'content-type': 'application/json',
      'x-amz-executed-version': version.version,
      ...(result.functionError === undefined ? {} : { 'x-amz-function-error': result.functionError }),
      ...(call.headers['x-amz-log-type'] === 'Tail' ? { 'x-amz-log-result': tail } : {}),
    },
    body: result.payload,
  };
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html (TagsError) */
function shownTags({ arn, tags }: FunctionRecord, { principal }: Call, iam: OperationDeps['iam']): Input {
  if (iam.mayCall(principal, tagsNeed(arn, tags))) return Object.keys(tags).length === 0 ? {} : { Tags: tags };
  const Message = `The caller is not authorized to perform: lambda:ListTags on resource: ${arn}`;
  return { TagsError: { ErrorCode: 'AccessDeniedException', Message } };
}

/** An answer without the values, where the caller may not use the key that encrypts them. */
function unreadableEnvironment({ settings }: FunctionVersion, call: Call, iam: OperationDeps['iam']): Input {
  const { KMSKeyArn: key = '', Environment } = settings;
  if (key === '' || Object.keys(Environment?.Variables ?? {}).length === 0) return {};
  if (iam.mayCall(call.principal, environmentNeed(key, call.region))) return {};
  const Message =
    'Lambda was unable to decrypt your environment variables because the KMS access was denied. ' +
    'Please check your KMS permissions. KMS Exception: AccessDeniedException KMS Message: ' +
    `the caller is not authorized to perform: kms:Decrypt on resource: ${key}`;
  return { Environment: { Error: { ErrorCode: 'AccessDeniedException', Message } } };
}

function codeLocation(record: FunctionVersion): Input {
  const { imageUri } = record.code;
  if (imageUri !== undefined) return { RepositoryType: 'ECR', ImageUri: imageUri, ResolvedImageUri: imageUri };
  // A presigned address on AWS. Nothing here fetches code back, so it only shows where it would be.
  return { RepositoryType: 'S3', Location: `https://sandbox.invalid/code/${encodeURIComponent(record.code.sha256)}` };
}

function eventLimits(input: Input): Omit<EventInvokeConfig, 'lastModifiedMs'> {
  const attempts = numberOf(input, 'MaximumRetryAttempts');
  const age = numberOf(input, 'MaximumEventAgeInSeconds');
  const destinations = objectOf(input, 'DestinationConfig');
  if (attempts !== undefined) checkRange(attempts, 'maximumRetryAttempts', 0, 2);
  if (age !== undefined) checkRange(age, 'maximumEventAgeInSeconds', 60, 21_600);
  return {
    ...(attempts === undefined ? {} : { MaximumRetryAttempts: attempts }),
    ...(age === undefined ? {} : { MaximumEventAgeInSeconds: age }),
    ...(destinations === undefined ? {} : { DestinationConfig: destinations }),
  };
}

function eventInvokeOf(record: FunctionRecord, qualifier: string | undefined): EventInvokeConfig {
  const config = record.eventInvokeConfigs[qualifierKey(qualifier)];
  if (config !== undefined) return config;
  throw notFound(`The function ${record.arn}:${qualifierKey(qualifier)} doesn't have an EventInvokeConfig`);
}

function describeEventInvoke(
  record: FunctionRecord,
  qualifier: string | undefined,
  { lastModifiedMs, ...config }: EventInvokeConfig,
): Input {
  return {
    FunctionArn: `${record.arn}:${qualifierKey(qualifier)}`,
    LastModified: lastModifiedMs / 1000,
    DestinationConfig: { OnSuccess: {}, OnFailure: {} },
    ...config,
  };
}

/** `FunctionVersion=ALL` lists what was published too, each under its own ARN. */
function listed(records: readonly FunctionRecord[], query: URLSearchParams): readonly FunctionVersion[] {
  if (query.get('FunctionVersion') !== 'ALL') return records;
  return records.flatMap((record) => [{ ...record, arn: `${record.arn}:$LATEST` }, ...record.versions]);
}

function page(member: string, all: readonly unknown[], query: URLSearchParams): Input {
  const maxItems = Number(query.get('MaxItems') ?? '50');
  const start = Number(query.get('Marker') ?? '0');
  if (!Number.isInteger(maxItems) || maxItems < 1) throw invalidValue('MaxItems must be a positive integer');
  if (!Number.isInteger(start) || start < 0) throw invalidValue('Invalid Marker');
  const end = start + maxItems;
  return { [member]: all.slice(start, end), NextMarker: end < all.length ? String(end) : undefined };
}

function bodyOf({ body }: Call): Input {
  const members = jsonMembers(body);
  if (members !== undefined) return members;
  throw new AwsError(400, 'SerializationException', 'The request body is not a JSON structure.');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
