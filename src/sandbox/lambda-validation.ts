import { invalidValue } from './lambda-error.ts';

const RESERVED_VARIABLES = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_LAMBDA_RUNTIME_API',
  'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
]);
const MAX_ENVIRONMENT_BYTES = 4096;

/** Refuses what Lambda refuses. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
export function checkVariables(variables: Readonly<Record<string, string>>): void {
  const names = Object.keys(variables);
  const malformed = names.find((name) => !/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name) && !RESERVED_VARIABLES.has(name));
  if (malformed !== undefined) {
    throw constraint(malformed, 'environment.variables', 'satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+');
  }
  const reserved = names.filter((name) => RESERVED_VARIABLES.has(name));
  if (reserved.length > 0) {
    throw invalidValue(
      'Lambda was unable to configure your environment variables because the environment variables you have provided ' +
        `contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) > MAX_ENVIRONMENT_BYTES) {
    throw invalidValue(
      'Lambda was unable to configure your environment variables because the environment variables you have provided ' +
        `exceeded the 4KB limit. String measured: ${measured}`,
    );
  }
}

export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9-_]{1,64}$/.test(name)) throw constraint(name, 'functionName', 'be 1 to 64 of [a-zA-Z0-9-_]');
}

export function checkRange(value: number, at: string, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw constraint(String(value), at, `have value between ${least} and ${most}`);
  }
}

export function checkHandler(handler: string): void {
  if (!/^[^\s]{1,128}$/.test(handler))
    throw constraint(handler, 'handler', 'satisfy regular expression pattern: [^\\s]+');
}

function constraint(value: string, at: string, must: string): Error {
  return invalidValue(
    `1 validation error detected: Value '${value}' at '${at}' failed to satisfy constraint: Member must ${must}`,
  );
}
