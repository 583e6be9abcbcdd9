/** Who goes first: what somebody changed, or what is looked at because time has passed. */
export type Lane = 'change' | 'resync';

export type Taken<K> = { readonly key: K; readonly lane: Lane; readonly sinceMs: number };

export type Lanes<K> = {
  /** True when the key entered the lane: not when it only waits there already. It keeps the time since when it waits. */
  readonly push: (key: K, lane: Lane, sinceMs: number) => boolean;
  /** The next key of those that may go now; the others keep their places. */
  readonly take: (nowMs: number, mayGo: (key: K) => boolean) => Taken<K> | undefined;
  /** More keys of one lane, in their order: company for one that was taken. */
  readonly takeAlso: (lane: Lane, accepts: (key: K) => boolean, most: number) => readonly Taken<K>[];
  readonly has: (key: K) => boolean;
  readonly size: () => number;
  readonly depth: () => Readonly<Record<Lane, number>>;
  readonly clear: () => void;
};

type LanesOptions = { readonly maxOvertakes: number; readonly maxResyncWaitMs: number };

/**
 * Two queues, each in order of arrival. Changes overtake resyncs, but the first resync lets at most `maxOvertakes` by,
 * and once it has waited `maxResyncWaitMs` at most one: the thousand resyncs of a start neither starve nor hold up a user.
 */
export function createLanes<K>({ maxOvertakes, maxResyncWaitMs }: LanesOptions): Lanes<K> {
  const waiting: Readonly<Record<Lane, Map<K, number>>> = { change: new Map(), resync: new Map() };
  let overtakes = 0;

  const nextLane = (nowMs: number): Lane => {
    const [sinceMs] = waiting.resync.values();
    if (sinceMs === undefined) return 'change';
    if (waiting.change.size === 0 || overtakes >= maxOvertakes) return 'resync';
    return overtakes > 0 && nowMs - sinceMs >= maxResyncWaitMs ? 'resync' : 'change';
  };

  const pick = (lane: Lane, accepts: (key: K) => boolean, most: number): Taken<K>[] => {
    const taken: Taken<K>[] = [];
    for (const [key, sinceMs] of waiting[lane]) {
      if (taken.length >= most) break;
      if (accepts(key)) taken.push({ key, lane, sinceMs });
    }
    for (const { key } of taken) waiting[lane].delete(key);
    return taken;
  };

  return {
    push: (key, lane, sinceMs) => {
      const asResync = waiting.resync.get(key);
      if (waiting.change.has(key) || (lane === 'resync' && asResync !== undefined)) return false;
      waiting.resync.delete(key);
      waiting[lane].set(key, asResync ?? sinceMs);
      return true;
    },
    take: (nowMs, mayGo) => {
      const preferred = nextLane(nowMs);
      const taken = pick(preferred, mayGo, 1)[0] ?? pick(other(preferred), mayGo, 1)[0];
      if (taken !== undefined) overtakes = taken.lane === 'change' && waiting.resync.size > 0 ? overtakes + 1 : 0;
      return taken;
    },
    takeAlso: pick,
    has: (key) => waiting.change.has(key) || waiting.resync.has(key),
    size: () => waiting.change.size + waiting.resync.size,
    depth: () => ({ change: waiting.change.size, resync: waiting.resync.size }),
    clear: () => {
      waiting.change.clear();
      waiting.resync.clear();
    },
  };
}

const other = (lane: Lane): Lane => (lane === 'change' ? 'resync' : 'change');
