import type { RestRoute } from './rest-json-service.ts';

/**
 * What Lambda has and the sandbox lacks, so that a refusal names the operation as its documentation does.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
 */
export const LACKING_OPERATIONS: readonly RestRoute[] = [
  ...routes('/2018-10-31/layers', { GET: 'ListLayers' }),
  ...routes('/2018-10-31/layers/{LayerName}/versions', { GET: 'ListLayerVersions', POST: 'PublishLayerVersion' }),
  ...routes('/2018-10-31/layers/{LayerName}/versions/{VersionNumber}', {
    GET: 'GetLayerVersion',
    DELETE: 'DeleteLayerVersion',
  }),
  ...routes('/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy', {
    GET: 'GetLayerVersionPolicy',
    POST: 'AddLayerVersionPermission',
  }),
  ...routes('/2015-03-31/event-source-mappings', { GET: 'ListEventSourceMappings', POST: 'CreateEventSourceMapping' }),
  ...routes('/2015-03-31/event-source-mappings/{UUID}', {
    GET: 'GetEventSourceMapping',
    PUT: 'UpdateEventSourceMapping',
    DELETE: 'DeleteEventSourceMapping',
  }),
  ...routes('/2021-10-31/functions/{FunctionName}/url', {
    GET: 'GetFunctionUrlConfig',
    POST: 'CreateFunctionUrlConfig',
    PUT: 'UpdateFunctionUrlConfig',
    DELETE: 'DeleteFunctionUrlConfig',
  }),
  ...routes('/2021-10-31/functions/{FunctionName}/urls', { GET: 'ListFunctionUrlConfigs' }),
  ...routes('/2019-09-30/functions/{FunctionName}/provisioned-concurrency', {
    GET: 'GetProvisionedConcurrencyConfig',
    PUT: 'PutProvisionedConcurrencyConfig',
    DELETE: 'DeleteProvisionedConcurrencyConfig',
  }),
  ...routes('/2020-06-30/functions/{FunctionName}/code-signing-config', {
    GET: 'GetFunctionCodeSigningConfig',
    PUT: 'PutFunctionCodeSigningConfig',
    DELETE: 'DeleteFunctionCodeSigningConfig',
  }),
  ...routes('/2021-07-20/functions/{FunctionName}/runtime-management-config', {
    GET: 'GetRuntimeManagementConfig',
    PUT: 'PutRuntimeManagementConfig',
  }),
  ...routes('/2021-11-15/functions/{FunctionName}/response-streaming-invocations', {
    POST: 'InvokeWithResponseStream',
  }),
  ...routes('/2014-11-13/functions/{FunctionName}/invoke-async', { POST: 'InvokeAsync' }),
];

function routes(path: string, names: Readonly<Record<string, string>>): readonly RestRoute[] {
  return Object.entries(names).map(([method, name]) => ({ method, path, name }));
}
