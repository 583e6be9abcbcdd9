import { AwsError } from './aws-error.ts';
import type { PolicyBook } from './iam-policies.ts';
import { parsePolicy } from './policy/document.ts';
import { listParam, stringParam, type QueryParams } from './wire/query-protocol.ts';
import { requiredString } from './query-service.ts';

/** Readers of IAM's parameters: each gives a valid value or refuses as IAM does. */

const NAME = /^[\w+=,.@-]+$/;

export function roleNameOf(params: QueryParams): string {
  return nameOf(params, 'RoleName', 64);
}

export function policyNameOf(params: QueryParams): string {
  return nameOf(params, 'PolicyName', 128);
}

function nameOf(params: QueryParams, parameter: string, maxLength: number): string {
  const name = requiredString(params, parameter);
  const at = parameter.slice(0, 1).toLowerCase() + parameter.slice(1);
  if (!NAME.test(name))
    throw invalid(name, at, String.raw`Member must satisfy regular expression pattern: [\w+=,.@-]+`);
  if (name.length > maxLength) throw invalid(name, at, `Member must have length less than or equal to ${maxLength}`);
  return name;
}

export function pathOf(params: QueryParams): string {
  const path = stringParam(params, 'Path') ?? '/';
  if (path.length > 512 || !/^\/$|^\/[!-~]+\/$/.test(path)) {
    throw new AwsError(
      400,
      'ValidationError',
      'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    );
  }
  return path;
}

export function descriptionOf(params: QueryParams): string | undefined {
  const description = stringParam(params, 'Description');
  if (description !== undefined && description.length > 1000) {
    throw invalid(description, 'description', 'Member must have length less than or equal to 1000');
  }
  return description;
}

export function maxSessionDurationOf(params: QueryParams): number | undefined {
  const text = stringParam(params, 'MaxSessionDuration');
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < 3600 || seconds > 43_200) {
    throw invalid(text, 'maxSessionDuration', 'Member must be between 3600 and 43200');
  }
  return seconds;
}

/** A trust policy. `principalExists` tells whether a role of this account that it names is there. */
export function trustPolicyOf(
  params: QueryParams,
  parameter: string,
  principalExists: (arn: string) => boolean,
): string {
  const text = requiredString(params, parameter);
  const parsed = parsePolicy(text, 'trust');
  if (!parsed.ok) throw new AwsError(400, 'MalformedPolicyDocument', parsed.why);
  const named = parsed.document.statements.flatMap((statement) => statement.principals?.aws ?? []);
  const missing = named.find((principal) => !principalExists(principal));
  if (missing !== undefined) {
    throw new AwsError(400, 'MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${missing}"`);
  }
  if (text.replaceAll(/\s/g, '').length > 2048) {
    throw new AwsError(409, 'LimitExceeded', 'Cannot exceed quota for ACLSizePerRole: 2048');
  }
  return text;
}

export function permissionPolicyOf(params: QueryParams): string {
  const text = requiredString(params, 'PolicyDocument');
  const parsed = parsePolicy(text, 'identity');
  if (!parsed.ok) throw new AwsError(400, 'MalformedPolicyDocument', parsed.why);
  return text;
}

/** The ARN of a policy that exists. */
export function policyArnOf(params: QueryParams, parameter: string, policies: Pick<PolicyBook, 'exists'>): string {
  const arn = requiredString(params, parameter);
  if (!/^arn:[a-z-]+:iam::(aws|\d{12}):policy\/.+$/.test(arn)) {
    throw new AwsError(400, 'InvalidInput', `ARN ${arn} is not valid.`);
  }
  if (!policies.exists(arn)) {
    throw new AwsError(404, 'NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`);
  }
  return arn;
}

export function tagsOf(params: QueryParams): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  const seen = new Set<string>();
  for (const item of listParam(params, 'Tags') ?? []) {
    const key = stringParam(item, 'Key') ?? '';
    const value = stringParam(item, 'Value') ?? '';
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key)) throw invalid(key, 'tags.1.member.key', TAG_RULE);
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)) throw invalid(value, 'tags.1.member.value', TAG_RULE);
    if (key.toLowerCase().startsWith('aws:')) {
      throw new AwsError(400, 'InvalidInput', 'Tag keys that begin with "aws:" are reserved for system use.');
    }
    if (seen.has(key.toLowerCase())) {
      throw new AwsError(
        400,
        'InvalidInput',
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      );
    }
    seen.add(key.toLowerCase());
    tags.set(key, value);
  }
  return tags;
}

export function refuseTooManyTags(what: 'Role' | 'Policy', count: number): void {
  if (count > 50) throw new AwsError(409, 'LimitExceeded', `Cannot exceed quota for TagsPer${what}: 50`);
}

const TAG_RULE = String.raw`Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`;

/** One page of a list: `Marker` is the position after the last item given. */
export function pageOf<T>(
  params: QueryParams,
  items: readonly T[],
): { readonly items: readonly T[]; readonly rest: { IsTruncated: boolean; Marker?: string } } {
  const maxItems = Number(stringParam(params, 'MaxItems') ?? '100');
  if (!Number.isInteger(maxItems) || maxItems < 1 || maxItems > 1000) {
    throw invalid(String(maxItems), 'maxItems', 'Member must be between 1 and 1000');
  }
  const marker = stringParam(params, 'Marker');
  const start = marker === undefined ? 0 : Number(Buffer.from(marker, 'base64url').toString('utf8'));
  if (!Number.isInteger(start) || start < 0) throw new AwsError(400, 'ValidationError', 'Invalid Marker.');
  const end = start + maxItems;
  const rest =
    end < items.length
      ? { IsTruncated: true, Marker: Buffer.from(String(end)).toString('base64url') }
      : { IsTruncated: false };
  return { items: items.slice(start, end), rest };
}

function invalid(value: string, at: string, rule: string): AwsError {
  return new AwsError(
    400,
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${at}' failed to satisfy constraint: ${rule}`,
  );
}
