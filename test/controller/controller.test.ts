import { describe, expect, it } from 'vitest';
import { RECONCILE_REQUESTED_AT } from '../../src/core/annotations.ts';
import { createWorkQueue } from '../../src/controller/work-queue.ts';
import { PipelineError } from '../../src/core/fault.ts';
import { manualClock } from '../kubernetes/support/manual-clock.ts';
import { controlling, MINUTE_MS } from './support/controlling.ts';
import { KEY, resource } from './support/resource.ts';

describe('createController', () => {
  it('claims in one run, brings about in the next, and looks again at the drift interval', async () => {
    const world = controlling([resource({}, { claimed: false })]);

    await world.runs(2);
    expect(world.finished).toEqual([`${KEY} success noop`, `${KEY} requeue_after`]);
    expect(world.clock.sleeping()).toEqual([10 * MINUTE_MS]);

    await world.runs(3, 10 * MINUTE_MS);
    expect(world.finished.at(-1)).toBe(`${KEY} requeue_after noop`);
    expect(world.source.statuses).toHaveLength(1);
  });

  it('reports who waits for a person, and looks at them at the drift interval too', async () => {
    const world = controlling([resource({}, { manifest: undefined })]);

    await world.runs(1);

    expect(world.finished).toEqual([`${KEY} requeue_after noop stalled`]);
    expect(world.clock.sleeping()).toEqual([5 * MINUTE_MS]);
  });

  it('tells why each run is made', async () => {
    const world = controlling([resource()]);
    await world.runs(1);
    await world.runs(2, 10 * MINUTE_MS);
    world.source.change(KEY, 'dependency');
    await world.runs(3);
    world.source.before = (method) => {
      if (method === 'inputs') throw new Error('a bug of ours');
    };
    world.source.put(resource({}, { annotations: { [RECONCILE_REQUESTED_AT]: 'now' } }));
    await world.runs(4);
    world.source.before = () => undefined;
    await world.runs(5, MINUTE_MS);
    world.source.remove(KEY);
    await world.runs(6);

    expect(world.started).toEqual(
      ['start', 'resync', 'dependency', 'requested', 'retry', 'change'].map((trigger) => `${KEY} ${trigger}`),
    );
  });

  it('lets what is new overtake, at a start, what an earlier process has looked at', async () => {
    const looked = { status: { observedGeneration: 1, conditions: [] } };
    const old = ['mail/a', 'mail/b'].map((key) => resource({}, { key, ...looked }));
    const edited = resource({}, { key: 'mail/edited', ...looked, generation: 2 });
    const world = controlling([...old, edited, resource({}, { key: 'mail/new' })], { concurrency: 1 });

    await world.runs(4);

    expect(world.started).toEqual(['mail/edited', 'mail/new', 'mail/a', 'mail/b'].map((key) => `${key} start`));
  });

  it('spreads the first drift checks after a start over the interval, and keeps them apart', async () => {
    const randoms = Array.from({ length: 20 }, (_, index) => index / 20);
    const clock = manualClock(() => randoms.shift() ?? 0.5);
    const many = Array.from({ length: 20 }, (_, index) => resource({}, { key: `mail/p${index}`, manifest: undefined }));
    const world = controlling(many, { clock, queue: createWorkQueue({ clock, minRetryMs: 1, maxRetryMs: 1 }) });

    await expect.poll(() => world.finished.length).toBe(20);

    expect(clock.sleeping()).toEqual(many.map((_, index) => ((index + 1) * 10 * MINUTE_MS) / 20));
    await clock.advance(10 * MINUTE_MS);
    expect(world.finished).toHaveLength(40);
    expect(new Set(clock.sleeping()).size).toBe(20);
  });

  it('comes back with growing delays while a fault lasts, and starts short again after it', async () => {
    const world = controlling([resource()]);
    const away = { class: 'transient', reason: 'AwsUnavailable', message: 'away' } as const;
    world.aws.before = (call) => (call.startsWith('identity.') ? away : undefined);
    const delays: number[] = [];

    for (let run = 1; run <= 3; run += 1) {
      await world.runs(run, MINUTE_MS);
      delays.push(...world.clock.sleeping());
    }
    expect(delays).toEqual([500, 1_000, 2_000]);

    world.aws.before = () => undefined;
    await world.runs(4, MINUTE_MS);
    expect(world.clock.sleeping()).toEqual([10 * MINUTE_MS]);

    world.aws.before = (call) => (call.startsWith('identity.') ? away : undefined);
    await world.runs(5, 10 * MINUTE_MS);
    expect(world.clock.sleeping()).toEqual([500]);
  });

  it.each(['get', 'inputs', 'writeStatus'])(
    'keeps going when %s of the source throws on one pipeline, and tries that one again',
    async (method) => {
      const bug = new Error('a bug of ours');
      const world = controlling([resource({}, { key: 'mail/broken' }), resource()], { concurrency: 1 });
      world.source.before = (called, key) => {
        if (called === method && key === 'mail/broken') throw bug;
      };

      await world.runs(2);
      expect(world.finished).toContain(`${KEY} requeue_after`);
      expect(world.panicked).toEqual(method === 'inputs' ? [] : [bug]);

      world.source.before = () => undefined;
      await world.runs(3, MINUTE_MS);
      expect(world.finished.at(-1)).toMatch(/^mail\/broken requeue_after/);
    },
  );

  it('makes a run again without a word when the resource has changed since it was read', async () => {
    const world = controlling([resource()]);
    world.source.before = (method) => {
      if (method === 'writeStatus')
        throw new PipelineError({ class: 'stale', reason: 'ChangedMeanwhile', message: 'it has changed' });
    };

    await world.runs(1);
    expect(world.finished).toEqual([`${KEY} requeue`]);
    expect(world.panicked).toEqual([]);
    expect(world.source.statuses).toEqual([]);

    world.source.before = () => undefined;
    await world.runs(2, MINUTE_MS);
    expect(world.finished).toEqual([`${KEY} requeue`, `${KEY} requeue_after noop`]);
  });

  it('counts a source that does not answer as an error, not as a bug', async () => {
    const world = controlling([resource()]);
    world.source.before = (method) => {
      if (method === 'writeStatus')
        throw new PipelineError({ class: 'transient', reason: 'KubernetesUnavailable', message: 'away' });
    };

    await world.runs(1);

    expect(world.finished).toEqual([`${KEY} error`]);
    expect(world.panicked).toEqual([]);
  });

  it('forgets a pipeline that is gone, and does not come back to it', async () => {
    const world = controlling([resource()]);
    await world.runs(1);

    world.source.remove(KEY);
    await world.runs(2);

    expect(world.gone).toEqual([KEY]);
    expect(world.finished.at(-1)).toBe(`${KEY} success noop`);
    expect(world.clock.sleeping()).toEqual([]);
  });

  it('takes down what is deleted, releases it, and counts that as no idle run', async () => {
    const world = controlling([resource()]);
    await world.runs(1);

    world.source.put(resource({}, { deleting: true }));
    await world.runs(3);

    expect(world.source.releases).toEqual([KEY]);
    expect(world.finished.slice(1)).toEqual([`${KEY} success`, `${KEY} success noop`]);
    expect(world.aws.functions.size).toBe(0);
  });

  it('finishes what is under way after the intake has ended, and takes nothing more', async () => {
    const world = controlling([resource()], { concurrency: 1 });
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    world.aws.before = (call) => {
      if (!call.startsWith('roles.create')) return undefined;
      reached.resolve();
      return held.promise;
    };
    await reached.promise;

    world.intake.abort();
    world.source.put(resource({}, { key: 'mail/late' }));
    held.resolve();
    await world.ended;

    expect(world.finished).toEqual([`${KEY} requeue_after`]);
    expect(world.aws.functions.size).toBe(1);
  });

  it('starts no further call once calls are aborted, and says what is still to do', async () => {
    const world = controlling([resource()]);
    const reached = Promise.withResolvers<void>();
    world.aws.before = (call) => {
      if (call.startsWith('roles.create')) {
        world.calls.abort();
        reached.resolve();
      }
      return undefined;
    };
    await reached.promise;
    await world.runs(1);

    expect(world.aws.functions.size).toBe(0);
    expect(world.finished).toEqual([`${KEY} requeue`]);
    expect(world.source.statuses[0]?.conditions[0]).toMatchObject({ type: 'Ready', status: 'Unknown' });
  });

  it('stops a run that takes too long, tells it, and tries again', async () => {
    const world = controlling([resource()], { reconcileTimeoutMs: 1 });
    world.aws.before = (call) => (call.startsWith('roles.create') ? timerPassed(5) : undefined);

    await expect.poll(() => world.finished.length).toBeGreaterThan(0);

    expect(world.timedOut).toEqual([KEY]);
    expect(world.finished).toEqual([`${KEY} requeue`]);
  });
});

/** A call that AWS answers only after the real timer of the run has passed. */
const timerPassed = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
