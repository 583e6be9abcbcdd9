/** Who goes first: what somebody changed, or what is looked at because time has passed. */
export type Lane = 'change' | 'resync';

export type Lanes<K> = {
  /** True when the key entered the lane: not when it only waits there already. It keeps the time since when it waits. */
  readonly push: (key: K, lane: Lane, sinceMs: number) => boolean;
  readonly take: (nowMs: number) => { readonly key: K; readonly lane: Lane; readonly sinceMs: number } | undefined;
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

  return {
    push: (key, lane, sinceMs) => {
      const other = waiting.resync.get(key);
      if (waiting.change.has(key) || (lane === 'resync' && other !== undefined)) return false;
      waiting.resync.delete(key);
      waiting[lane].set(key, other ?? sinceMs);
      return true;
    },
    take: (nowMs) => {
      const lane = nextLane(nowMs);
      const [first] = waiting[lane];
      if (first === undefined) return undefined;
      const [key, sinceMs] = first;
      waiting[lane].delete(key);
      overtakes = lane === 'change' && waiting.resync.size > 0 ? overtakes + 1 : 0;
      return { key, lane, sinceMs };
    },
    has: (key) => waiting.change.has(key) || waiting.resync.has(key),
    size: () => waiting.change.size + waiting.resync.size,
    depth: () => ({ change: waiting.change.size, resync: waiting.resync.size }),
    clear: () => {
      waiting.change.clear();
      waiting.resync.clear();
    },
  };
}
