import type { AwsErrorShape, Call, Reply } from './service.ts';
import { queryError } from './wire/query-protocol.ts';
import { jsonError } from './wire/rest-json.ts';

/** What a call to a service that is not here asks for: `dynamodb:ListTables`, or `sesv2 (GET /v2/email/identities)`. */
export function unroutedOperation(service: string, { method, path, headers, query, body }: Call): string {
  const form = isForm(headers) ? new URLSearchParams(body.toString('utf8')) : query;
  const operation = headers['x-amz-target']?.split('.').at(-1) ?? form.get('Action');
  const named = operation !== null && /^\w{1,128}$/.test(operation);
  return named ? `${service}:${operation}` : `${service} (${method} ${path.slice(0, 200)})`;
}

/** No service speaks for this request, so the answer takes the form the client seems to expect. */
export function refuseUnrouted({ headers, path, requestId }: Call, error: AwsErrorShape): Reply {
  const signedBody = headers['x-amz-content-sha256'] !== undefined && headers['x-amz-target'] === undefined;
  const expectsXml = isForm(headers) || (signedBody && !isRestJson(path));
  if (expectsXml) return queryError('', error, requestId);
  // AWS JSON has the code in the body, REST JSON in a header: both are there.
  return jsonError({ ...error, members: { ...error.members, __type: error.code } });
}

/** Both versions of SES sign with the same name, and only the second has paths. */
export function serviceOf(signingName: string, path: string): string {
  return signingName === 'ses' && isRestJson(path) ? 'sesv2' : signingName;
}

const isRestJson = (path: string): boolean => path.startsWith('/v2/email/');

const isForm = (headers: Call['headers']): boolean =>
  (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
