import { sameActions, sameRule, storesItself, type ReceiptRule } from './receipt-rule.ts';
import { covers, union } from './recipients.ts';
import { storageRuleName, type Arrangement, type RuleBlock } from './rule-block.ts';

/** Something that is still to be done; which call it comes to is decided when its turn comes. */
export type Task = {
  /** Not before all of these. */
  readonly after: readonly Task[];
} & (
  | { readonly kind: 'create'; readonly block: RuleBlock; readonly rule: ReceiptRule }
  | {
      readonly kind: 'update';
      readonly block: RuleBlock;
      readonly rule: ReceiptRule;
      /** The rule does not store, and what stores for it is made in the same plan: that has to stand in front of it. */
      readonly relies?: true;
    }
  | { readonly kind: 'delete'; readonly block: RuleBlock; readonly name: string }
  | { readonly kind: 'order' }
);

/**
 * Everything that differs: creates and updates block by block, those last that rely on where a rule landed, then the
 * order, then what goes, last rule first.
 */
export function listTasks(observed: readonly ReceiptRule[], all: Arrangement): Task[] {
  const live = new Map(observed.map((rule) => [rule.name, rule]));
  const building: Task[] = [];
  const relying: Task[] = [];
  const storageLast = new Map<RuleBlock, (after: readonly Task[]) => Task>();
  for (const block of all.blocks) {
    const storage = storageTasks(block, live.get(storageRuleName(block)));
    if (storage.last !== undefined) storageLast.set(block, storage.last);
    const first = storage.first === undefined ? [] : [storage.first];
    building.push(...first);
    const storageIsNew = storage.first?.kind === 'create';
    for (const rule of block.rules) {
      const current = live.get(rule.name);
      if (current === undefined) building.push({ kind: 'create', block, rule, after: first });
      else if (sameRule(current, rule)) continue;
      else if (storageIsNew && !storesItself(rule))
        relying.push({ kind: 'update', block, rule, relies: true, after: first });
      else building.push({ kind: 'update', block, rule, after: first });
    }
  }
  const creates = building.filter((task) => task.kind === 'create');
  const changing = [...building, ...relying];

  const removing: Task[] = [];
  for (const block of [...all.blocks].reverse()) {
    const deletes = observed
      .filter(({ name }) => all.blockOf(name) === block && !all.wanted.has(name) && !all.isStorageRule(name))
      .map(({ name }): Task => ({ kind: 'delete', block, name, after: creates }))
      .reverse();
    const own = changing.filter((task) => task.kind !== 'order' && task.block === block);
    const last = storageLast.get(block);
    removing.push(...deletes, ...(last === undefined ? [] : [last([...deletes, ...own])]));
  }
  return [...changing, { kind: 'order', after: creates }, ...removing];
}

/** What happens to the storage rule before the block's other rules, and what after them. */
function storageTasks(
  block: RuleBlock,
  current: ReceiptRule | undefined,
): { readonly first: Task | undefined; readonly last: ((after: readonly Task[]) => Task) | undefined } {
  const wanted = block.storageRule;
  if (wanted === undefined) {
    const name = storageRuleName(block);
    return { first: undefined, last: current && ((after) => ({ kind: 'delete', block, name, after })) };
  }
  if (current === undefined) return { first: { kind: 'create', block, rule: wanted, after: [] }, last: undefined };
  if (sameRule(current, wanted)) return { first: undefined, last: undefined };

  const stores = current.enabled && sameActions(current.actions, wanted.actions);
  const grows = !stores || !covers(current.recipients, wanted.recipients);
  const shrinks = current.enabled && !covers(wanted.recipients, current.recipients);
  const widened = grows && shrinks ? { ...wanted, recipients: union(current.recipients, wanted.recipients) } : wanted;
  return {
    first: grows || !shrinks ? { kind: 'update', block, rule: widened, after: [] } : undefined,
    last: shrinks ? (after) => ({ kind: 'update', block, rule: wanted, after }) : undefined,
  };
}
