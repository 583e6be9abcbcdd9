import { KubernetesError } from '../../../src/kubernetes/api-error.ts';
import { createElection, type Election } from '../../../src/kubernetes/lease.ts';
import type { Lease } from '../../../src/kubernetes/lease-record.ts';
import type { LeaseStore } from '../../../src/kubernetes/lease-store.ts';
import type { ManualClock } from './manual-clock.ts';

export const LEASE_REF = { namespace: 'mail', name: 'leader' };

/** What happens to the calls of one candidate: the request, or only its answer, is lost. */
export type Trouble = 'none' | 'requests-lost' | 'answers-lost' | 'refused';

export type Candidate = {
  readonly identity: string;
  readonly election: Election;
  readonly log: string[];
  trouble: Trouble;
  watchable: boolean;
  /** The process stands still: no timer and no answer reaches it. */
  readonly pause: () => void;
  readonly resume: () => void;
  readonly paused: () => boolean;
};

export type LeaseServer = {
  lease: Lease | undefined;
  readonly writes: Lease[];
  /** Calls of each verb, whatever became of them. */
  readonly calls: Record<'get' | 'create' | 'update' | 'watch', number>;
  readonly put: (lease: Lease) => Lease;
  readonly remove: () => void;
  readonly listeners: Set<(lease: Lease | undefined) => void>;
};

/** A Lease with the API server's rules: every write has to name the current version. */
export function leaseServer(): LeaseServer {
  let version = 100;
  const server: LeaseServer = {
    lease: undefined,
    writes: [],
    calls: { get: 0, create: 0, update: 0, watch: 0 },
    listeners: new Set(),
    put: (lease) => {
      version += 1;
      const stored: Lease = { ...lease, metadata: { ...lease.metadata, uid: 'uid', resourceVersion: String(version) } };
      server.lease = stored;
      server.writes.push(stored);
      for (const listener of server.listeners) listener(stored);
      return stored;
    },
    remove: () => {
      server.lease = undefined;
      for (const listener of server.listeners) listener(undefined);
    },
  };
  return server;
}

type CandidateOptions = {
  readonly server: LeaseServer;
  readonly clock: ManualClock;
  readonly identity: string;
  readonly latencyMs?: () => number;
  /** What its clock of day is off by. */
  readonly skewMs?: number;
  /** How fast its monotonic clock runs. */
  readonly speed?: number;
  readonly onElected?: () => void;
  /** Default: those of the election. */
  readonly durations?: { readonly leaseDurationMs: number; readonly renewDeadlineMs: number };
};

export function candidate(options: CandidateOptions): Candidate {
  const { server, clock, identity, latencyMs = () => 5, skewMs = 0, speed = 1 } = options;
  const log: string[] = [];
  const pause: { gate: PromiseWithResolvers<void> | undefined } = { gate: undefined };

  const awake = async (): Promise<void> => {
    while (pause.gate !== undefined) await pause.gate.promise;
  };
  const call = async <T>(verb: keyof LeaseServer['calls'], apply: () => T): Promise<T> => {
    server.calls[verb] += 1;
    await clock.sleep(latencyMs());
    if (self.trouble === 'refused') throw failure(503);
    if (self.trouble === 'requests-lost') await new Promise(() => {});
    const result = apply();
    await clock.sleep(latencyMs());
    if (self.trouble === 'answers-lost') await new Promise(() => {});
    await awake();
    return result;
  };

  const store: LeaseStore = {
    get: () => call('get', () => server.lease),
    create: (lease) =>
      call('create', () => {
        if (server.lease !== undefined) throw failure(409);
        return server.put(lease);
      }),
    update: (lease) =>
      call('update', () => {
        if (server.lease === undefined) return undefined;
        if (lease.metadata.resourceVersion !== server.lease.metadata.resourceVersion) throw failure(409);
        return server.put(lease);
      }),
    watch: async (_, signal) => {
      await call('watch', () => {
        if (!self.watchable) throw failure(403);
      });
      return watchOf(server, signal, async () => {
        await clock.sleep(latencyMs());
        await awake();
        if (!self.watchable) throw failure(503);
      });
    },
  };

  const election = createElection({
    store,
    ref: LEASE_REF,
    identity,
    clock: {
      now: () => clock.now() + skewMs,
      random: clock.random,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        await awake();
        signal?.throwIfAborted();
      },
    },
    monotonicMs: () => clock.now() * speed + skewMs * 7,
    onElected: () => {
      log.push('elected');
      options.onElected?.();
    },
    onLost: (why) => log.push(`lost: ${why}`),
    ...options.durations,
  });
  const self: Candidate = {
    identity,
    election,
    log,
    trouble: 'none',
    watchable: true,
    pause: () => {
      pause.gate ??= Promise.withResolvers<void>();
    },
    resume: () => {
      pause.gate?.resolve();
      pause.gate = undefined;
    },
    paused: () => pause.gate !== undefined,
  };
  return self;
}

async function* watchOf(
  server: LeaseServer,
  signal: AbortSignal,
  deliver: () => Promise<void>,
): AsyncGenerator<Lease | undefined> {
  const queue: (Lease | undefined)[] = server.lease === undefined ? [] : [server.lease];
  let news = Promise.withResolvers<void>();
  const listener = (lease: Lease | undefined): void => {
    queue.push(lease);
    news.resolve();
  };
  server.listeners.add(listener);
  signal.addEventListener('abort', () => news.resolve(), { once: true });
  try {
    for (;;) {
      while (queue.length > 0) {
        const lease = queue.shift();
        await deliver();
        yield lease;
      }
      signal.throwIfAborted();
      await news.promise;
      news = Promise.withResolvers<void>();
    }
  } finally {
    server.listeners.delete(listener);
  }
}

function failure(status: number): KubernetesError {
  const stale = status === 409;
  const message = `HTTP ${status}`;
  return new KubernetesError(
    { class: stale ? 'stale' : 'transient', reason: stale ? 'ChangedMeanwhile' : 'KubernetesUnavailable', message },
    { status },
  );
}
