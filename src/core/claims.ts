import type { Desired } from './desired.ts';
import type { Fault } from './fault.ts';
import { normaliseRecipient } from './recipients.ts';

/** A pipeline among those that may name the same recipient. */
export type Claimant = {
  /** `namespace/name`. */
  readonly owner: string;
  /** Milliseconds since 1970; undefined where nobody knows, as for files. */
  readonly createdAtMs: number | undefined;
  /** Of each rule, in the manifest's order. */
  readonly recipients: readonly (readonly string[])[];
};

/**
 * Each recipient belongs to one pipeline of an account and region. Of several that name it the oldest has it, and of
 * those of one age the first by namespace and name; the others may write nothing until they give it up, and hold nothing
 * meanwhile. Overlaps that are not the same recipient, such as a domain beside one of its addresses, are allowed.
 *
 * @returns the faults of those who lose, by `namespace/name`; they name fields, since a recipient is somebody's address
 */
export function lostClaims(claimants: readonly Claimant[]): ReadonlyMap<string, Fault> {
  const owners = new Map<string, string>();
  const lost = new Map<string, Fault>();
  for (const { owner, recipients } of [...claimants].sort(byAge)) {
    const claimed = recipients.flatMap((ofRule, rule) =>
      ofRule.map((recipient, index) => ({
        recipient: normaliseRecipient(recipient),
        field: `spec.receiptRules[${rule}].recipients[${index}]`,
      })),
    );
    const taken = claimed.find(({ recipient }) => (owners.get(recipient) ?? owner) !== owner);
    if (taken === undefined) {
      for (const { recipient } of claimed) owners.set(recipient, owner);
      continue;
    }
    lost.set(owner, {
      class: 'conflict',
      reason: 'RecipientClaimed',
      message: `${taken.field} already belongs to pipeline ${owners.get(taken.recipient)}; take it out of one of the two`,
    });
  }
  return lost;
}

/** The oldest first, and of those of one age the first by namespace and name: the same for any order of arrival. */
export function byAge(a: Omit<Claimant, 'recipients'>, b: Omit<Claimant, 'recipients'>): number {
  return (a.createdAtMs ?? 0) - (b.createdAtMs ?? 0) || (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0);
}

export const claimantOf = ({ key, createdAtMs, block }: Pick<Desired, 'key' | 'createdAtMs' | 'block'>): Claimant => ({
  owner: key,
  createdAtMs,
  recipients: block.rules.map((rule) => rule.recipients),
});
