import type { Fault } from '../core/fault.ts';

/** What the queue does with a key next. */
export type Outcome =
  /** Looked at again at the drift interval. */
  | { readonly kind: 'settled' }
  /** Looked at again after `delayMs`. */
  | { readonly kind: 'after'; readonly delayMs: number }
  /** Looked at again with growing delays. */
  | { readonly kind: 'retry' }
  /** Stopped for something that cannot wait: looked at again as if the run had not begun. */
  | { readonly kind: 'gave way' }
  /** Not looked at again. */
  | { readonly kind: 'forget' }
  /** The source did not answer, or a bug of ours: looked at again with growing delays. */
  | { readonly kind: 'threw'; readonly error: unknown };

const SECOND = 1000;

/** The error table's last column: when to look again. Terminal faults are looked at too, since people fix things on AWS. */
export function outcomeOf(fault: Fault): Outcome {
  switch (fault.class) {
    case 'pending':
      return { kind: 'after', delayMs: 4 * SECOND };
    case 'dependency':
      return { kind: 'after', delayMs: 30 * SECOND };
    case 'throttled':
    case 'transient':
    case 'propagating':
    case 'stale':
    case 'bug':
      return { kind: 'retry' };
    case 'conflict':
    case 'denied':
    case 'invalid':
      return { kind: 'settled' };
    case 'delete-blocked':
      return { kind: 'after', delayMs: 60 * SECOND };
  }
}

/** The fault that says most about why a pipeline is not settled: what a person has to do comes first. */
export function worstFault(faults: readonly Fault[]): Fault | undefined {
  return [...faults].sort((a, b) => SEVERITY.indexOf(a.class) - SEVERITY.indexOf(b.class))[0];
}

const SEVERITY: readonly Fault['class'][] = [
  'bug',
  'denied',
  'conflict',
  'invalid',
  'delete-blocked',
  'dependency',
  'propagating',
  'pending',
  'stale',
  'transient',
  'throttled',
];
