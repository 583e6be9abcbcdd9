import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { createWorkQueue, type Lane, type WorkQueue } from '../../src/controller/work-queue.ts';
import { manualClock, type ManualClock } from '../kubernetes/support/manual-clock.ts';

const MAX_OVERTAKES = 2;
const MAX_RETRY_MS = 4_000;

/** A run that may start from `fromMs` on, and has to be there for the taking at `atMs`. */
type Wish = { readonly key: string; readonly fromMs: number; readonly atMs: number };

/** What was asked for and what has happened, with no notion of how. */
type Model = {
  readonly running: Set<string>;
  owed: readonly Wish[];
  /** Changes handed out since the resync that waits the longest came first. */
  overtaken: number;
};

type Real = { readonly queue: WorkQueue<string>; readonly clock: ManualClock };
type QueueCommand = fc.AsyncCommand<Model, Real, true>;

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const lanes = fc.constantFrom<Lane>('change', 'resync');

/** The run that starts now satisfies every wish for its key that was due by now, and every later one that it absorbed. */
async function takeOne(model: Model, real: Real): Promise<void> {
  const before = real.queue.stats();
  const idle = new AbortController();
  const got = real.queue.get(idle.signal).catch(() => undefined);
  idle.abort();
  const key = (await got)?.keys[0];
  const nowMs = real.clock.now();
  const idleWishes = model.owed.filter((wish) => !model.running.has(wish.key));
  if (key === undefined) {
    expect(idleWishes.filter(({ atMs }) => atMs <= nowMs)).toEqual([]);
    return;
  }
  expect(model.running.has(key)).toBe(false);
  expect(idleWishes.filter(({ fromMs }) => fromMs <= nowMs).map((wish) => wish.key)).toContain(key);
  const wasResync = real.queue.stats().depth.resync < before.depth.resync;
  model.overtaken = wasResync || before.depth.resync === 0 ? 0 : model.overtaken + 1;
  expect(model.overtaken).toBeLessThanOrEqual(MAX_OVERTAKES);
  model.running.add(key);
  model.owed = model.owed.filter((wish) => wish.key !== key);
}

const always = async (): Promise<boolean> => true;

function whileRunning(key: string): QueueCommand['check'] {
  return async (model) => model.running.has(key);
}

function add(key: string, lane: Lane): QueueCommand {
  return {
    check: always,
    run: async (model, { queue, clock }) => {
      queue.add(key, lane);
      const nowMs = clock.now();
      model.owed = [...model.owed, { key, fromMs: nowMs, atMs: nowMs }];
    },
    toString: () => `add(${key}, ${lane})`,
  };
}

function addAfter(key: string, delayMs: number, lane: Lane): QueueCommand {
  return {
    check: always,
    run: async (model, { queue, clock }) => {
      queue.addAfter(key, delayMs, lane);
      const atMs = clock.now() + delayMs;
      model.owed = [...model.owed, { key, fromMs: atMs, atMs }];
    },
    toString: () => `addAfter(${key}, ${delayMs}, ${lane})`,
  };
}

function retry(key: string): QueueCommand {
  return {
    check: whileRunning(key),
    run: async (model, { queue, clock }) => {
      queue.addRateLimited(key);
      const fromMs = clock.now();
      model.owed = [...model.owed, { key, fromMs, atMs: fromMs + MAX_RETRY_MS }];
      end(key, model, queue);
    },
    toString: () => `retry(${key})`,
  };
}

function succeed(key: string): QueueCommand {
  return {
    check: whileRunning(key),
    run: async (model, { queue }) => {
      queue.forget(key);
      end(key, model, queue);
    },
    toString: () => `succeed(${key})`,
  };
}

const TAKE: QueueCommand = { check: always, run: takeOne, toString: () => 'take' };

function wait(ms: number): QueueCommand {
  return { check: always, run: (_, { clock }) => clock.advance(ms), toString: () => `wait(${ms})` };
}

/** At the end everything that was asked for is run, and then nothing is left. */
const DRAIN: QueueCommand = {
  check: always,
  run: async (model, real) => {
    for (const key of model.running) end(key, model, real.queue);
    await real.clock.advance(10_000);
    while (model.owed.length > 0) {
      await takeOne(model, real);
      for (const key of model.running) end(key, model, real.queue);
    }
    expect(real.queue.stats()).toMatchObject({ depth: { change: 0, resync: 0 }, delayed: 0, running: 0 });
  },
  toString: () => 'drain',
};

function end(key: string, model: Model, queue: WorkQueue<string>): void {
  queue.done(key);
  model.running.delete(key);
}

it('loses nothing, runs no key twice at once and lets no resync starve, whatever happens', async () => {
  expect.hasAssertions();
  const commands = fc.commands<Model, Real, true>(
    [
      fc.tuple(keys, lanes).map(([key, lane]) => add(key, lane)),
      fc.tuple(keys, fc.nat(3_000), lanes).map(([key, delayMs, lane]) => addAfter(key, delayMs, lane)),
      keys.map(retry),
      keys.map(succeed),
      fc.constant(TAKE),
      fc.constant(TAKE),
      fc.nat(2_000).map(wait),
    ],
    { maxCommands: 80 },
  );

  await fc.assert(
    fc.asyncProperty(
      commands,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (steps, random) => {
        const clock = manualClock(() => random.next().value ?? 0);
        const queue = createWorkQueue<string>({
          clock,
          minRetryMs: 500,
          maxRetryMs: MAX_RETRY_MS,
          maxOvertakes: MAX_OVERTAKES,
        });
        const model: Model = { running: new Set(), owed: [], overtaken: 0 };
        const real: Real = { queue, clock };
        await fc.asyncModelRun(() => ({ model, real }), [...steps, DRAIN]);
      },
    ),
    { numRuns: 300 },
  );
});
