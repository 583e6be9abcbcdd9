import type { ObservedRuleSet } from './observed.ts';
import { sameRule, type ReceiptRule } from './receipt-rule.ts';
import type { RuleChange } from './plan-rule-set.ts';

/** A change of a rule in a set that receives no mail. */
export type CloneEdit = Exclude<RuleChange, { readonly kind: 'orderRules' }>;

/** How a set that is not in use comes to hold exactly the wanted rules. */
export type ClonePlan = {
  /** Where it starts from: what already stands in the twin, or a fresh clone of the set in use. */
  readonly from: 'twin' | 'clone';
  readonly edits: readonly CloneEdit[];
  /** Whether the edits alone leave the rules in order, if each lands where it should. */
  readonly order: 'right' | 'reorder';
};

/**
 * The fewest calls that make a set of the wanted rules beside the one in use. Nobody's mail goes through it, so there is
 * no order to keep on the way: each rule is deleted, updated or created once, and one Reorder does the rest.
 *
 * @param twin what stands under the other name; undefined: nothing that may be built on
 * @param wanted every rule of the set as it should be, in order, those of others included
 * @param ownerOf whose rule it is, for the step's sake
 */
export function planClone(
  live: ObservedRuleSet,
  twin: ObservedRuleSet | undefined,
  wanted: readonly ReceiptRule[],
  ownerOf: (ruleName: string) => string | undefined,
): ClonePlan {
  const cloned = planFrom(live.rules, wanted, ownerOf);
  if (twin === undefined) return { from: 'clone', ...cloned };
  const built = planFrom(twin.rules, wanted, ownerOf);
  // Starting afresh means to delete and to clone. Rules of others are only ever copied, never written.
  const touchesOthers = built.edits.some(({ owner }) => owner === undefined);
  const isCheaper = costOf(built) <= costOf(cloned) + 2;
  return isCheaper && !touchesOthers && !holdsUnknown(twin) ? { from: 'twin', ...built } : { from: 'clone', ...cloned };
}

type Edits = Omit<ClonePlan, 'from'>;

function planFrom(
  standing: readonly ReceiptRule[],
  wanted: readonly ReceiptRule[],
  ownerOf: (ruleName: string) => string | undefined,
): Edits {
  const before = new Map(standing.map((rule) => [rule.name, rule]));
  const after = new Set(wanted.map(({ name }) => name));
  const gone = standing.filter(({ name }) => !after.has(name));
  let rules = standing.filter(({ name }) => after.has(name));
  const written: CloneEdit[] = [];
  for (const [index, rule] of wanted.entries()) {
    const old = before.get(rule.name);
    const base = { owner: ownerOf(rule.name), needs: [], rule };
    if (old === undefined) {
      const anchor = wanted[index - 1]?.name;
      written.push({ ...base, kind: 'createRule', after: anchor === undefined ? [] : [anchor] });
      rules = rules.toSpliced(rules.findIndex(({ name }) => name === anchor) + 1, 0, rule);
    } else if (!sameRule(old, rule)) {
      written.push({ ...base, kind: 'updateRule', before: old });
      rules = rules.map((other) => (other === old ? rule : other));
    }
  }
  const deleted = gone.map((rule) => ({
    kind: 'deleteRule' as const,
    owner: ownerOf(rule.name),
    needs: [],
    before: rule,
  }));
  const inOrder = rules.every(({ name }, index) => wanted[index]?.name === name);
  // Deleted first, so that a full set has room.
  return { edits: [...deleted, ...written], order: inOrder ? 'right' : 'reorder' };
}

const costOf = ({ edits, order }: Edits): number => edits.length + (order === 'reorder' ? 1 : 0);

/** What this version does not understand cannot be compared, so only AWS itself can copy it. */
const holdsUnknown = ({ rules }: ObservedRuleSet): boolean =>
  rules.some(({ actions }) => actions.some(({ kind }) => kind === 'other'));
