import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  conditionFaults,
  isFinal,
  nextConditions,
  type Phase,
  type StoredCondition,
} from '../../src/core/conditions.ts';
import type { Fault, FaultClass } from '../../src/core/fault.ts';
import type { Condition } from '../../src/core/status.ts';

const NOON = '2026-01-01T12:00:00Z';
const LATER = '2026-01-01T12:30:00Z';

const FINAL: Readonly<Record<FaultClass, boolean>> = {
  conflict: true,
  denied: true,
  invalid: true,
  'delete-blocked': true,
  throttled: false,
  transient: false,
  propagating: false,
  pending: false,
  stale: false,
  dependency: false,
  bug: false,
};
const CLASSES = Object.keys(FINAL) as FaultClass[];

const fault = (over: Partial<Fault> = {}): Fault => ({
  class: 'transient',
  reason: 'AwsUnavailable',
  message: 'AWS is away',
  ...over,
});
const PART: Condition = { type: 'BucketReady', status: 'True', reason: 'Succeeded', message: 'The bucket is there' };

function next(phase: Phase, previous: readonly StoredCondition[] = [], now = NOON, parts = [PART]) {
  return nextConditions(phase, parts, previous, { now, generation: 3 });
}

const shown = (conditions: readonly StoredCondition[]) =>
  conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

describe('nextConditions', () => {
  it.each<{ name: string; phase: Phase; summary: string[] }>([
    { name: 'settled', phase: { kind: 'settled' }, summary: ['Ready=True Succeeded'] },
    {
      name: 'working',
      phase: { kind: 'working', message: 'Still to do: create function' },
      summary: ['Ready=Unknown Progressing', 'Reconciling=True Progressing'],
    },
    {
      name: 'retrying',
      phase: { kind: 'retrying', fault: fault() },
      summary: ['Ready=False AwsUnavailable', 'Reconciling=True ProgressingWithRetry'],
    },
    {
      name: 'stalled',
      phase: { kind: 'stalled', fault: fault({ class: 'denied', reason: 'AccessDenied' }) },
      summary: ['Ready=False AccessDenied', 'Stalled=True AccessDenied'],
    },
    {
      name: 'deleting',
      phase: { kind: 'deleting', fault: undefined },
      summary: ['Ready=False Deleting', 'Reconciling=True Deleting'],
    },
    {
      name: 'deleting, with trouble that passes',
      phase: { kind: 'deleting', fault: fault() },
      summary: ['Ready=False AwsUnavailable', 'Reconciling=True Deleting'],
    },
    {
      name: 'deleting, held back',
      phase: { kind: 'deleting', fault: fault({ class: 'delete-blocked', reason: 'DeletionBlocked' }) },
      summary: ['Ready=False DeletionBlocked', 'Stalled=True DeletionBlocked'],
    },
  ])('says $name by $summary, then the parts', ({ phase, summary }) => {
    const conditions = next(phase);

    expect(shown(conditions)).toEqual([...summary, 'BucketReady=True Succeeded']);
    expect(conditionFaults(conditions)).toEqual([]);
  });

  it('leaves the summary of the parts out: a phase says more', () => {
    const ready: Condition = { type: 'Ready', status: 'True', reason: 'Succeeded', message: 'all is well' };

    expect(shown(next({ kind: 'retrying', fault: fault() }, [], NOON, [ready, PART]))).toEqual([
      'Ready=False AwsUnavailable',
      'Reconciling=True ProgressingWithRetry',
      'BucketReady=True Succeeded',
    ]);
  });

  it('carries the generation that was looked at', () => {
    expect(next({ kind: 'settled' }).map(({ observedGeneration }) => observedGeneration)).toEqual([3, 3]);
  });

  it('moves the time of a condition only when its status changes', () => {
    const before = next({ kind: 'retrying', fault: fault() });

    const same = next({ kind: 'retrying', fault: fault({ reason: 'Throttled', message: 'slow down' }) }, before, LATER);
    const well = next({ kind: 'settled' }, before, LATER);

    expect(same.map(({ lastTransitionTime }) => lastTransitionTime)).toEqual([NOON, NOON, NOON]);
    expect(same[0]).toMatchObject({ reason: 'Throttled', message: 'slow down' });
    expect(well.map(({ type, lastTransitionTime }) => `${type} ${lastTransitionTime}`)).toEqual([
      `Ready ${LATER}`,
      `BucketReady ${NOON}`,
    ]);
  });

  it('cuts a message at 1024 characters, and marks the cut', () => {
    const cut = next({ kind: 'retrying', fault: fault({ message: 'x'.repeat(1025) }) })[0]?.message;
    const whole = next({ kind: 'retrying', fault: fault({ message: 'x'.repeat(1024) }) })[0]?.message;

    expect(cut).toBe(`${'x'.repeat(1023)}…`);
    expect(whole).toBe('x'.repeat(1024));
  });

  it('writes legal conditions after any two phases, and the same again changes nothing', () => {
    const anyFault = fc.record({
      class: fc.constantFrom(...CLASSES),
      reason: fc.constantFrom('AccessDenied', 'Throttled', 'DeletionBlocked'),
      message: fc.string({ maxLength: 3000 }),
    }) satisfies fc.Arbitrary<Fault>;
    const anyPhase: fc.Arbitrary<Phase> = fc.oneof(
      fc.constant<Phase>({ kind: 'settled' }),
      fc.string({ maxLength: 3000 }).map((message): Phase => ({ kind: 'working', message })),
      anyFault.map((each): Phase => ({ kind: 'retrying', fault: each })),
      anyFault.map((each): Phase => ({ kind: 'stalled', fault: each })),
      fc.option(anyFault, { nil: undefined }).map((each): Phase => ({ kind: 'deleting', fault: each })),
    );
    fc.assert(
      fc.property(anyPhase, anyPhase, (first, second) => {
        const before = next(first);
        const after = next(second, before, LATER);
        expect(conditionFaults(before)).toEqual([]);
        expect(conditionFaults(after)).toEqual([]);
        expect(next(second, after, '2026-01-01T13:00:00Z')).toEqual(after);
      }),
    );
  });
});

describe('isFinal', () => {
  it.each(CLASSES)('%s', (faultClass) => {
    expect(isFinal(faultClass)).toBe(FINAL[faultClass]);
  });
});

describe('conditionFaults', () => {
  const condition = (
    type: string,
    status: StoredCondition['status'] = 'True',
    over: Partial<StoredCondition> = {},
  ) => ({
    type,
    status,
    reason: 'Succeeded',
    message: 'well',
    lastTransitionTime: NOON,
    observedGeneration: 1,
    ...over,
  });
  const ready = condition('Ready');
  const unready = condition('Ready', 'False');
  const reconciling = condition('Reconciling');
  const stalled = condition('Stalled');

  it.each([
    { name: 'Ready', conditions: [ready] },
    { name: 'not Ready but Reconciling', conditions: [unready, reconciling] },
    { name: 'not Ready and Stalled', conditions: [unready, stalled] },
  ])('finds nothing in $name', ({ conditions }) => {
    expect(conditionFaults(conditions)).toEqual([]);
  });

  it.each([
    { conditions: [ready, ready], found: ['a type stands twice'] },
    { conditions: [reconciling], found: ['Ready is missing'] },
    {
      conditions: [unready, condition('Reconciling', 'False')],
      found: ['Reconciling is there without being True'],
    },
    { conditions: [unready, condition('Stalled', 'Unknown')], found: ['Stalled is there without being True'] },
    { conditions: [unready, reconciling, stalled], found: ['Reconciling and Stalled stand side by side'] },
    { conditions: [ready, reconciling], found: ['Ready beside Reconciling or Stalled'] },
    { conditions: [ready, stalled], found: ['Ready beside Reconciling or Stalled'] },
    { conditions: [unready], found: ['not Ready and nothing says why'] },
    {
      conditions: [condition('Ready', 'True', { reason: 'not camel' })],
      found: ['Ready: reason not camel is not in the list'],
    },
    {
      conditions: [condition('Ready', 'True', { message: 'x'.repeat(1025) })],
      found: ['Ready: the message is too long'],
    },
    {
      conditions: [condition('Ready', 'True', { message: 'request 0a1b2c3d-1111-2222-3333-444444444444 failed' })],
      found: ['Ready: the message has a request id in it'],
    },
  ])('finds: $found', ({ conditions, found }) => {
    expect(conditionFaults(conditions)).toEqual(found);
  });
});
