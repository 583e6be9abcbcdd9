import type { Clock } from '../core/ports.ts';
import type { KubernetesApi } from './api.ts';
import type { ApiObject } from './api-object.ts';
import { createBackOff, type BackOff, type BackOffOptions } from './reflector-back-off.ts';
import { listAll, type ListScope } from './reflector-list.ts';
import { createObjectStore, type ObjectChange } from './reflector-store.ts';
import { ShortWatchError, StaleListError, troubleOf, type TroubleReason } from './reflector-trouble.ts';
import { isOlder } from './reflector-version.ts';

export type StreamTrouble = {
  readonly phase: 'list' | 'watch';
  readonly reason: TroubleReason;
  readonly error: unknown;
  readonly retryInMs: number;
};

export type StreamOptions<T> = {
  readonly api: Pick<KubernetesApi, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly scope: ListScope;
  readonly inactivityMs: number;
  readonly backOff: BackOffOptions;
  readonly shape: (object: T) => T;
  /** Must not throw. */
  readonly deliver: (change: ObjectChange<T>, from: 'first-list' | 'list' | 'watch') => void;
  /** Must not throw. */
  readonly observer: {
    readonly listed: (again: boolean) => void;
    /** What was listed has been delivered. */
    readonly applied: () => void;
    readonly watching: (again: boolean) => void;
    readonly failed: (trouble: StreamTrouble) => void;
  };
};

/** When there last was a sign of life, in the clock's time; undefined: never, or not now. */
export type Freshness = {
  readonly lastListAtMs: number | undefined;
  /** Bookmarks are events too. */
  readonly lastEventAtMs: number | undefined;
  readonly connectedSinceMs: number | undefined;
};

export type Stream<T> = {
  /** Lists and watches until the signal is aborted. Never rejects. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly get: (key: string) => T | undefined;
  readonly values: () => readonly T[];
  readonly synced: () => boolean;
  readonly freshness: () => Freshness;
};

// A restored cluster goes back for good, a lagging server catches up within the first of these.
const STALE_LISTS_BEFORE_BELIEF = 5;
const WATCH_FAILURES_BEFORE_RELIST = 5;
const SHORT_WATCH_MS = 1_000;
const IMMEDIATE_RELIST_EVERY_MS = 60_000;

/**
 * One list and the watch that goes on from it: of the whole cluster or of one namespace. It keeps a copy of what the
 * server has and tells each difference, whatever happens to the connection.
 */
export function createStream<T extends ApiObject>(options: StreamOptions<T>): Stream<T> {
  const { api, clock, scope, deliver, observer } = options;
  const { resource, ...selection } = scope;
  const store = createObjectStore<T>();
  let resumeAt: string | undefined;
  let newest: string | undefined;
  let lists = 0;
  let watches = 0;
  let staleLists = 0;
  let watchFailures = 0;
  let lastListAtMs: number | undefined;
  let lastEventAtMs: number | undefined;
  let connectedSinceMs: number | undefined;
  let healthySinceMs: number | undefined; // unlike a connection it lasts when the server ends one watch in good order
  let relistedAtOnceAtMs: number | undefined;
  let latestRun: AbortSignal | undefined;

  const list = async (signal: AbortSignal): Promise<void> => {
    const listed = await listAll<T>(api, scope, signal);
    signal.throwIfAborted();
    if (isOlder(listed.resourceVersion, newest)) {
      staleLists += 1;
      if (staleLists < STALE_LISTS_BEFORE_BELIEF) {
        throw new StaleListError(`The list is of version ${listed.resourceVersion}, but ${String(newest)} was seen.`);
      }
    }
    staleLists = 0;
    watchFailures = 0;
    resumeAt = listed.resourceVersion;
    newest = listed.resourceVersion;
    lastListAtMs = clock.now();
    lists += 1;
    observer.listed(lists > 1);
    const from = lists === 1 ? 'first-list' : 'list';
    for (const change of store.replace(listed.items.map(options.shape))) deliver(change, from);
    observer.applied();
  };

  const saw = (version: string | undefined): void => {
    if (version === undefined) return;
    resumeAt = version;
    if (!isOlder(version, newest)) newest = version;
    lastEventAtMs = clock.now();
    watchFailures = 0;
  };

  /** Until the server ends it. */
  const watch = async (resourceVersion: string, signal: AbortSignal): Promise<void> => {
    const timeoutSeconds = Math.round(280 + 20 * clock.random()); // replicas don't come back together
    const { inactivityMs } = options;
    const events = await api.watch<T>(resource, {
      ...selection,
      resourceVersion,
      timeoutSeconds,
      inactivityMs,
      signal,
    });
    signal.throwIfAborted();
    const openedAtMs = clock.now();
    connectedSinceMs = openedAtMs;
    healthySinceMs ??= openedAtMs;
    watches += 1;
    observer.watching(watches > 1);
    let seen = 0;
    for await (const event of events) {
      signal.throwIfAborted();
      seen += 1;
      switch (event.kind) {
        case 'error':
          throw event.error;
        case 'bookmark':
          saw(event.resourceVersion);
          break;
        case 'added':
        case 'modified':
        case 'deleted': {
          saw(event.object.metadata.resourceVersion);
          const object = options.shape(event.object);
          for (const change of event.kind === 'deleted' ? store.remove(object) : store.put(object))
            deliver(change, 'watch');
        }
      }
    }
    signal.throwIfAborted();
    if (seen === 0 && clock.now() - openedAtMs < SHORT_WATCH_MS)
      throw new ShortWatchError('The watch was ended at once.');
  };

  const attempt = async (signal: AbortSignal): Promise<void> => {
    if (resumeAt === undefined) await list(signal);
    for (;;) {
      await watch(resumeAt ?? '', signal);
      connectedSinceMs = undefined;
    }
  };

  /** An expired version is no trouble of the server's: once a minute it costs no delay. */
  const mayRelistAtOnce = (reason: TroubleReason): boolean => {
    const nowMs = clock.now();
    if (reason !== 'expired' || nowMs - (relistedAtOnceAtMs ?? -Infinity) < IMMEDIATE_RELIST_EVERY_MS) return false;
    relistedAtOnceAtMs = nowMs;
    return true;
  };

  /** @returns how long to wait */
  const afterFailure = (error: unknown, backOff: BackOff): number => {
    const phase = resumeAt === undefined ? 'list' : 'watch';
    const { reason, relist, retryAfterMs } = troubleOf(error);
    const healthyMs = healthySinceMs === undefined ? 0 : clock.now() - healthySinceMs;
    connectedSinceMs = undefined;
    healthySinceMs = undefined;
    if (phase === 'watch') watchFailures += 1;
    if (relist || watchFailures >= WATCH_FAILURES_BEFORE_RELIST) resumeAt = undefined;
    const retryInMs = mayRelistAtOnce(reason) ? 0 : backOff.next(healthyMs, retryAfterMs);
    observer.failed({ phase, reason, error, retryInMs });
    return retryInMs;
  };

  return {
    run: async (signal) => {
      const backOff = createBackOff(options.backOff, clock.random);
      latestRun = signal;
      while (!signal.aborted) {
        // One controller for each generation: whatever a failed one has left open ends with it.
        const generation = new AbortController();
        const both = AbortSignal.any([signal, generation.signal]);
        try {
          await attempt(both);
        } catch (error) {
          if (signal.aborted) break;
          generation.abort(new Error('This watch was given up.'));
          const retryInMs = afterFailure(error, backOff);
          if (retryInMs > 0) await clock.sleep(retryInMs, signal).catch(() => {});
        }
      }
      if (latestRun === signal) connectedSinceMs = undefined; // a later run may be connected by now
    },
    get: store.get,
    values: store.values,
    synced: () => lists > 0,
    freshness: () => ({ lastListAtMs, lastEventAtMs, connectedSinceMs }),
  };
}
