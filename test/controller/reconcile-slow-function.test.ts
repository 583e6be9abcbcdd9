import { describe, expect, it } from 'vitest';
import type { ObservedFunction } from '../../src/core/observed.ts';
import { ready, reconciling, SUMMARY, type Reconciling } from './support/reconciling.ts';
import { resource } from './support/resource.ts';

const LATER = { kind: 'after', delayMs: 4_000 };

/** Lambda says so of the one function that there is. */
function lambdaSays({ aws }: Reconciling, over: Partial<ObservedFunction>): void {
  for (const fn of aws.functions.values()) aws.functions.set(fn.name, { ...fn, ...over });
}

describe('a function that takes minutes to become active, as in a VPC', () => {
  it('holds no worker: the pipeline is looked at again until it is, and gets its rules then', async () => {
    const world = reconciling(resource());
    world.aws.after = (call) => {
      if (call.startsWith('functions.create ')) lambdaSays(world, { state: 'Pending' });
      return undefined;
    };

    const first = await world.next();
    expect(first.outcome).toEqual(LATER);
    expect(world.conditions(...SUMMARY, 'FunctionReady')).toEqual([
      'Ready=False FunctionUpdating',
      'Reconciling=True ProgressingWithRetry',
      'FunctionReady=False FunctionUpdating',
    ]);
    for (const _ of [1, 2, 3]) expect(await world.next()).toMatchObject({ outcome: LATER, writes: [], statuses: 0 });
    expect(Math.max(...world.aws.slept), 'milliseconds that a worker slept').toBeLessThanOrEqual(1);

    lambdaSays(world, { state: 'Active' });
    const last = await world.next();
    expect(last.outcome).toEqual({ kind: 'settled' });
    expect(last.writes).toEqual(expect.arrayContaining([expect.stringMatching(/^receiptRules\.create /)]));
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=True Succeeded']);
  });
});

describe('a function that is busy although nothing is to be written', () => {
  it('is looked at again soon: its last change may still fail', async () => {
    const world = await ready();
    lambdaSays(world, { lastUpdateStatus: 'InProgress' });

    expect(await world.next()).toMatchObject({ outcome: LATER, writes: [] });
    expect(world.conditions('Ready')).toEqual(['Ready=False FunctionUpdating']);

    lambdaSays(world, { lastUpdateStatus: 'Successful' });
    expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, writes: [] });
    expect(world.conditions('Ready')).toEqual(['Ready=True Succeeded']);
  });

  it('is left alone when it cannot be made ready, with the reason that Lambda gives', async () => {
    const world = await ready();
    lambdaSays(world, { lastUpdateStatus: 'Failed', lastUpdateReason: 'the subnet has no addresses left' });

    expect((await world.next()).outcome).toEqual({ kind: 'settled' });

    expect(world.conditions('Ready', 'Stalled')).toEqual(['Ready=False FunctionFailed', 'Stalled=True FunctionFailed']);
    expect(JSON.stringify(world.source.statuses.at(-1))).toContain('no addresses left');
  });
});
