import type { Clock } from '../../src/core/ports.ts';
import { createFaults, type FaultControls } from '../../src/sandbox/faults.ts';
import type { FaultOutcome } from '../../src/sandbox/service.ts';

/** Trouble for one call, counted among the calls of its operation, the first being 1. */
export type CallFault = {
  readonly operation: string;
  readonly occurrence: number;
  readonly when: 'before' | 'after';
  readonly how: 'drop' | 'denied';
  /** `once`: a repetition gets through. `for good`: this call and all later ones of the operation are hit. */
  readonly lasting: 'once' | 'for good';
};

export type CallFaults = FaultControls & {
  /** Counting starts here. */
  readonly strike: (fault: CallFault) => void;
  readonly struck: () => boolean;
  readonly heal: () => void;
};

/** The sandbox's faults, and one more that hits exactly the nth call of an operation. */
export function callFaults(clock: Pick<Clock, 'sleep' | 'now'>): CallFaults {
  const inner = createFaults(clock);
  let fault: CallFault | undefined;
  let seen = 0;
  let hits = 0;

  const hit = (operation: string, when: 'before' | 'after'): FaultOutcome | undefined => {
    if (fault === undefined || fault.operation !== operation) return undefined;
    // Counted once a call, on its way in.
    if (when === 'before') seen += 1;
    if (fault.when !== when || seen < fault.occurrence) return undefined;
    if (fault.lasting === 'once' && hits > 0) return undefined;
    hits += 1;
    if (fault.how === 'drop') return { kind: 'drop' };
    return { kind: 'error', status: 403, code: 'AccessDenied', message: 'Injected: not allowed' };
  };

  return {
    ...inner,
    before: async (operation, call) => hit(operation, 'before') ?? (await inner.before(operation, call)),
    after: async (operation, call, answered) =>
      hit(operation, 'after') ?? (await inner.after(operation, call, answered)),
    strike: (wanted) => {
      fault = wanted;
      seen = 0;
      hits = 0;
    },
    struck: () => hits > 0,
    heal: () => {
      fault = undefined;
    },
  };
}
