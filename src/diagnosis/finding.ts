import type { ConditionReason } from '../core/reasons.ts';

/**
 * What was found out about one thing. `unknown`: it could not be looked at, which says nothing about it. `warn`: it
 * works, or nobody may have meant it to.
 */
export type Outcome = 'ok' | 'warn' | 'fail' | 'unknown';

/** One thing that was looked at, as people and programs read it. */
export type Finding<Check extends string = string> = {
  readonly check: Check;
  readonly outcome: Outcome;
  /** A region, a pipeline, a rule set. */
  readonly about?: string;
  /** Of the condition or fault behind it: see the page of reasons. */
  readonly reason?: ConditionReason;
  /** What is so, and why; a clause without a full stop. */
  readonly message: string;
  /** The next step, where there is one to take. */
  readonly todo?: string;
};

const WEIGHT: Readonly<Record<Outcome, number>> = { fail: 0, warn: 1, unknown: 2, ok: 3 };

/** What is worst comes first; what weighs alike stays as it was found. */
export const byOutcome = (a: Finding, b: Finding): number => WEIGHT[a.outcome] - WEIGHT[b.outcome];

export const hasFailed = (findings: readonly Finding[]): boolean => findings.some(({ outcome }) => outcome === 'fail');
