import type { Claimant } from './claims.ts';
import type { ManifestSpec } from './manifest.ts';
import type { RuleBlock } from './rule-block.ts';

/**
 * Another pipeline of ours in the same account and region, which another run looks after: its rules stay as they are,
 * ours stand in order with them, and what it has claimed is not ours.
 */
export type Neighbour = RuleBlock &
  Claimant & {
    /** The set that it asks for whatever is active now (`activate: Always`). */
    readonly activates: string | undefined;
    /** The set that it lives in, and how it wants it changed. */
    readonly ruleSet: Pick<ManifestSpec['ruleSet'], 'name' | 'rollout'>;
    /** Whether its rules are known to be allowed all they need under both names of the set. */
    readonly isGrantedBoth: boolean;
  };

/** What a pipeline is to the runs of others. */
export const asNeighbour = (
  block: RuleBlock,
  createdAtMs: number | undefined,
  { name, activate, rollout }: Pick<ManifestSpec['ruleSet'], 'name' | 'activate' | 'rollout'>,
): Neighbour => ({
  ...block,
  createdAtMs,
  recipients: block.rules.map((rule) => rule.recipients),
  activates: activate === 'Always' ? name : undefined,
  ruleSet: { name, rollout },
  isGrantedBoth: false,
});
