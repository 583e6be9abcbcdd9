import { refusedCall } from '../../../src/kubernetes/api-error.ts';
import type { KubernetesApi } from '../../../src/kubernetes/api.ts';
import type { ListPage } from '../../../src/kubernetes/api-object.ts';
import type { WatchEvent } from '../../../src/kubernetes/api-watch.ts';
import { configMap, type TestObject } from './api-server.ts';

type LoggedEvent = { readonly version: number; readonly event: WatchEvent<TestObject> };

/** How a watch behaves until it ends: after so many events it ends well, breaks, says 410 or 500, or sends rubbish. */
export type WatchScript = {
  readonly events: number;
  readonly end: 'close' | 'break' | 'expired' | 'error' | 'rubbish';
  /** A bookmark before the end. */
  readonly bookmark: boolean;
};
/** How a list goes: as it should, not at all, with an expired page, or from a server that lags behind by so many versions. */
export type ListScript =
  | { readonly kind: 'fine' | 'fails' | 'page-expires' }
  | { readonly kind: 'lags'; readonly versions: number };

export type Cluster = {
  readonly api: Pick<KubernetesApi, 'list' | 'watch'>;
  readonly objects: () => readonly TestObject[];
  readonly put: (name: string) => void;
  readonly remove: (name: string) => void;
  /** Versions up to now can no longer be watched from. */
  readonly compact: () => void;
  readonly script: (lists: readonly ListScript[], watches: readonly WatchScript[]) => void;
};

const CALL = { operation: 'kubernetes:watch', about: 'configmaps' };
const PAGE = 2;

/** One kind in an API server's memory: versions, a log to watch, and as much trouble as a script asks for. */
export function cluster(): Cluster {
  let version = 10;
  let compactedTo = 0;
  let uids = 0;
  let lists: ListScript[] = [];
  let watches: WatchScript[] = [];
  let objects = new Map<string, TestObject>();
  const history = new Map<number, ReadonlyMap<string, TestObject>>([[version, objects]]);
  const log: LoggedEvent[] = [];
  const waiting = new Set<() => void>();

  const record = (event: WatchEvent<TestObject>): void => {
    log.push({ version, event });
    history.set(version, new Map(objects));
    for (const wake of waiting) wake();
    waiting.clear();
  };

  const at = (wanted: number): ReadonlyMap<string, TestObject> => history.get(wanted) ?? objects;

  async function* events(
    from: number,
    script: WatchScript | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<TestObject>> {
    let seen = from;
    let left = script?.events ?? Infinity;
    while (left > 0) {
      signal.throwIfAborted();
      const next = log.find((each) => each.version > seen);
      if (next === undefined) {
        if (script !== undefined) break; // an unscripted watch waits for ever
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
        continue;
      }
      seen = next.version;
      left -= 1;
      yield next.event;
    }
    if (script?.bookmark === true) yield { kind: 'bookmark', resourceVersion: String(seen) };
    if (script?.end === 'expired') yield { kind: 'error', error: refusedCall(CALL, 410, {}) };
    if (script?.end === 'error') yield { kind: 'error', error: refusedCall(CALL, 500, {}) };
    if (script?.end === 'break') throw refusedCall(CALL, 0, {});
    if (script?.end === 'rubbish') throw new Error('rubbish');
  }

  return {
    api: {
      list: async <T>(_: unknown, options: { readonly continueToken?: string; readonly limit?: number }) => {
        const script: ListScript =
          options.continueToken === undefined ? (lists.shift() ?? { kind: 'fine' }) : { kind: 'fine' };
        if (script.kind === 'fails') throw refusedCall(CALL, 500, {});
        const [
          token = String(script.kind === 'lags' ? Math.max(10, version - script.versions) : version),
          offset = '0',
          how = script.kind,
        ] = options.continueToken?.split('/') ?? [];
        if (how === 'page-expires' && offset !== '0') throw refusedCall(CALL, 410, {});
        const all = [...at(Number(token)).values()];
        const end = options.limit === undefined ? all.length : Number(offset) + PAGE;
        const page: ListPage<TestObject> = {
          items: all.slice(Number(offset), end),
          resourceVersion: token,
          continueToken: end < all.length ? `${token}/${end}/${how}` : undefined,
        };
        return page as unknown as ListPage<T & TestObject>;
      },
      watch: async <T>(
        _: unknown,
        { resourceVersion, signal }: { readonly resourceVersion?: string; readonly signal?: AbortSignal },
      ) => {
        const from = Number(resourceVersion);
        if (from < compactedTo) throw refusedCall(CALL, 410, {});
        const opened = events(from, watches.shift(), signal ?? new AbortController().signal);
        return opened as AsyncIterable<WatchEvent<unknown>> as AsyncIterable<WatchEvent<T & TestObject>>;
      },
    },
    objects: () => [...objects.values()],
    put: (name) => {
      version += 1;
      const before = objects.get(name);
      const uid = before?.metadata.uid ?? `uid-${(uids += 1)}`;
      const object = configMap(name, String(version), { uid });
      objects = new Map(objects).set(name, object);
      record({ kind: before === undefined ? 'added' : 'modified', object });
    },
    remove: (name) => {
      const before = objects.get(name);
      if (before === undefined) return;
      version += 1;
      objects = new Map(objects);
      objects.delete(name);
      record({ kind: 'deleted', object: configMap(name, String(version), { uid: before.metadata.uid ?? '' }) });
    },
    compact: () => {
      compactedTo = version;
    },
    script: (nextLists, nextWatches) => {
      lists = [...nextLists];
      watches = [...nextWatches];
    },
  };
}
