import { createFaultRules, operationMatches, type FaultRules } from './fault-rules.ts';
import { NO_FAULTS, type FaultSettings } from './fault-settings.ts';
import type { CallRecord, Clock, FaultOutcome, Faults } from './service.ts';

/** Trouble ordered for the next calls of an operation. */
type Failure = {
  /** `s3:PutBucketPolicy`, or a pattern with `*` such as `iam:*`. */
  readonly operation: string;
  /** How many calls are hit; default 1. */
  readonly times?: number;
  /** `before`: nothing has happened yet. `after`: the effect is there, only the answer is wrong. Default `before`. */
  readonly when?: 'before' | 'after';
  /** `drop` closes the connection without an answer. */
  readonly error: { readonly status: number; readonly code: string; readonly message: string } | 'drop';
};

/** What a test or a person can switch on. */
export type FaultControls = Faults & {
  /** Replaces all settings and begins their chances anew; failures ordered by `failNext` stay. */
  readonly configure: (settings: FaultSettings) => void;
  readonly settings: () => FaultSettings;
  readonly failNext: (failure: Failure) => void;
  /** Failures ordered and not yet struck. */
  readonly pendingFailures: () => number;
  /** Every ordered failure, delay and mode off; the call journal stays. */
  readonly reset: () => void;
  /** Of roles, policies and permissions alike. */
  readonly setPropagationMs: (ms: number) => void;
  readonly setCreatesAppend: (appends: boolean) => void;
  readonly setSesCallsPerSecond: (calls: number | undefined) => void;
  /** Delay ahead of every call of an operation (pattern as in `failNext`); the last match wins, 0 ends it. */
  readonly setLatency: (latency: { readonly operation: string; readonly ms: number }) => void;
  /** Every AWS call so far, in order of arrival of the answer. */
  readonly calls: () => readonly CallRecord[];
  readonly clearCalls: () => void;
  /** Called at each recorded call; the returned function ends it. */
  readonly onCall: (listener: (call: CallRecord) => void) => () => void;
};

// A sandbox may run for days: the journal keeps the latest calls.
const MAX_CALLS = 10_000;

/** No trouble at all until a control is used. */
export function createFaults(clock: Pick<Clock, 'sleep' | 'now'>, initial: FaultSettings = NO_FAULTS): FaultControls {
  const failures: (Required<Failure> & { left: number })[] = [];
  const latencies: { operation: string; ms: number }[] = [];
  const listeners = new Set<(call: CallRecord) => void>();
  const calls: CallRecord[] = [];
  let settings = initial;
  let rules: FaultRules = createFaultRules(settings.rules, settings.seed, clock);
  const configure = (next: FaultSettings): void => {
    settings = next;
    rules = createFaultRules(next.rules, next.seed, clock);
  };

  const strike = (operation: string, when: 'before' | 'after'): FaultOutcome | undefined => {
    const failure = failures.find((each) => each.when === when && operationMatches(each.operation, operation));
    if (failure === undefined) return undefined;
    failure.left -= 1;
    if (failure.left <= 0) failures.splice(failures.indexOf(failure), 1);
    return failure.error === 'drop' ? { kind: 'drop' } : { kind: 'error', ...failure.error };
  };

  return {
    before: async (operation, call) => {
      const latency = latencies.findLast((each) => operationMatches(each.operation, operation));
      if (latency !== undefined && latency.ms > 0) await clock.sleep(latency.ms);
      return strike(operation, 'before') ?? rules.before(operation, call);
    },
    // Both are asked: a rule that reads stale wants to see every answer.
    after: async (operation, call, answered) => {
      const byRule = rules.after(operation, call, answered);
      return strike(operation, 'after') ?? byRule;
    },
    propagationMs: (kind) => settings.propagationMs[kind],
    createsAppend: () => settings.createsAppend,
    sesCallsPerSecond: () => settings.sesCallsPerSecond ?? undefined,
    configure,
    settings: () => settings,
    record: (call) => {
      calls.push(call);
      if (calls.length > MAX_CALLS) calls.shift();
      for (const listener of listeners) listener(call);
    },
    failNext: ({ operation, times = 1, when = 'before', error }) => {
      if (times > 0) failures.push({ operation, times, when, error, left: times });
    },
    pendingFailures: () => failures.reduce((sum, { left }) => sum + left, 0),
    reset: () => {
      failures.length = 0;
      latencies.length = 0;
      configure(NO_FAULTS);
    },
    setPropagationMs: (ms) => {
      settings = { ...settings, propagationMs: { role: ms, policy: ms, permission: ms } };
    },
    setCreatesAppend: (createsAppend) => {
      settings = { ...settings, createsAppend };
    },
    setSesCallsPerSecond: (calls) => {
      settings = { ...settings, sesCallsPerSecond: calls ?? null };
    },
    setLatency: (latency) => latencies.push(latency),
    calls: () => [...calls],
    clearCalls: () => (calls.length = 0),
    onCall: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
