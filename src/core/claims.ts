import type { Fault } from './fault.ts';
import { normaliseRecipient } from './recipients.ts';
import type { RuleBlock } from './rule-block.ts';

/**
 * Each recipient belongs to one pipeline of an account and region. Of several that name it the first by namespace and
 * name has it; the others may write nothing until they give it up. Overlaps that are not the same recipient, such as
 * a domain beside one of its addresses, are allowed.
 *
 * @param blocks the rules that each pipeline wants, whether or not somebody may write them now
 * @returns the faults of those who lose, by `namespace/name`
 */
export function lostClaims(blocks: readonly Pick<RuleBlock, 'owner' | 'rules'>[]): ReadonlyMap<string, Fault> {
  const owners = new Map<string, string>();
  const lost = new Map<string, Fault>();
  for (const { owner, rules } of [...blocks].sort((a, b) => (a.owner < b.owner ? -1 : 1))) {
    const claimed = rules.flatMap((rule) => rule.recipients.map(normaliseRecipient));
    const taken = claimed.find((recipient) => (owners.get(recipient) ?? owner) !== owner);
    if (taken === undefined) {
      for (const recipient of claimed) owners.set(recipient, owner);
      continue;
    }
    lost.set(owner, {
      class: 'conflict',
      reason: 'RecipientClaimed',
      message: `Recipient ${taken} already belongs to pipeline ${owners.get(taken)}; take it out of one of the two`,
    });
  }
  return lost;
}
