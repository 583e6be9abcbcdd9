import { describe, expect, it } from 'vitest';
import { createWorkQueue, type WorkQueue, type WorkQueueOptions } from '../../src/controller/work-queue.ts';
import { manualClock, settled } from '../kubernetes/support/manual-clock.ts';

describe('createWorkQueue', () => {
  it('hands out a burst of one key once', async () => {
    const { queue } = start();

    for (let each = 0; each < 5; each += 1) queue.add('a', 'change');

    expect(await next(queue)).toBe('a');
    expect(queue.stats().depth).toEqual({ change: 0, resync: 0 });
  });

  it('gives a waiting worker the key as soon as it comes', async () => {
    const { queue } = start();
    const waiting = next(queue);

    queue.add('a', 'resync');

    expect(await waiting).toBe('a');
  });

  it('runs a key again when it was added during its run, and not before that has ended', async () => {
    const { queue } = start();
    queue.add('a', 'change');
    await next(queue);
    queue.add('a', 'change');
    const following = outcomeOf(next(queue));
    await settled();
    expect(following.settled).toBe(false);

    queue.done('a');

    await settled();
    expect(following.value).toBe('a');
  });

  it('lets a change overtake waiting resyncs', async () => {
    const { queue } = start();
    queue.add('old-1', 'resync');
    queue.add('old-2', 'resync');
    queue.add('new', 'change');

    expect(await take(queue, 3)).toEqual(['new', 'old-1', 'old-2']);
  });

  it('lifts a key that waits as a resync when it changes', async () => {
    const { queue } = start();
    queue.add('first', 'resync');
    queue.add('changed', 'resync');
    queue.add('changed', 'change');

    expect(await take(queue, 2)).toEqual(['changed', 'first']);
  });

  it('lets a resync wait for no more changes than allowed', async () => {
    const { queue } = start({ maxOvertakes: 2 });
    queue.add('resync', 'resync');
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key, 'change');

    expect(await take(queue, 5)).toEqual(['a', 'b', 'resync', 'c', 'd']);
  });

  it('gives old resyncs every other turn, so that they hold up no change either', async () => {
    const { queue, clock } = start({ maxOvertakes: 100, maxResyncWaitMs: 1_000 });
    for (const key of ['r1', 'r2', 'r3']) queue.add(key, 'resync');
    await clock.advance(1_000);
    for (const key of ['c1', 'c2', 'c3']) queue.add(key, 'change');

    expect(await take(queue, 6)).toEqual(['c1', 'r1', 'c2', 'r2', 'c3', 'r3']);
  });

  it('adds a delayed key when its time has come', async () => {
    const { queue, clock } = start();
    queue.addAfter('a', 500);
    const following = outcomeOf(next(queue));

    await clock.advance(499);
    expect(following.settled).toBe(false);
    await clock.advance(1);
    expect(following.value).toBe('a');
  });

  it('keeps the earlier of two delays of a key, whichever was asked for first', async () => {
    const { queue, clock } = start();
    queue.addAfter('a', 500);
    queue.addAfter('a', 900);
    queue.addAfter('b', 900);
    queue.addAfter('b', 400);

    await clock.advance(500);

    expect(queue.stats()).toMatchObject({ depth: { resync: 2 }, delayed: 0 });
    expect(await take(queue, 2)).toEqual(['b', 'a']);
  });

  it('drops the delay of a key that is added before', async () => {
    const { queue, clock } = start();
    queue.addAfter('a', 500);
    queue.add('a', 'change');
    await next(queue);
    queue.done('a');

    await clock.advance(500);

    expect(queue.stats()).toMatchObject({ depth: { change: 0, resync: 0 }, delayed: 0 });
  });

  it('doubles the delay of each retry up to the longest, and starts again after forget', async () => {
    const { queue, clock } = start({ minRetryMs: 1_000, maxRetryMs: 5_000 }, () => 0.999_999);
    const delays: number[] = [];
    const retry = (): void => {
      queue.addRateLimited('a');
      delays.push(Math.round(clock.sleeping()[0] ?? 0));
    };

    for (let each = 0; each < 4; each += 1) {
      retry();
      await clock.advance(5_000);
      await next(queue);
      queue.done('a');
    }
    queue.forget('a');
    retry();

    expect(delays).toEqual([1_000, 2_000, 4_000, 5_000, 1_000]);
  });

  it('spreads a retry over the whole delay', () => {
    const { queue, clock } = start({ minRetryMs: 1_000 }, () => 0.25);

    queue.addRateLimited('a');

    expect(clock.sleeping()).toEqual([250]);
  });

  it('retries in the lane of the run that failed', async () => {
    const { queue, clock } = start();
    queue.add('changed', 'change');
    queue.add('checked', 'resync');
    await take(queue, 2, { done: false });
    for (const key of ['changed', 'checked']) {
      queue.addRateLimited(key);
      queue.done(key);
    }

    await clock.advance(1_000);

    expect(queue.stats().depth).toEqual({ change: 1, resync: 1 });
  });

  it('rejects a get whose signal is aborted and gives its key to the next', async () => {
    const { queue } = start();
    const stopping = new AbortController();
    const stopped = next(queue, stopping.signal);
    const other = next(queue);

    stopping.abort(new Error('stopping'));
    queue.add('a', 'change');

    await expect(stopped).rejects.toThrow('stopping');
    expect(await other).toBe('a');
    await expect(next(queue, stopping.signal)).rejects.toThrow('stopping');
  });

  it('runs what is queued when it shuts down, and takes nothing more', async () => {
    const { queue, clock } = start();
    queue.add('a', 'change');
    queue.addAfter('later', 100);
    const down = outcomeOf(queue.shutDown());
    queue.add('b', 'change');
    queue.addAfter('b', 1);

    expect(await next(queue)).toBe('a');
    await clock.advance(1_000);
    expect(down.settled).toBe(false);
    queue.done('a');

    await settled();
    expect(down.settled).toBe(true);
    expect(await next(queue)).toBeUndefined();
  });

  it('waits only for what runs when it is told to drop the rest', async () => {
    const { queue } = start();
    queue.add('running', 'change');
    queue.add('queued', 'change');
    await next(queue);
    queue.add('running', 'change');
    const down = outcomeOf(queue.shutDown('drop'));

    expect(await next(queue)).toBeUndefined();
    expect(down.settled).toBe(false);
    queue.done('running');

    await settled();
    expect(down.settled).toBe(true);
  });

  it('wakes idle workers when it shuts down', async () => {
    const { queue } = start();
    const idle = next(queue);

    await queue.shutDown();

    expect(await idle).toBeUndefined();
  });

  describe('with groups', () => {
    const groupOf = (key: string) => (key.includes('/') ? key.slice(0, key.indexOf('/')) : undefined);

    it('hands out what waits of a group and a lane together', async () => {
      const { queue } = start({ groupOf });
      for (const key of ['west/a', 'east/a', 'west/b', 'alone']) queue.add(key, 'change');
      queue.add('west/c', 'resync');

      expect((await queue.get())?.keys).toEqual(['west/a', 'west/b']);
      expect((await queue.get())?.keys).toEqual(['east/a']);
      expect((await queue.get())?.keys).toEqual(['alone']);
    });

    it('keeps a group to one worker until the last of its keys is done', async () => {
      const { queue } = start({ groupOf });
      for (const key of ['west/a', 'west/b']) queue.add(key, 'change');
      await queue.get();
      queue.add('west/c', 'change');
      const waiting = outcomeOf(queue.get());

      queue.done('west/a');
      await settled();
      expect(waiting.settled).toBe(false);

      queue.done('west/b');
      await settled();
      expect(waiting.value?.keys).toEqual(['west/c']);
    });

    it('lets another group by while one is busy', async () => {
      const { queue } = start({ groupOf });
      queue.add('west/a', 'change');
      await queue.get();
      queue.add('west/b', 'change');
      queue.add('east/a', 'resync');

      expect((await queue.get())?.keys).toEqual(['east/a']);
    });

    it('hands out no more at once than allowed', async () => {
      const { queue } = start({ groupOf, mostAtOnce: 2 });
      for (const key of ['west/a', 'west/b', 'west/c']) queue.add(key, 'change');

      expect((await queue.get())?.keys).toEqual(['west/a', 'west/b']);
    });

    it('says when the last of a batch was asked for', async () => {
      const { queue, clock } = start({ groupOf });
      queue.add('west/a', 'change');
      await clock.advance(500);
      const askedAtMs = clock.now();
      queue.add('west/b', 'change');
      await clock.advance(500);

      expect((await queue.get())?.askedAtMs).toBe(askedAtMs);
    });
  });

  describe('with a resync that is asked to give way', () => {
    const groupOf = (key: string) => (key.includes('/') ? key.slice(0, key.indexOf('/')) : undefined);
    const maxResyncWaitMs = 60_000;

    it.each([
      { what: 'a change in its group comes', taken: 'west/a', added: 'west/b', lane: 'change', asked: true },
      { what: 'the key itself changes', taken: 'alone', added: 'alone', lane: 'change', asked: true },
      { what: 'a change elsewhere comes', taken: 'west/a', added: 'east/b', lane: 'change', asked: false },
      { what: 'another resync comes', taken: 'west/a', added: 'west/b', lane: 'resync', asked: false },
    ] as const)('when $what: $asked', async ({ taken, added, lane, asked }) => {
      const { queue } = start({ groupOf });
      queue.add(taken, 'resync');
      const batch = await queue.get();
      expect(batch?.giveWay.aborted).toBe(false);

      queue.add(added, lane);

      expect(batch?.giveWay.aborted).toBe(asked);
    });

    it('when a delayed change of its group comes due', async () => {
      const { queue, clock } = start({ groupOf });
      queue.addAfter('west/b', 500, 'change');
      queue.add('west/a', 'resync');
      const batch = await queue.get();

      await clock.advance(500);

      expect(batch?.giveWay.aborted).toBe(true);
    });

    it('asks no change to give way to another', async () => {
      const { queue } = start({ groupOf });
      queue.add('west/a', 'change');
      const batch = await queue.get();

      queue.add('west/b', 'change');

      expect(batch?.giveWay.aborted).toBe(false);
    });

    it('lets the change go first and the resync wait since it did before; having waited long, it gives way no more', async () => {
      const waits: number[] = [];
      const { queue, clock } = start({
        groupOf,
        maxResyncWaitMs,
        observer: { started: (lane, queuedMs) => void (lane === 'resync' && waits.push(queuedMs)) },
      });
      queue.add('west/a', 'resync');
      await next(queue);
      await clock.advance(maxResyncWaitMs);
      queue.add('west/b', 'change');
      queue.putBack('west/a');
      queue.done('west/a');
      expect(await next(queue)).toBe('west/b');
      queue.done('west/b');

      const batch = await queue.get();
      queue.add('west/b', 'change');

      expect(batch?.keys).toEqual(['west/a']);
      expect(batch?.giveWay.aborted).toBe(false);
      expect(waits).toEqual([0, maxResyncWaitMs]);
    });

    it('keeps what changed meanwhile in the lane of changes', async () => {
      const { queue } = start({ groupOf });
      queue.add('west/a', 'resync');
      await queue.get();
      queue.add('west/a', 'change');

      queue.putBack('west/a');
      queue.done('west/a');

      expect(await queue.get()).toMatchObject({ keys: ['west/a'], lane: 'change' });
    });

    it('refuses to put back what nobody got', () => {
      expect(() => start().queue.putBack('a')).toThrow("putBack('a') without get");
    });
  });

  it('refuses a done that nobody got', () => {
    const { queue } = start();

    expect(() => queue.done('a')).toThrow("done('a') without get");
  });

  it('tells its observer what happens and when', async () => {
    const told: unknown[] = [];
    const { queue, clock } = start({
      observer: {
        added: (lane) => told.push(['added', lane]),
        started: (lane, queuedMs) => told.push(['started', lane, queuedMs]),
        finished: (lane, workMs) => told.push(['finished', lane, workMs]),
        retried: (lane) => told.push(['retried', lane]),
      },
    });
    queue.add('a', 'resync');
    await clock.advance(30);
    await next(queue);
    await clock.advance(70);
    expect(queue.stats()).toMatchObject({ running: 1, longestRunningMs: 70, unfinishedWorkMs: 70 });
    queue.addRateLimited('a');
    queue.done('a');

    expect(told).toEqual([
      ['added', 'resync'],
      ['started', 'resync', 30],
      ['retried', 'resync'],
      ['finished', 'resync', 70],
    ]);
  });
});

function start(options: Partial<WorkQueueOptions<string>> = {}, random = () => 0.5) {
  const clock = manualClock(random);
  return { clock, queue: createWorkQueue<string>({ clock, minRetryMs: 1_000, maxRetryMs: 300_000, ...options }) };
}

/** One key, where no two belong together. */
const next = async (queue: WorkQueue<string>, signal?: AbortSignal) => (await queue.get(signal))?.keys[0];

async function take(
  queue: ReturnType<typeof start>['queue'],
  count: number,
  { done } = { done: true },
): Promise<readonly (string | undefined)[]> {
  const keys: (string | undefined)[] = [];
  for (let each = 0; each < count; each += 1) {
    const key = await next(queue);
    keys.push(key);
    if (done && key !== undefined) queue.done(key);
  }
  return keys;
}

function outcomeOf<T>(promise: Promise<T>): { settled: boolean; value: T | undefined } {
  const outcome: { settled: boolean; value: T | undefined } = { settled: false, value: undefined };
  void promise.then((value) => {
    outcome.settled = true;
    outcome.value = value;
  });
  return outcome;
}
