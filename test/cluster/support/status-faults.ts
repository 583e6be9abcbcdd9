import { conditionFaults } from '../../../src/core/conditions.ts';
import type { Live } from './live.ts';

/** What was wrong with the statuses that were written, each looked at as it was stored. */
export function statusFaults(writes: readonly unknown[]): readonly string[] {
  const generations = new Map<string, number>();
  return writes.flatMap((write, index) => {
    const { metadata, status } = write as Live;
    const faults = [...conditionFaults(status?.conditions ?? [])];
    const observed = status?.observedGeneration ?? 0;
    if (observed < (generations.get(metadata.uid) ?? 0)) faults.push('observedGeneration falls');
    if (observed > metadata.generation) faults.push('observedGeneration is ahead of the generation');
    generations.set(metadata.uid, observed);
    return faults.map((fault) => `status write ${index + 1}, ${metadata.namespace}/${metadata.name}: ${fault}`);
  });
}
