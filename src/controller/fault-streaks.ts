/** Counts faults in a row of each pipeline. */
export type FaultStreaks = {
  /** One more; gives how many it are now. */
  readonly failed: (key: string) => number;
  readonly ended: (key: string) => void;
};

export function createFaultStreaks(): FaultStreaks {
  const counts = new Map<string, number>();
  return {
    failed: (key) => {
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count;
    },
    ended: (key) => {
      counts.delete(key);
    },
  };
}
