import { STORAGE_RULE } from './receipt-rule-schema.ts';
import { isRuleOf } from './names.ts';
import type { ReceiptRule } from './receipt-rule.ts';

/** A rule under a name that we did not make: ours exactly while a manifest lists it. */
export type RuleInSet = { readonly ruleSet: string; readonly name: string };

/** The rules of one pipeline, as they should stand in a set. */
export type RuleBlock = {
  /** `namespace/name` of the pipeline. */
  readonly owner: string;
  /** What the names of its rules begin with, see `isRuleOf`. */
  readonly prefix: string;
  /** Names of rules of the set at hand that are its as well, made by somebody else. */
  readonly existingRules: readonly string[];
  /** Where bodies for these rules are stored. */
  readonly bucketName: string;
  readonly position: 'Head' | 'Tail';
  /** Lower comes first. */
  readonly priority: number;
  /** Stores for all rules that have no S3 action of their own; stands first. */
  readonly storageRule: ReceiptRule | undefined;
  readonly rules: readonly ReceiptRule[];
  /** Its rules may not be moved, whatever their order should be. */
  readonly held?: true;
};

/** Whether the rule belongs to the block: by its name, or because the manifest lists it. */
export function ownsRule(
  { prefix, existingRules }: Pick<RuleBlock, 'prefix' | 'existingRules'>,
  name: string,
): boolean {
  return isRuleOf(prefix, name) || existingRules.includes(name);
}

/** Head before Tail, then priority, namespace, name: the same for any order of arrival. */
export function blockOrder(a: RuleBlock, b: RuleBlock): number {
  const rank = (block: RuleBlock) => (block.position === 'Head' ? 0 : 1);
  return rank(a) - rank(b) || a.priority - b.priority || compare(a.owner, b.owner);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The block's rules in order, the storage rule first. */
export const rulesOf = (block: RuleBlock): readonly ReceiptRule[] =>
  block.storageRule === undefined ? block.rules : [block.storageRule, ...block.rules];

/** The name that the block's storage rule has, or would have. */
export const storageRuleName = (block: RuleBlock): string => block.prefix + STORAGE_RULE;

/** All blocks of a set, in order, and what can be asked about them. */
export type Arrangement = {
  readonly blocks: readonly RuleBlock[];
  /** Names of our rules as they should follow each other. */
  readonly order: readonly string[];
  readonly wanted: ReadonlyMap<string, ReceiptRule>;
  /** Whose rule it is; undefined: somebody else's. */
  readonly blockOf: (ruleName: string) => RuleBlock | undefined;
  readonly isStorageRule: (ruleName: string) => boolean;
};

/** Puts the blocks in order. */
export function arrange(unordered: readonly RuleBlock[]): Arrangement {
  const blocks = [...unordered].sort(blockOrder);
  const all = blocks.flatMap(rulesOf);
  const storageRules = new Set(blocks.map(storageRuleName));
  const owners = new Map<string, RuleBlock | undefined>();
  return {
    blocks,
    order: all.map((rule) => rule.name),
    wanted: new Map(all.map((rule) => [rule.name, rule])),
    blockOf: (name) => {
      if (!owners.has(name))
        owners.set(
          name,
          blocks.find((block) => ownsRule(block, name)),
        );
      return owners.get(name);
    },
    isStorageRule: (name) => storageRules.has(name),
  };
}

/** Names of rules of the blocks that stand on the wrong side of another of them. */
export function astrayRules({ order }: Pick<Arrangement, 'order'>, live: readonly ReceiptRule[]): readonly string[] {
  const ranks = new Map(order.map((name, rank) => [name, rank]));
  const standing = live.flatMap(({ name }) => {
    const rank = ranks.get(name);
    return rank === undefined ? [] : [{ name, rank }];
  });
  const isAstray = (rank: number, place: number): boolean =>
    standing.some((other, otherPlace) => (otherPlace < place ? other.rank > rank : other.rank < rank));
  return standing.filter(({ rank }, place) => isAstray(rank, place)).map(({ name }) => name);
}
