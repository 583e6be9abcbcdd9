import { faultOf, PipelineError } from '../core/fault.ts';
import { maskRecipients, stripControlsInLines } from './clean-text.ts';

export type Fields = Readonly<Record<string, unknown>>;

const REDACTED = '<redacted>';
const MAX_DEPTH = 6;
const MAX_ITEMS = 100;
const MAX_TEXT = 8_192;

// What must not be in a log at any level, by the name it goes under everywhere: SDK, HTTP, Kubernetes.
const SECRET =
  /^(authorization|proxy-authorization|cookie|set-cookie|password|passwd|token|access_?token|session_?token|security_?token|x-amz-security-token|secret|secret_?access_?key|aws_secret_access_key|aws_session_token|client_?secret|private_?key|credentials|zipfile|stringdata)$/i;

// Maps whose values may be somebody's secrets; their names help, so they stay.
const ENVIRONMENT = /^(environment|variables|env)$/i;

/**
 * A value as it may be logged: bounded, without secrets and without control characters. Unless `forDebug`, without
 * e-mail addresses and values of environment variables too. Never throws.
 */
export function loggable(value: unknown, forDebug: boolean): unknown {
  try {
    return visit(value, { forDebug, depth: 0, above: [] });
  } catch {
    return '<not loggable>';
  }
}

/** A text as it may be logged. */
export function loggableText(text: string, forDebug: boolean): string {
  const bounded = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return stripControlsInLines(forDebug ? bounded : maskRecipients(bounded));
}

type Visit = { readonly forDebug: boolean; readonly depth: number; readonly above: readonly object[] };

function visit(value: unknown, at: Visit): unknown {
  if (typeof value === 'string') return loggableText(value, at.forDebug);
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (at.above.includes(value)) return '<itself>';
  if (at.depth >= MAX_DEPTH) return '<deeper>';
  const below = { ...at, depth: at.depth + 1, above: [...at.above, value] };
  if (value instanceof Error) return errorFields(value, below);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `<${value.byteLength} bytes>`;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => visit(item, below));
  if (value instanceof Map)
    return members(
      [...value].map(([key, item]) => [String(key), item]),
      below,
    );
  if (value instanceof Set) return [...value].slice(0, MAX_ITEMS).map((item) => visit(item, below));
  return members(Object.entries(value), below);
}

function members(entries: readonly (readonly [string, unknown])[], at: Visit): Record<string, unknown> {
  return Object.fromEntries(
    entries.slice(0, MAX_ITEMS).map(([key, value]) => [loggableText(key, at.forDebug), member(key, value, at)]),
  );
}

function member(key: string, value: unknown, at: Visit): unknown {
  if (SECRET.test(key)) return value === undefined ? undefined : REDACTED;
  if (at.forDebug || !ENVIRONMENT.test(key)) return visit(value, at);
  if (typeof value !== 'object' || value === null) return value === undefined ? undefined : REDACTED;
  return hideValues(value, at);
}

/** `{ NAME: value }`, or Kubernetes' and Lambda's `[{ name, value }]` and `{ Variables: { NAME: value } }`. */
function hideValues(value: object, at: Visit): unknown {
  if (Array.isArray(value)) return `<${value.length} variables>`;
  const names = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    names.map(([name, inner]) => [
      loggableText(name, at.forDebug),
      ENVIRONMENT.test(name) && typeof inner === 'object' && inner !== null ? hideValues(inner, at) : REDACTED,
    ]),
  );
}

/** Of an error only what is known to help: SDK errors carry whole requests and answers along. */
function errorFields(error: Error, at: Visit): Record<string, unknown> {
  const fault = error instanceof PipelineError ? faultOf(error) : undefined;
  return {
    type: error.name,
    message: loggableText(error.message, at.forDebug),
    ...(fault !== undefined && { class: fault.class, reason: fault.reason, operation: fault.operation }),
    ...codeAndRequestId(error, fault),
    stack: loggableText(error.stack ?? '', at.forDebug),
    ...(error.cause !== undefined && { cause: visit(error.cause, at) }),
    ...(error instanceof AggregateError && { errors: visit(error.errors, at) }),
  };
}

function codeAndRequestId(
  error: Error & { readonly code?: unknown; readonly $metadata?: { readonly requestId?: unknown } },
  fault: { readonly code?: string; readonly requestId?: string } | undefined,
): Record<string, unknown> {
  const code = fault?.code ?? error.code;
  const requestId = fault?.requestId ?? error.$metadata?.requestId;
  return {
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(typeof requestId === 'string' && { awsRequestId: requestId }),
  };
}
