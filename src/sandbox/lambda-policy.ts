import type { QualifiedFunction } from './lambda-functions.ts';
import { conflict, invalidValue, notFound, preconditionFailed } from './lambda-error.ts';
import type { FunctionPolicy, FunctionRecord, PermissionStatement } from './lambda-types.ts';
import { qualifierKey, without } from './lambda-versions.ts';
import { parsePolicy } from './policy/document.ts';
import { evaluate } from './policy/evaluate.ts';
import type { Principal } from './service.ts';

/** The body of AddPermission. https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html */
export type PermissionInput = {
  readonly StatementId?: unknown;
  readonly Action?: unknown;
  readonly Principal?: unknown;
  readonly SourceArn?: unknown;
  readonly SourceAccount?: unknown;
  readonly RevisionId?: unknown;
};

/** A record with one more statement; refuses an id that is taken even by the very same statement. */
export function withPermission(
  { record, version, qualifier }: QualifiedFunction,
  input: PermissionInput,
  revisionId: string,
  visibleAtMs: number,
): { readonly record: FunctionRecord; readonly statement: string } {
  const sid = text(input.StatementId, 'statementId', /^[a-zA-Z0-9-_]{1,100}$/);
  if (qualifier === '$LATEST') throw invalidValue('We currently do not support adding policies for $LATEST.');
  const policy = policyFor(record, qualifier);
  checkRevision(policy, input.RevisionId);
  if (policy.statements.some((permission) => permission.sid === sid)) {
    throw conflict(
      `The statement id (${sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  }
  const action = text(input.Action, 'action', /^(?:lambda:[*]|lambda:[a-zA-Z]+|[*])$/);
  const principal = text(input.Principal, 'principal', /^[^\s]+$/);
  const sourceAccount = maybeText(input.SourceAccount, 'sourceAccount', /^\d{12}$/);
  const sourceArn = maybeText(input.SourceArn, 'sourceArn', /^arn:[a-z-]+:[a-zA-Z0-9-]+:.*$/);
  const condition = {
    ...(sourceAccount === undefined ? {} : { StringEquals: { 'AWS:SourceAccount': sourceAccount } }),
    ...(sourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': sourceArn } }),
  };
  const statement = {
    Sid: sid,
    Effect: 'Allow',
    Principal: principalOf(principal),
    Action: action,
    Resource: version.arn,
    ...(Object.keys(condition).length === 0 ? {} : { Condition: condition }),
  };
  const parsed = parsePolicy(policyText([statement]), 'resource');
  if (!parsed.ok) throw invalidValue(parsed.why);
  const permission: PermissionStatement = { sid, statement, visibleAtMs };
  const next = { statements: [...policy.statements, permission], revisionId };
  return {
    record: { ...record, policies: { ...record.policies, [qualifierKey(qualifier)]: next } },
    statement: JSON.stringify(statement),
  };
}

/** A record without that statement; a policy without any statement is none. */
export function withoutPermission(
  { record, qualifier }: QualifiedFunction,
  sid: string,
  wantedRevision: string | undefined,
  revisionId: string,
): FunctionRecord {
  const policy = policyFor(record, qualifier);
  if (!policy.statements.some((permission) => permission.sid === sid)) {
    throw notFound(`Statement ${sid} is not found in resource policy.`);
  }
  checkRevision(policy, wantedRevision);
  const statements = policy.statements.filter((permission) => permission.sid !== sid);
  const key = qualifierKey(qualifier);
  const rest = without(record.policies, key);
  return { ...record, policies: statements.length === 0 ? rest : { ...rest, [key]: { statements, revisionId } } };
}

/** The document GetPolicy shows; without a statement there is no policy. */
export function policyOf({ record, qualifier }: QualifiedFunction): {
  readonly Policy: string;
  readonly RevisionId: string;
} {
  const { statements, revisionId } = policyFor(record, qualifier);
  if (statements.length === 0) throw notFound('The resource you requested does not exist.');
  return { Policy: policyText(statements.map(({ statement }) => statement)), RevisionId: revisionId };
}

const NO_POLICY: FunctionPolicy = { statements: [], revisionId: '' };

function policyFor(record: FunctionRecord, qualifier: string | undefined): FunctionPolicy {
  return record.policies[qualifierKey(qualifier)] ?? NO_POLICY;
}

/** Whether the policy of what is asked for, as far as it has propagated, lets a service invoke it. */
export function allowsInvoke(
  { record, version, qualifier }: QualifiedFunction,
  principal: Principal,
  nowMs: number,
): boolean {
  if (principal.kind !== 'service') return true; // the account itself and its roles are judged by their own policies
  const visible = policyFor(record, qualifier).statements.filter(({ visibleAtMs }) => visibleAtMs <= nowMs);
  if (visible.length === 0) return false;
  const parsed = parsePolicy(policyText(visible.map(({ statement }) => statement)), 'resource');
  if (!parsed.ok) return false;
  const verdict = evaluate({
    documents: [parsed.document],
    principal: { kind: 'service', service: principal.service },
    action: 'lambda:InvokeFunction',
    resource: qualifier === '$LATEST' ? record.arn : version.arn,
    context: { 'aws:sourceaccount': principal.sourceAccount, 'aws:sourcearn': principal.sourceArn },
  });
  return verdict.decision === 'allow';
}

function policyText(statements: readonly unknown[]): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements });
}

function principalOf(principal: string): unknown {
  if (principal === '*') return '*';
  return principal.includes('.') && !principal.startsWith('arn:') ? { Service: principal } : { AWS: principal };
}

function checkRevision(policy: FunctionPolicy, wanted: unknown): void {
  if (wanted !== undefined && wanted !== null && wanted !== policy.revisionId) throw preconditionFailed();
}

function maybeText(value: unknown, at: string, pattern: RegExp): string | undefined {
  return value === undefined || value === null ? undefined : text(value, at, pattern);
}

function text(value: unknown, at: string, pattern: RegExp): string {
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw invalidValue(
    `1 validation error detected: Value '${String(value)}' at '${at}' failed to satisfy constraint: ` +
      `Member must satisfy regular expression pattern: ${pattern.source}`,
  );
}
