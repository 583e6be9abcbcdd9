import type { Clock } from '../core/ports.ts';
import { createLanes, type Lane } from './work-queue-lanes.ts';

export type { Lane } from './work-queue-lanes.ts';

/** What is told as it happens. Depths and running work are asked for: {@link WorkQueue.stats}. */
export type WorkQueueObserver = {
  /** A key has entered a lane: what only repeats a waiting key is not told. */
  readonly added?: (lane: Lane) => void;
  /** A key was handed out this long after it first became due. */
  readonly started?: (lane: Lane, queuedMs: number) => void;
  readonly finished?: (lane: Lane, workMs: number) => void;
  readonly retried?: (lane: Lane) => void;
};

export type WorkQueueStats = {
  readonly depth: Readonly<Record<Lane, number>>;
  readonly delayed: number;
  readonly running: number;
  readonly longestRunningMs: number;
  /** Sum over all that run now: grows while something hangs. */
  readonly unfinishedWorkMs: number;
};

export type WorkQueue<K extends string> = {
  /** Wants a run of `key` that starts after this moment. A change lifts a waiting resync of the same key. */
  readonly add: (key: K, lane: Lane) => void;
  /** Wants a run in `delayMs`, or earlier: a key waits in one place, and the earliest time wins. */
  readonly addAfter: (key: K, delayMs: number, lane?: Lane) => void;
  /** Like addAfter, after a delay that grows with every call since the last `forget`; in the lane of the run that failed. */
  readonly addRateLimited: (key: K) => void;
  /** The key is well: its next retry starts with the shortest delay again. */
  readonly forget: (key: K) => void;
  /**
   * The next key, with others of its lane and group that wait too; nobody else gets them, or any of the group, before
   * `done` was called for each. `undefined`: shut down. Rejects with the signal's reason.
   */
  readonly get: (signal?: AbortSignal) => Promise<Batch<K> | undefined>;
  /** Ends the run. What was added meanwhile is queued now. */
  readonly done: (key: K) => void;
  /** Its run has given way: once that is `done`, the key waits again, and has waited since it did before. */
  readonly putBack: (key: K) => void;
  /** Takes nothing more and drops what is delayed; resolves when the last run has ended. What is queued is still run, or dropped. */
  readonly shutDown: (queued?: 'run' | 'drop') => Promise<void>;
  readonly stats: () => WorkQueueStats;
};

/** Keys that are worked on together. */
export type Batch<K extends string> = {
  readonly keys: readonly [K, ...K[]];
  readonly lane: Lane;
  /** Milliseconds since 1970: when the last of them was asked for. */
  readonly askedAtMs: number;
  /**
   * Aborted: a change in the group of a resync waits, and need not until the resync has ended. Resyncs that have waited
   * for `maxResyncWaitMs` are not asked any more.
   */
  readonly giveWay: AbortSignal;
};

export type WorkQueueOptions<K extends string> = {
  readonly clock: Clock;
  readonly minRetryMs: number;
  readonly maxRetryMs: number;
  /** So many changes overtake a waiting resync, then it is its turn. */
  readonly maxOvertakes?: number;
  /** A resync that has waited so long takes every other turn, and gives way to nobody. */
  readonly maxResyncWaitMs?: number;
  readonly observer?: WorkQueueObserver;
  /** Keys of one group are worked on together and never beside each other. `undefined`: the key stands alone. */
  readonly groupOf?: (key: K) => string | undefined;
  /** Keys in a batch; default 16. */
  readonly mostAtOnce?: number;
};

type Run = {
  readonly lane: Lane;
  readonly sinceMs: number;
  readonly startedAtMs: number;
  readonly group: string | undefined;
  /** Undefined: it gives way to nobody. */
  readonly giveWay: AbortController | undefined;
};
type Delayed = { readonly dueAtMs: number; readonly lane: Lane; readonly cancel: () => void };
type Getter<K extends string> = { readonly resolve: (batch: Batch<K> | undefined) => void };

/**
 * The de-duplicating queue of client-go: a key never runs twice at once, a burst of adds becomes one run, and every add
 * is followed by a run that starts after it. Like controller-runtime's priority queue it keeps a key in one place, with
 * the earliest of its times and the more urgent of its lanes. Beyond both, keys of one group are handed out together.
 * @see https://pkg.go.dev/k8s.io/client-go/util/workqueue
 */
export function createWorkQueue<K extends string>(options: WorkQueueOptions<K>): WorkQueue<K> {
  const { clock, minRetryMs, maxRetryMs, maxOvertakes = 8, maxResyncWaitMs = 60_000, observer = {} } = options;
  const { groupOf = () => undefined, mostAtOnce = 16 } = options;
  const lanes = createLanes<K>({ maxOvertakes, maxResyncWaitMs });
  const running = new Map<K, Run>();
  const again = new Map<K, { readonly lane: Lane; readonly sinceMs: number }>(); // added during its own run
  const delayed = new Map<K, Delayed>();
  const failures = new Map<K, number>();
  const getters = new Set<Getter<K>>();
  const ended = Promise.withResolvers<void>();
  let shuttingDown = false;

  const push = (key: K, lane: Lane, sinceMs: number): void => {
    if (lanes.push(key, lane, sinceMs)) observer.added?.(lane);
    handOut();
  };

  const handOut = (): void => {
    for (const getter of getters) {
      const batch = takeBatch();
      if (batch === undefined) break;
      getters.delete(getter);
      getter.resolve(batch);
    }
    endIfIdle();
  };

  const takeBatch = (): Batch<K> | undefined => {
    const busy = new Set([...running.values()].map(({ group }) => group));
    busy.delete(undefined);
    const first = lanes.take(clock.now(), (key) => !busy.has(groupOf(key)));
    if (first === undefined) return undefined;
    const group = groupOf(first.key);
    const company =
      group === undefined ? [] : lanes.takeAlso(first.lane, (key) => groupOf(key) === group, mostAtOnce - 1);
    const taken = [first, ...company];
    const waitsSinceMs = taken.map(({ sinceMs }) => sinceMs);
    const patient = first.lane === 'resync' && clock.now() - Math.min(...waitsSinceMs) < maxResyncWaitMs;
    const giveWay = new AbortController();
    for (const { key, lane, sinceMs } of taken) {
      running.set(key, { lane, sinceMs, startedAtMs: clock.now(), group, giveWay: patient ? giveWay : undefined });
      observer.started?.(lane, clock.now() - sinceMs);
    }
    return {
      keys: [first.key, ...company.map(({ key }) => key)],
      lane: first.lane,
      askedAtMs: Math.max(...waitsSinceMs),
      giveWay: giveWay.signal,
    };
  };

  const endIfIdle = (): void => {
    if (!shuttingDown || lanes.size() > 0) return;
    for (const getter of getters) getter.resolve(undefined);
    getters.clear();
    if (running.size === 0) ended.resolve();
  };

  const undelay = (key: K): Delayed | undefined => {
    const found = delayed.get(key);
    found?.cancel();
    delayed.delete(key);
    return found;
  };

  /** What the key waits for is asked to end early. */
  const askForWay = (key: K): void => {
    const group = groupOf(key);
    for (const [other, run] of running)
      if (other === key || (group !== undefined && run.group === group)) run.giveWay?.abort();
  };

  const add = (key: K, lane: Lane): void => {
    if (shuttingDown) return;
    const urgent = moreUrgent(lane, undelay(key)?.lane);
    if (urgent === 'change') askForWay(key);
    if (!running.has(key)) {
      push(key, urgent, clock.now());
      return;
    }
    const before = again.get(key);
    again.set(key, { lane: moreUrgent(urgent, before?.lane), sinceMs: before?.sinceMs ?? clock.now() });
  };

  const addAfter = (key: K, delayMs: number, lane: Lane = 'resync'): void => {
    if (shuttingDown) return;
    if (delayMs <= 0 || lanes.has(key) || again.has(key)) {
      add(key, lane);
      return;
    }
    const before = undelay(key);
    const dueAtMs = Math.min(clock.now() + delayMs, before?.dueAtMs ?? Infinity);
    const urgent = moreUrgent(lane, before?.lane);
    const cancelling = new AbortController();
    delayed.set(key, { dueAtMs, lane: urgent, cancel: () => cancelling.abort() });
    clock.sleep(Math.max(0, dueAtMs - clock.now()), cancelling.signal).then(
      () => {
        if (!cancelling.signal.aborted) add(key, urgent);
      },
      () => {},
    );
  };

  return {
    add,
    addAfter,
    addRateLimited: (key) => {
      const failed = failures.get(key) ?? 0;
      failures.set(key, failed + 1);
      const lane = running.get(key)?.lane ?? 'resync';
      if (!shuttingDown) observer.retried?.(lane);
      addAfter(key, clock.random() * Math.min(maxRetryMs, minRetryMs * 2 ** failed), lane);
    },
    forget: (key) => void failures.delete(key),
    get: (signal) => {
      if (signal?.aborted === true) return Promise.reject(asError(signal.reason));
      const { promise, resolve, reject } = Promise.withResolvers<Batch<K> | undefined>();
      const abort = (): void => {
        if (getters.delete(getter)) reject(asError(signal?.reason));
      };
      const getter: Getter<K> = {
        resolve: (batch) => {
          signal?.removeEventListener('abort', abort);
          resolve(batch);
        },
      };
      getters.add(getter);
      signal?.addEventListener('abort', abort, { once: true });
      handOut();
      return promise;
    },
    done: (key) => {
      const run = running.get(key);
      if (run === undefined) throw new Error(`done('${key}') without get: end a key once, by whoever got it.`);
      running.delete(key);
      observer.finished?.(run.lane, clock.now() - run.startedAtMs);
      const next = again.get(key);
      again.delete(key);
      if (next !== undefined) push(key, next.lane, next.sinceMs);
      handOut(); // the group may be free now
    },
    putBack: (key) => {
      const run = running.get(key);
      if (run === undefined)
        throw new Error(`putBack('${key}') without get: only what was handed out can be put back.`);
      if (shuttingDown) return;
      const since = again.get(key)?.sinceMs ?? run.sinceMs;
      again.set(key, { lane: moreUrgent(run.lane, again.get(key)?.lane), sinceMs: Math.min(run.sinceMs, since) });
    },
    shutDown: (queued = 'run') => {
      shuttingDown = true;
      for (const key of delayed.keys()) undelay(key);
      if (queued === 'drop') {
        lanes.clear();
        again.clear();
      }
      endIfIdle();
      return ended.promise;
    },
    stats: () => {
      const runningMs = [...running.values()].map(({ startedAtMs }) => clock.now() - startedAtMs);
      return {
        depth: lanes.depth(),
        delayed: delayed.size,
        running: running.size,
        longestRunningMs: Math.max(0, ...runningMs),
        unfinishedWorkMs: runningMs.reduce((sum, each) => sum + each, 0),
      };
    },
  };
}

function moreUrgent(lane: Lane, other: Lane | undefined): Lane {
  return other === 'change' ? 'change' : lane;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
