import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf, worstFault, type Outcome } from '../../src/controller/outcome.ts';
import type { Fault, FaultClass } from '../../src/core/fault.ts';

/** A record, so that a class that is added has to be added here. */
const OUTCOMES: Readonly<Record<FaultClass, Outcome>> = {
  throttled: { kind: 'retry' },
  transient: { kind: 'retry' },
  propagating: { kind: 'retry' },
  stale: { kind: 'retry' },
  bug: { kind: 'retry' },
  pending: { kind: 'after', delayMs: 4_000 },
  dependency: { kind: 'after', delayMs: 30_000 },
  'delete-blocked': { kind: 'after', delayMs: 60_000 },
  conflict: { kind: 'settled' },
  denied: { kind: 'settled' },
  invalid: { kind: 'settled' },
};
const CLASSES = Object.keys(OUTCOMES) as FaultClass[];

const fault = (faultClass: FaultClass): Fault => ({ class: faultClass, reason: 'InternalError', message: faultClass });

describe('outcomeOf', () => {
  it.each(CLASSES)('%s', (faultClass) => {
    expect(outcomeOf(fault(faultClass))).toEqual(OUTCOMES[faultClass]);
  });
});

describe('worstFault', () => {
  it.each([
    { among: ['throttled', 'denied', 'pending'], worst: 'denied' },
    { among: ['transient', 'invalid', 'conflict'], worst: 'conflict' },
    { among: ['throttled', 'transient'], worst: 'transient' },
    { among: ['dependency', 'delete-blocked'], worst: 'delete-blocked' },
    { among: ['denied', 'bug'], worst: 'bug' },
  ] as const)('of $among is $worst', ({ among, worst }) => {
    expect(worstFault(among.map(fault))?.class).toBe(worst);
  });

  it('puts what a person has to do before what passes by itself, whatever else there is', () => {
    const waits = (faultClass: FaultClass) => OUTCOMES[faultClass].kind === 'settled';
    fc.assert(
      fc.property(fc.subarray(CLASSES, { minLength: 1 }), (classes) => {
        const worst = worstFault(classes.map(fault))?.class;
        if (worst === 'bug') return;
        expect(worst !== undefined && waits(worst)).toBe(classes.some(waits));
      }),
    );
  });

  it('does not depend on the order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(CLASSES, { minLength: 1 }), (classes) => {
        expect(worstFault(classes.map(fault))).toEqual(worstFault(classes.toReversed().map(fault)));
      }),
    );
  });

  it('ranks every class: none is taken for the worst because it was forgotten', () => {
    const pairs = CLASSES.filter((each) => each !== 'bug').map(
      (each) => worstFault([fault(each), fault('bug')])?.class,
    );

    expect(new Set(pairs)).toEqual(new Set(['bug']));
  });

  it('of nothing is nothing', () => {
    expect(worstFault([])).toBeUndefined();
  });
});
