import {
  desiredAsync,
  desiredFunctionTags,
  desiredLogGroup,
  desiredSettings,
  type DesiredLogGroup,
} from './desired-settings.ts';
import { DISCOVERY_VARIABLE, encodeDiscovery, LOG_LEVEL_VARIABLE, type Discovery } from './discovery.ts';
import { invalidSpec } from './fault.ts';
import type { FunctionCode, PackageType } from './function-code.ts';
import type { AsyncSettings, FunctionConfiguration } from './function-configuration.ts';
import { functionNameOf, packageTypeOf } from './function-names.ts';
import { functionArn, hex, pipelineKey } from './names.ts';
import type { Tags } from './observed.ts';
import type { Pipeline } from './pipeline.ts';
import { ALIAS, ALIAS_TAG, publishingOf, type Publishing } from './publishing.ts';

export const CODE_SOURCE_TAG = 'ses-lambda-pipeline.dev/code-source';

/** All values of the environment together. @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const MAX_ENVIRONMENT_BYTES = 4096;

export type DesiredFunction = {
  readonly name: string;
  readonly arn: string;
  readonly architecture: string;
  readonly tags: Tags;
  readonly configuration: FunctionConfiguration;
  /** Undefined: Lambda's defaults. */
  readonly async: AsyncSettings | undefined;
  /** Undefined: as many runs at once as the account has left. */
  readonly reservedConcurrency: number | undefined;
  /** Undefined: the group is Lambda's affair. */
  readonly logGroup: DesiredLogGroup | undefined;
  readonly code: FunctionCode;
  readonly packageType: PackageType;
  /** Undefined: the rules call the function itself. */
  readonly publishing: Publishing | undefined;
};

/**
 * @param role ARN of the role that it runs as
 * @throws {PipelineError} `invalid` when the environment is larger than Lambda allows
 */
export function desiredFunction(pipeline: Pipeline, role: string, discovery: Discovery): DesiredFunction {
  const { manifest, identity, code } = pipeline;
  const fn = manifest.spec.function;
  const environment = {
    ...fn.environment,
    ...pipeline.environment,
    [DISCOVERY_VARIABLE]: encodeDiscovery(discovery),
    [LOG_LEVEL_VARIABLE]: fn.logLevel,
  };
  const bytes = Object.entries(environment).reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
  if (bytes > MAX_ENVIRONMENT_BYTES)
    throw invalidSpec(
      `spec.function.environment: all variables together take ${bytes} bytes, with those of environmentFrom and those that discovery needs; Lambda allows ${MAX_ENVIRONMENT_BYTES}. Move large values to the code or to S3`,
    );
  const packageType = packageTypeOf(manifest.spec);
  const ofZip = packageType === 'Zip' ? fn : undefined;
  const name = functionNameOf(manifest.spec, identity);
  return {
    name,
    arn: functionArn(identity, name),
    architecture: fn.architecture,
    tags: {
      ...desiredFunctionTags(fn, identity),
      ...(code.kind === 's3' ? { [CODE_SOURCE_TAG]: codeSource(code) } : {}),
      ...(fn.publish ? { [ALIAS_TAG]: ALIAS } : {}),
    },
    packageType,
    publishing: publishingOf(fn),
    configuration: {
      runtime: ofZip?.runtime,
      handler: ofZip?.handler,
      memorySize: fn.memorySize,
      timeout: fn.timeout,
      description: fn.description === '' ? `${pipelineKey(identity)}: ${ofZip?.handler ?? 'image'}` : fn.description,
      roleArn: role,
      environment,
      ...desiredSettings(fn, name),
    },
    async: desiredAsync(fn),
    reservedConcurrency: fn.reservedConcurrency,
    logGroup: desiredLogGroup(fn, name, identity),
    code,
  };
}

/** Lambda does not tell where a zip came from, so the source is remembered as a tag. */
function codeSource(code: FunctionCode & { kind: 's3' }): string {
  return hex([code.bucket, code.key, code.version ?? '']).slice(0, 32);
}
