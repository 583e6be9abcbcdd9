import { PipelineError, type Fault } from '../core/fault.ts';
import type { AwsError, AwsService, ErrorRow } from './error-row.ts';
import { ERROR_TABLE } from './error-table.ts';

/** Where the calls go, and as whom. `endpointUrl` is set when it is not AWS itself. */
export type Place = { readonly region: string; readonly endpointUrl?: string; readonly profile?: string };

type FailedCall = {
  readonly service: AwsService;
  readonly operation: string;
  readonly resource: string | undefined;
  readonly place: Place;
};

/** What an SDK, network or credentials error means here; the original stays as `cause`. */
export function classifyError(error: unknown, call: FailedCall): PipelineError {
  if (error instanceof PipelineError) return error;
  const told = tellAwsError(error, call);
  const row = ERROR_TABLE.find((each) => matches(each, told)) ?? unknownRow(told);
  const { requestId } = shapeOf(error).$metadata ?? {};
  const fault: Fault = {
    class: row.class,
    reason: row.reason,
    code: told.code,
    operation: `${call.service}:${call.operation}`,
    message: row.say(told),
    ...(requestId !== undefined && { requestId }),
  };
  return new PipelineError(fault, { cause: error });
}

/** Whether a code of the table names this code: with or without the suffix that the SDK adds for some. */
export function sameCode(a: string, b: string): boolean {
  return wireCode(a) === wireCode(b);
}

function matches(row: ErrorRow, error: AwsError): boolean {
  return (
    (row.of === 'any' || row.of === error.service) &&
    (row.operation === undefined || row.operation === error.operation) &&
    row.codes.some((code) => sameCode(code, error.code)) &&
    (row.text === undefined || row.text.test(error.text))
  );
}

/** A code that no row names: the HTTP status is all there is to go by. */
function unknownRow({ status }: AwsError): Pick<ErrorRow, 'class' | 'reason' | 'say'> {
  if (status === undefined) {
    return {
      class: 'transient',
      reason: 'AwsUnavailable',
      say: ({ action, text }) => `${action} failed: ${text}.`,
    };
  }
  if (status >= 500) {
    return {
      class: 'transient',
      reason: 'AwsUnavailable',
      say: ({ action, code }) => `AWS failed to answer ${action} (${code}).`,
    };
  }
  if (status === 429) {
    return {
      class: 'throttled',
      reason: 'Throttled',
      say: ({ action }) => `AWS limits the rate of ${action}.`,
    };
  }
  return {
    class: 'invalid',
    reason: 'InvalidSpec',
    say: ({ action, code, text, about }) => `AWS refuses ${action}${about} (${code}): ${text}. Correct the manifest.`,
  };
}

type ErrorShape = {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly hostname?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
};

function shapeOf(error: unknown): ErrorShape {
  return typeof error === 'object' && error !== null ? error : { message: String(error) };
}

function tellAwsError(error: unknown, { service, operation, resource, place }: FailedCall): AwsError {
  const shape = shapeOf(error);
  const status = shape.$metadata?.httpStatusCode ?? shape.$response?.statusCode;
  const endpoint = place.endpointUrl ?? shape.hostname ?? `the ${service.toUpperCase()} endpoint of ${place.region}`;
  return {
    service,
    operation,
    action: `${service}:${operation}`,
    about: resource === undefined ? '' : ` for ${resource}`,
    resource,
    code: codeOf(shape, status, service),
    status,
    text: cleanText(shape.message ?? ''),
    region: place.region,
    endpoint,
    profile: place.profile,
    ownEndpoint: place.endpointUrl !== undefined,
    bucketRegion: shape.$response?.headers?.['x-amz-bucket-region'],
  };
}

function codeOf(shape: ErrorShape, status: number | undefined, service: AwsService): string {
  const name = shape.name ?? 'Unknown';
  const message = shape.message ?? '';
  // The parser's complaint about a page that is not from AWS; AWS says why it refuses, except S3 to a HEAD.
  const wordless = status !== undefined && service !== 's3' && /^(Unknown|UnknownError)?$/.test(message);
  if (wordless || name === 'SyntaxError' || message.includes('Deserialization error')) return 'UnreadableAnswer';
  // A reply without a body, such as any error of HeadBucket, has no code: the SDK calls it Unknown.
  if (status !== undefined && (name === 'Unknown' || name === 'UnknownError')) return `Http${status}`;
  // Node puts the meaning into `code`; the SDK calls a broken connection a timeout too.
  if (status === undefined && shape.code !== undefined && shape.code !== 'ETIMEDOUT') return shape.code;
  return service === 'ses' || service === 'iam' || service === 'sts' ? wireCode(name) : name;
}

function wireCode(code: string): string {
  return code.length > 'Exception'.length && code.endsWith('Exception') ? code.slice(0, -'Exception'.length) : code;
}

/** AWS's own words without what changes from call to call, and without the last full stop: sentences go on after it. */
function cleanText(text: string): string {
  return text
    .replaceAll(/\s*\((?:Service|Request ID|RequestId)[^)]*\)/gi, '')
    .replaceAll(/[,;]?\s*(?:request id|requestid|host id):?\s*[\w/+=-]{6,}/gi, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '');
}
