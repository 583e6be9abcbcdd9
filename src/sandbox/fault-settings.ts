import type { Duration } from './random.ts';
import type { PropagatingKind } from './service.ts';

/** Trouble for the calls of an operation; with `probability` and `seed` it strikes the same ones in every run. */
export type FaultRule = {
  /** `s3:PutBucketPolicy`, or a pattern with `*` such as `iam:*`. */
  readonly operation: string;
  /**
   * - `latency`: the answer takes `duration` longer.
   * - `throttle`: the refusal with which this service asks to slow down.
   * - `error`: `error` instead of the answer; `when: 'after'` has the effect all the same.
   * - `lose`: the connection is closed; `when: 'after'` has the effect, so the caller cannot know.
   * - `stale`: a read is answered as the same read was before, at most `staleMs` ago.
   */
  readonly kind: 'latency' | 'throttle' | 'error' | 'lose' | 'stale';
  readonly duration?: Duration;
  readonly error?: { readonly status: number; readonly code: string; readonly message: string };
  readonly when?: 'before' | 'after';
  readonly staleMs?: number;
  /** 0 to 1; default 1. */
  readonly probability?: number;
  /** How often it strikes at most; default always. */
  readonly times?: number;
};

/** All trouble at once, as JSON: what `/_sandbox/faults` shows and takes. */
export type FaultSettings = {
  readonly seed: number;
  /** Until other services see a change. */
  readonly propagationMs: Readonly<Record<PropagatingKind, number>>;
  readonly createsAppend: boolean;
  readonly sesCallsPerSecond: number | null;
  readonly rules: readonly FaultRule[];
};

export const NO_FAULTS: FaultSettings = {
  seed: 1,
  propagationMs: { role: 0, policy: 0, permission: 0 },
  createsAppend: false,
  sesCallsPerSecond: null,
  rules: [],
};

const PROPAGATING: readonly PropagatingKind[] = ['role', 'policy', 'permission'];

/** A document that cannot be read; the message names the member and says what it takes. */
export class FaultSettingsError extends Error {
  override readonly name = 'FaultSettingsError';

  constructor(what: string) {
    super(`Fault settings: ${what}`);
  }
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads settings; what is left out is off.
 *
 * @throws FaultSettingsError
 */
export function readFaultSettings(value: unknown): FaultSettings {
  const raw = structure(value, 'the document', Object.keys(NO_FAULTS));
  const { seed = 1, createsAppend = false, sesCallsPerSecond = null, rules = [] } = raw;
  if (typeof createsAppend !== 'boolean') throw wrong('createsAppend', 'true or false');
  if (!Array.isArray(rules)) throw wrong('rules', 'a list');
  return {
    seed: number(seed, 'seed', 0),
    propagationMs: propagationOf(raw['propagationMs'] ?? 0),
    createsAppend,
    sesCallsPerSecond: sesCallsPerSecond === null ? null : number(sesCallsPerSecond, 'sesCallsPerSecond', 0.01),
    rules: rules.map((rule: unknown, index) => ruleOf(rule, `rules[${index}]`)),
  };
}

function propagationOf(value: unknown): FaultSettings['propagationMs'] {
  if (typeof value === 'number') {
    const ms = number(value, 'propagationMs', 0);
    return { role: ms, policy: ms, permission: ms };
  }
  const raw = structure(value, 'propagationMs', PROPAGATING);
  const of = (kind: PropagatingKind): number => number(raw[kind] ?? 0, `propagationMs.${kind}`, 0);
  return { role: of('role'), policy: of('policy'), permission: of('permission') };
}

const KINDS = ['latency', 'throttle', 'error', 'lose', 'stale'] as const;
const MEMBERS = ['operation', 'kind', 'duration', 'error', 'when', 'staleMs', 'probability', 'times'];

function ruleOf(value: unknown, at: string): FaultRule {
  const raw = structure(value, at, MEMBERS);
  const { operation, when, probability, times, staleMs } = raw;
  const kind = KINDS.find((each) => each === raw['kind']);
  if (typeof operation !== 'string' || !operation.includes(':')) {
    throw wrong(`${at}.operation`, 'an operation such as s3:PutObject, or a pattern such as iam:*');
  }
  if (kind === undefined) throw wrong(`${at}.kind`, `one of ${KINDS.join(', ')}`);
  if (when !== undefined && when !== 'before' && when !== 'after') throw wrong(`${at}.when`, 'before or after');
  if (kind === 'latency' && raw['duration'] === undefined) throw wrong(`${at}.duration`, DURATION);
  if (kind === 'error' && raw['error'] === undefined) throw wrong(`${at}.error`, ERROR);
  return {
    operation,
    kind,
    ...(raw['duration'] === undefined ? {} : { duration: durationOf(raw['duration'], `${at}.duration`) }),
    ...(raw['error'] === undefined ? {} : { error: errorOf(raw['error'], `${at}.error`) }),
    ...(when === undefined ? {} : { when }),
    ...(staleMs === undefined ? {} : { staleMs: number(staleMs, `${at}.staleMs`, 0) }),
    ...(probability === undefined ? {} : { probability: number(probability, `${at}.probability`, 0, 1) }),
    ...(times === undefined ? {} : { times: number(times, `${at}.times`, 0) }),
  };
}

const DURATION = 'milliseconds, { minMs, maxMs } or { medianMs, p99Ms }';
const ERROR = '{ status, code, message }';

function durationOf(value: unknown, at: string): Duration {
  if (typeof value === 'number') return number(value, at, 0);
  const raw = structure(value, at, ['minMs', 'maxMs', 'medianMs', 'p99Ms']);
  if ('minMs' in raw) {
    const minMs = number(raw['minMs'], `${at}.minMs`, 0);
    return { minMs, maxMs: number(raw['maxMs'], `${at}.maxMs`, minMs) };
  }
  if (!('medianMs' in raw)) throw wrong(at, DURATION);
  const medianMs = number(raw['medianMs'], `${at}.medianMs`, 0);
  return { medianMs, p99Ms: number(raw['p99Ms'], `${at}.p99Ms`, medianMs) };
}

function errorOf(value: unknown, at: string): NonNullable<FaultRule['error']> {
  const {
    status,
    code,
    message = 'Ordered by /_sandbox/faults.',
  } = structure(value, at, ['status', 'code', 'message']);
  if (typeof code !== 'string' || typeof message !== 'string') throw wrong(at, ERROR);
  return { status: number(status, `${at}.status`, 300, 599), code, message };
}

function structure(value: unknown, at: string, members: readonly string[]): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(at, `a structure of ${members.join(', ')}`);
  }
  const unknown = Object.keys(value).find((name) => !members.includes(name));
  if (unknown !== undefined) throw new FaultSettingsError(`${at} has no ${unknown}: it takes ${members.join(', ')}.`);
  return value as Json;
}

function number(value: unknown, at: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw wrong(at, most === Number.MAX_SAFE_INTEGER ? `a number from ${least}` : `a number from ${least} to ${most}`);
}

function wrong(at: string, wanted: string): FaultSettingsError {
  return new FaultSettingsError(`${at} takes ${wanted}.`);
}
