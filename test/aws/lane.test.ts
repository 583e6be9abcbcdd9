import { describe, expect, it } from 'vitest';
import { createLane } from '../../src/aws/lane.ts';
import { PipelineError } from '../../src/core/fault.ts';
import { faultFrom } from './support/ports.ts';
import { virtualClock } from './support/virtual-clock.ts';

const throttled = () =>
  new PipelineError({ class: 'throttled', reason: 'Throttled', code: 'Throttling', message: 'slower' });
const refused = () => new PipelineError({ class: 'invalid', reason: 'InvalidSpec', message: 'no' });

/** A lane whose calls take `durationMs` and note when they started. */
function laneOf({ durationMs = 0, callsPerSecond = 1 } = {}) {
  const clock = virtualClock(0);
  const waits: number[] = [];
  const lane = createLane({ clock, callsPerSecond, onWaited: (waitMs) => waits.push(waitMs) });
  const starts: [name: string, atMs: number][] = [];
  const call =
    (name: string, ...failures: Error[]) =>
    async (): Promise<string> => {
      starts.push([name, clock.now()]);
      await clock.sleep(durationMs);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return name;
    };
  return { clock, lane, call, starts, waits };
}

describe('createLane', () => {
  it('tells how long each call waited for its turn, and a repeated one once', async () => {
    const { lane, call, waits } = laneOf();

    await Promise.all([lane.run(call('a', throttled())), lane.run(call('b'))]);

    expect(waits).toEqual([0, 3_000]);
  });

  it('repeats a read whose answer was lost, and no write', async () => {
    const lost = () => new PipelineError({ class: 'transient', reason: 'AwsUnavailable', message: 'lost' });
    const { lane, call, starts } = laneOf();

    expect(await lane.run(call('read', lost(), lost()), 'set')).toBe('read');
    expect(await faultFrom(lane.run(call('write', lost())))).toMatchObject({ class: 'transient' });
    expect(starts.map(([name]) => name)).toEqual(['read', 'read', 'read', 'write']);
  });

  it('sends the first call at once and the others a second apart, in order', async () => {
    const { lane, call, starts } = laneOf();

    await Promise.all([lane.run(call('a')), lane.run(call('b')), lane.run(call('c'))]);

    expect(starts).toEqual([
      ['a', 0],
      ['b', 1_000],
      ['c', 2_000],
    ]);
  });

  it('counts the second from the answer, since the request may have arrived as late as that', async () => {
    const { lane, call, starts } = laneOf({ durationMs: 80 });

    await Promise.all([lane.run(call('a')), lane.run(call('b'))]);

    expect(starts).toEqual([
      ['a', 0],
      ['b', 1_080],
    ]);
  });

  it('does not wait for a slow server beyond the time a request takes to arrive', async () => {
    const { lane, call, starts } = laneOf({ durationMs: 1_200 });

    await Promise.all([lane.run(call('a')), lane.run(call('b'))]);

    expect(starts).toEqual([
      ['a', 0],
      ['b', 1_500],
    ]);
  });

  it('paces at the rate given', async () => {
    const { lane, call, starts } = laneOf({ callsPerSecond: 0.25 });

    await Promise.all([lane.run(call('a')), lane.run(call('b'))]);

    expect(starts).toEqual([
      ['a', 0],
      ['b', 4_000],
    ]);
  });

  it('sends a call at once when the lane has been idle', async () => {
    const { clock, lane, call, starts } = laneOf();

    await lane.run(call('a'));
    await clock.sleep(5_000);
    await lane.run(call('b'));

    expect(starts).toEqual([
      ['a', 0],
      ['b', 5_000],
    ]);
  });

  it('sends a throttled call again after 2, 4, 8 and 16 s, ahead of those behind it', async () => {
    const { lane, call, starts } = laneOf();

    const answers = Promise.all([
      lane.run(call('a', throttled(), throttled(), throttled(), throttled())),
      lane.run(call('b')),
    ]);

    await expect(answers).resolves.toEqual(['a', 'b']);
    expect(starts).toEqual([
      ['a', 0],
      ['a', 2_000],
      ['a', 6_000],
      ['a', 14_000],
      ['a', 30_000],
      ['b', 31_000],
    ]);
  });

  it('gives up a call that is throttled five times and goes on with the next', async () => {
    const { lane, call, starts } = laneOf();
    const failures = Array.from({ length: 5 }, throttled);

    const [a, b] = await Promise.allSettled([lane.run(call('a', ...failures)), lane.run(call('b'))]);

    expect(a).toMatchObject({ status: 'rejected', reason: { fault: { class: 'throttled' } } });
    expect(b).toEqual({ status: 'fulfilled', value: 'b' });
    expect(starts.filter(([name]) => name === 'a')).toHaveLength(5);
  });

  it('does not repeat any other failure, and paces behind it all the same', async () => {
    const { lane, call, starts } = laneOf();

    const [a] = await Promise.allSettled([lane.run(call('a', refused())), lane.run(call('b'))]);

    expect(a).toMatchObject({ status: 'rejected', reason: { fault: { class: 'invalid' } } });
    expect(starts).toEqual([
      ['a', 0],
      ['b', 1_000],
    ]);
  });

  it('answers waiting reads of the same thing with one call', async () => {
    const { lane, call, starts } = laneOf();

    const answers = await Promise.all([
      lane.run(call('write')),
      lane.run(call('read 1'), 'set'),
      lane.run(call('read 2'), 'set'),
      lane.run(call('read 3'), 'other set'),
    ]);

    expect(answers).toEqual(['write', 'read 1', 'read 1', 'read 3']);
    expect(starts.map(([name]) => name)).toEqual(['write', 'read 1', 'read 3']);
  });

  it('does not answer a read with one that is already under way', async () => {
    const { lane, starts, call } = laneOf();
    const second = Promise.withResolvers<string>();

    await lane.run(async () => {
      second.resolve(lane.run(call('second'), 'set'));
      return call('first')();
    }, 'set');

    await expect(second.promise).resolves.toBe('second');
    expect(starts.map(([name]) => name)).toEqual(['first', 'second']);
  });

  it('goes on when the clock is set back', async () => {
    const { clock, lane, call, starts } = laneOf();
    await clock.sleep(3_600_000);
    await lane.run(call('a'));
    clock.setBack(3_600_000);

    await lane.run(call('b'));

    expect(starts).toEqual([
      ['a', 3_600_000],
      ['b', 0],
    ]);
  });

  it('rejects what still waits when it is closed, and sends nothing more', async () => {
    const { lane, call, starts } = laneOf();
    const first = Promise.withResolvers<string>();
    const calls = [lane.run(() => first.promise), lane.run(call('b')), lane.run(call('c'))];
    const settled = Promise.allSettled(calls);

    lane.close();
    first.resolve('a');

    const [, b, c] = await settled;
    expect(b).toMatchObject({ status: 'rejected', reason: { fault: { class: 'transient' } } });
    expect(c).toMatchObject({ status: 'rejected' });
    await expect(lane.run(call('d'))).rejects.toBeInstanceOf(PipelineError);
    expect(starts).toEqual([]);
  });

  it('sends nothing after it was closed during a back-off', async () => {
    const { call, starts, clock } = laneOf();
    const asleep = Promise.withResolvers<void>();
    const sleep = (_ms: number, signal?: AbortSignal): Promise<void> => {
      asleep.resolve();
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    };
    // Passes by itself, so that only the closing can keep the call from being sent again.
    const later = { ...clock, now: () => (starts.length === 0 ? 0 : 60_000), sleep };
    const lane = createLane({ clock: later, callsPerSecond: 1 });
    const fault = faultFrom(lane.run(call('a', throttled())));

    await asleep.promise;
    lane.close();

    expect(await fault).toMatchObject({ class: 'transient' });
    expect(starts).toHaveLength(1);
  });
});
