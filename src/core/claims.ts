import type { Desired } from './desired.ts';
import type { Fault } from './fault.ts';
import { normaliseRecipient } from './recipients.ts';

/**
 * Each recipient belongs to one pipeline of an account and region. Of several that name it the first by namespace and
 * name has it; the others may write nothing until they give it up. Overlaps that are not the same recipient, such as
 * a domain beside one of its addresses, are allowed.
 *
 * @returns the faults of those who lose, by `namespace/name`
 */
export function lostClaims(pipelines: readonly Pick<Desired, 'key' | 'block'>[]): ReadonlyMap<string, Fault> {
  const owners = new Map<string, string>();
  const lost = new Map<string, Fault>();
  for (const { key, block } of [...pipelines].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    const claimed = block.rules.flatMap((rule) => rule.recipients.map(normaliseRecipient));
    const taken = claimed.find((recipient) => (owners.get(recipient) ?? key) !== key);
    if (taken === undefined) {
      for (const recipient of claimed) owners.set(recipient, key);
      continue;
    }
    lost.set(key, {
      class: 'conflict',
      reason: 'RecipientClaimed',
      message: `Recipient ${taken} already belongs to pipeline ${owners.get(taken)}; take it out of one of the two`,
    });
  }
  return lost;
}
