import type { Clock } from '../core/ports.ts';
import type { KubernetesApi } from './api.ts';
import type { ApiObject, ApiResource, ObjectMeta } from './api-object.ts';
import { REFLECTOR_BACK_OFF, type BackOffOptions } from './reflector-back-off.ts';
import type { ObjectChange } from './reflector-store.ts';
import { createStream, type Freshness, type StreamTrouble } from './reflector-stream.ts';

export type { ObjectChange } from './reflector-store.ts';
export type { Freshness, StreamTrouble } from './reflector-stream.ts';

/** Where a change was seen. `first-list`: it was there when we came, and need not be news. */
export type ChangeOrigin = 'first-list' | 'list' | 'watch';

export type ReflectorObserver = {
  /** Everything was listed again after the first time. */
  readonly relisted?: () => void;
  /** A watch was opened after the first. */
  readonly restarted?: () => void;
  /** A list or a watch failed; it goes on by itself. */
  readonly failed?: (trouble: StreamTrouble) => void;
  /** The handler threw, which is a bug of ours: the change counts as delivered. */
  readonly handlerFailed?: (error: unknown) => void;
};

export type ReflectorOptions<T> = {
  readonly api: Pick<KubernetesApi, 'list' | 'watch'>;
  readonly clock: Clock;
  readonly resource: ApiResource;
  /** All of the cluster, or each of these on its own: what a namespaced Role can grant. */
  readonly namespaces: 'all' | readonly string[];
  readonly labelSelector?: string;
  /** Keep `metadata` only. */
  readonly metadataOnly?: boolean;
  /** Told each difference, in order for each object. Must not wait: it marks what is to be done. */
  readonly onChange: (change: ObjectChange<T>, origin: ChangeOrigin) => void | Promise<void>;
  readonly observer?: ReflectorObserver;
  /** A connection without a byte for so long is taken for dead. Bookmarks come about once a minute. */
  readonly inactivityMs?: number;
  readonly backOff?: BackOffOptions;
};

export type Reflector<T> = {
  /** Begins, or begins again with what is known. Once it runs, it does nothing. */
  readonly start: () => void;
  /** Nothing is delivered from here on. */
  readonly stop: () => void;
  /** By `namespace/name`, or the name of what has no namespace. */
  readonly get: (key: string) => T | undefined;
  readonly list: () => readonly T[];
  /** Everything has been listed once. */
  readonly synced: () => boolean;
  /** Resolves when everything has been listed once; rejects with the signal's reason. */
  readonly whenSynced: (signal?: AbortSignal) => Promise<void>;
  /** Of the namespace that is worst off. */
  readonly freshness: () => Freshness;
};

const INACTIVITY_MS = 100_000;

/**
 * A copy of what the API server has, kept up to date until it is stopped, whatever happens to the server and the way to
 * it. It tells differences, not events: nothing twice, nothing older than what was told, and an object that was replaced
 * by another of its name is a deletion and an addition.
 */
export function createReflector<T extends ApiObject>(options: ReflectorOptions<T>): Reflector<T> {
  const { api, clock, namespaces, onChange, observer = {} } = options;
  if (namespaces !== 'all' && namespaces.length === 0)
    throw new Error("No namespace to watch. Name one, or say 'all'.");
  const synced = Promise.withResolvers<void>();

  const tell = (hook: (() => void) | undefined): void => {
    try {
      hook?.();
    } catch {
      // Who counts and logs must not stop what is counted.
    }
  };
  const handlerFailed = (error: unknown): void => tell(() => observer.handlerFailed?.(error));
  const deliver = (change: ObjectChange<T>, origin: ChangeOrigin): void => {
    try {
      Promise.resolve(onChange(change, origin)).catch(handlerFailed);
    } catch (error) {
      handlerFailed(error);
    }
  };

  const scopes = namespaces === 'all' ? [{}] : [...new Set(namespaces)].map((namespace) => ({ namespace }));
  const streams = scopes.map((scope) =>
    createStream<T>({
      api,
      clock,
      scope: {
        ...scope,
        resource: options.resource,
        ...(options.labelSelector !== undefined && { labelSelector: options.labelSelector }),
        ...(options.metadataOnly !== undefined && { metadataOnly: options.metadataOnly }),
      },
      inactivityMs: options.inactivityMs ?? INACTIVITY_MS,
      backOff: options.backOff ?? REFLECTOR_BACK_OFF,
      shape: options.metadataOnly === true ? metadataOf : withoutManagedFields,
      deliver,
      observer: {
        listed: (again) => again && tell(observer.relisted),
        applied: () => isSynced() && synced.resolve(),
        watching: (again) => again && tell(observer.restarted),
        failed: (trouble) => tell(() => observer.failed?.(trouble)),
      },
    }),
  );
  const isSynced = (): boolean => streams.every((stream) => stream.synced());

  let running: AbortController | undefined;
  return {
    start: () => {
      if (running !== undefined) return;
      const started = new AbortController();
      running = started;
      for (const stream of streams) void stream.run(started.signal);
    },
    stop: () => {
      running?.abort(new Error('The watch is stopped.'));
      running = undefined;
    },
    get: (key) => {
      for (const stream of streams) {
        const found = stream.get(key);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    list: () => streams.flatMap((stream) => stream.values()),
    synced: isSynced,
    whenSynced: (signal) => Promise.race([synced.promise, aborted(signal)]),
    freshness: () => worst(streams.map((stream) => stream.freshness())),
  };
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal?.aborted === true) reject(signal.reason);
  signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  return promise;
}

/** Who wrote which field, which fills half of an object and concerns nobody here. */
function withoutManagedFields<T extends ApiObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as ObjectMeta & { readonly managedFields?: unknown };
  return { ...object, metadata };
}

/** A server that cannot send metadata alone sends the whole: the rest need not stay in memory. */
function metadataOf<T extends ApiObject>(object: T): T {
  const { apiVersion, kind, metadata } = withoutManagedFields<ApiObject>(object);
  return { ...(apiVersion !== undefined && { apiVersion }), ...(kind !== undefined && { kind }), metadata } as T;
}

function worst(all: readonly Freshness[]): Freshness {
  const oldest = (times: readonly (number | undefined)[]): number | undefined =>
    times.reduce((min, each) => (min === undefined || each === undefined ? undefined : Math.min(min, each)));
  const connected = all.map((each) => each.connectedSinceMs);
  return {
    lastListAtMs: oldest(all.map((each) => each.lastListAtMs)),
    lastEventAtMs: oldest(all.map((each) => each.lastEventAtMs)),
    connectedSinceMs: connected.reduce((max, each) =>
      max === undefined || each === undefined ? undefined : Math.max(max, each),
    ),
  };
}
