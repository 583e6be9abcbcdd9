import { isRuleOf } from './names.ts';
import { canStop, sameRule, type ReceiptRule } from './receipt-rule.ts';
import { createEvaluator, harmBetween, type Effects, type Evaluator } from './rule-effects.ts';
import { orderTarget } from './rule-order.ts';

/** The rules of one pipeline, as they should stand in a set. */
export type RuleBlock = {
  /** `namespace/name` of the pipeline. */
  readonly owner: string;
  /** What the names of its rules begin with, see {@link isRuleOf}. */
  readonly prefix: string;
  /** Where bodies for these rules are stored. */
  readonly bucketName: string;
  readonly position: 'Head' | 'Tail';
  /** Lower comes first. */
  readonly priority: number;
  /** Stores for all rules that have no S3 action of their own; stands first. */
  readonly storageRule: ReceiptRule | undefined;
  readonly rules: readonly ReceiptRule[];
};

/** One call that changes a rule set. `needs` are indexes into the same list: those must have succeeded. */
export type RuleChange = { readonly owner: string | undefined; readonly needs: readonly number[] } & (
  | {
      readonly kind: 'createRule';
      readonly rule: ReceiptRule;
      /** Directly behind the first of these that exists; none: the head of the set. */
      readonly after: readonly string[];
    }
  | { readonly kind: 'updateRule'; readonly before: ReceiptRule; readonly rule: ReceiptRule }
  | { readonly kind: 'deleteRule'; readonly before: ReceiptRule }
  | {
      /** Reads the set again and, if our rules do not follow each other as in `order`, sends one Reorder. */
      readonly kind: 'orderRules';
      readonly order: readonly string[];
      /** The order is known to be wrong; otherwise this only verifies where the created rules landed. */
      readonly expected: 'reorder' | 'right';
    }
);

export type RuleSetPlan = {
  readonly changes: readonly RuleChange[];
  /** Set when a rule of somebody else makes putting ours in order unsafe. */
  readonly blocked: { readonly ours: string; readonly foreign: string } | undefined;
  /** The rules as they stand once the changes ran. */
  readonly result: readonly ReceiptRule[];
};

/**
 * The calls that turn the observed rules of one set into what all blocks want, in order.
 *
 * Rules of others are neither changed nor moved. At every prefix of the calls each rule does to a mail what it did or
 * what it will do, who was served and will be is served, and no function runs without its stored body. Planning again
 * after the calls ran gives an empty list.
 *
 * Calls: creates + updates + deletes + 2 (read again, Reorder) where the order is wrong, or + 1 (read again) where only
 * rules were created. A storage rule whose recipients both grow and shrink is updated twice; so is a rule that has to
 * take over a recipient before it can give up another one.
 *
 * @param observed every rule of the set, in the order of evaluation
 * @param blocks one for every pipeline that has, or may still have, rules in the set; an empty block removes its rules
 */
export function planRuleSet(observed: readonly ReceiptRule[], blocks: readonly RuleBlock[]): RuleSetPlan {
  const planner = createPlanner(observed, [...blocks].sort(blockOrder));
  let remaining = planner.actions;
  while (remaining.length > 0) {
    const next = planner.pick(remaining);
    remaining = remaining.filter((action) => action !== next.done);
  }
  return planner.finish();
}

/** Head before Tail, then priority, namespace, name: the same for any order of arrival. */
export function blockOrder(a: RuleBlock, b: RuleBlock): number {
  const rank = (block: RuleBlock) => (block.position === 'Head' ? 0 : 1);
  return rank(a) - rank(b) || a.priority - b.priority || compare(a.owner, b.owner);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Something that is still to be done; what it comes to is decided when its turn comes. */
type Action = {
  readonly kind: 'create' | 'update' | 'delete' | 'order';
  readonly block: RuleBlock | undefined;
  readonly name: string;
  readonly rule: ReceiptRule | undefined;
  /** Not before all of these. */
  readonly after: readonly Action[];
};

type Harm = 'none' | 'extra' | 'lost';
const HARMS: readonly Harm[] = ['none', 'extra', 'lost'];
const atMost = (harm: Harm, accepted: Harm): boolean => HARMS.indexOf(harm) <= HARMS.indexOf(accepted);

type State = { readonly rules: readonly ReceiptRule[]; readonly change: RuleChange };

function createPlanner(observed: readonly ReceiptRule[], blocks: readonly RuleBlock[]) {
  const order = blocks.flatMap((block) => desiredOf(block).map((rule) => rule.name));
  const desired = new Map(blocks.flatMap((block) => desiredOf(block).map((rule) => [rule.name, rule] as const)));
  const blockOf = (name: string) => blocks.find((block) => isRuleOf(block.prefix, name));
  const stale = observed.filter((rule) => !desired.has(rule.name) && blockOf(rule.name) !== undefined);
  const actions = listActions(observed, blocks, stale);

  const look = createLook(observed, blocks, finalRules(observed, blocks, desired, order), blockOf);
  const changes: RuleChange[] = [];
  const touched: { change: number; adds: bigint; block: RuleBlock | undefined }[] = [];
  const done = new Set<Action>();
  const refused = new Set<Action>();
  const widened = new Set<string>();
  let rules = observed;
  let blocked: RuleSetPlan['blocked'];

  const ready = (action: Action) => action.after.every((other) => done.has(other));

  const accept = (action: Action | undefined, state: State | undefined, part: Action | undefined = action) => {
    if (action !== undefined) done.add(action);
    if (state !== undefined && part !== undefined) {
      changes.push({ ...state.change, needs: needsOf(part, state) });
      touched.push({ change: changes.length - 1, adds: look.added(rules, state.rules), block: part.block });
      rules = state.rules;
    }
    return { done: action };
  };

  /** What takes mail away waits for all that takes it over; what needed the new order waits for the Reorder. */
  const needsOf = (action: Action, state: State): number[] => {
    const removed = look.added(state.rules, rules);
    const givesUp = action.kind === 'delete' || (action.kind === 'update' && removed !== 0n);
    return touched.flatMap(({ change, adds, block }) => {
      const kind = changes[change]?.kind;
      if (kind === 'orderRules') return refused.has(action) && action.kind !== 'create' ? [change] : [];
      const serves = action.kind === 'create' || action.kind === 'update' ? isStorage(changes[change]) && block === action.block : false;
      const takesOver = givesUp && kind !== 'deleteRule' && ((adds & removed) !== 0n || block === action.block);
      return serves || takesOver ? [change] : [];
    });
  };
  const isStorage = (change: RuleChange | undefined) =>
    change !== undefined && (change.kind === 'createRule' || change.kind === 'updateRule') && isStorageRule(change.rule.name, blocks);

  /** Every way to carry out the action now, the best first; `nothing` where there is nothing left to do. */
  const ways = (action: Action, accepted: Harm): (State | 'nothing')[] => {
    const owner = action.block?.owner;
    switch (action.kind) {
      case 'create': {
        if (action.rule === undefined) return [];
        const rule = action.rule;
        return placesFor(rule, action.block, rules, blocks, order).map((index) => ({
          rules: rules.toSpliced(index, 0, rule),
          change: { kind: 'createRule', owner, needs: [], rule, after: anchors(rules, index, observed) },
        }));
      }
      case 'update': {
        const before = rules.find((rule) => rule.name === action.name);
        if (before === undefined || action.rule === undefined) return [];
        return [updated(rules, before, action.rule, owner)];
      }
      case 'delete': {
        const before = rules.find((rule) => rule.name === action.name);
        if (before === undefined) return [];
        return [{ rules: rules.filter((rule) => rule !== before), change: { kind: 'deleteRule', owner, needs: [], before } }];
      }
      case 'order':
        return reorders(accepted === 'lost');
    }
  };

  /** Rules that will go stand behind those that stay, or where they are if they cannot be moved. */
  const reorders = (last: boolean): (State | 'nothing')[] => {
    blocked = undefined;
    if (orderTarget(rules, order).kind === 'right') return ['nothing'];
    const leaving = rules.filter((rule) => stale.some((other) => other.name === rule.name)).map((rule) => rule.name);
    const byName = new Map(rules.map((rule) => [rule.name, rule]));
    const found: (State | 'nothing')[] = [];
    for (const candidate of leaving.length > 0 ? [[...order, ...leaving], order] : [order]) {
      const target = orderTarget(rules, candidate);
      if (target.kind === 'blocked') blocked = { ours: target.ours, foreign: target.foreign };
      if (target.kind === 'reorder')
        found.push({
          rules: target.names.flatMap((name) => byName.get(name) ?? []),
          change: { kind: 'orderRules', owner: undefined, needs: [], order: candidate, expected: 'reorder' },
        });
    }
    if (found.length > 0) blocked = undefined;
    else if (last) return ['nothing'];
    return found;
  };

  const pick = (remaining: readonly Action[]): { done: Action | undefined } => {
    const candidates = remaining.filter(ready);
    // Two rounds: first what harms nothing, then what at worst lets a rule see a mail once too often. The second is
    // needed only where a wrong order comes together with rules that stop the evaluation.
    for (const accepted of ['none', 'extra'] as const) {
      for (const action of candidates) {
        const state = ways(action, accepted).find((way) => way === 'nothing' || atMost(look.harm(way.rules), accepted));
        if (state !== undefined) return accept(action, state === 'nothing' ? undefined : state);
        refused.add(action);
      }
      for (const action of candidates) {
        const state = widenings(action, rules, widened).find((way) => atMost(look.harm(way.rules), accepted));
        if (state === undefined) continue;
        widened.add(action.name);
        return accept(undefined, state, action);
      }
    }
    const first = candidates.find((action) => action.kind !== 'order') ?? candidates[0];
    if (first === undefined) throw new Error('the actions of a rule set plan wait for each other');
    const [way] = ways(first, 'lost');
    return accept(first, way === 'nothing' ? undefined : way);
  };

  const finish = (): RuleSetPlan => {
    const created = changes.some((change) => change.kind === 'createRule');
    const verified = changes.some((change) => change.kind === 'orderRules');
    if (created && !verified)
      changes.push({ kind: 'orderRules', owner: undefined, needs: [], order, expected: 'right' });
    return { changes, blocked, result: rules };
  };

  return { actions, pick, finish };
}

/** Creates and updates block by block, then the order, then what goes, last rule first. */
function listActions(
  observed: readonly ReceiptRule[],
  blocks: readonly RuleBlock[],
  stale: readonly ReceiptRule[],
): Action[] {
  const live = new Map(observed.map((rule) => [rule.name, rule]));
  const building: Action[] = [];
  const storageLast: Action[] = [];
  const removing: Action[] = [];
  const order: Action = { kind: 'order', block: undefined, name: '', rule: undefined, after: building };

  for (const block of blocks) {
    const storage = storageActions(block, live);
    if (storage.first !== undefined) building.push(storage.first);
    const after = storage.first === undefined ? [] : [storage.first];
    for (const rule of block.rules) {
      const current = live.get(rule.name);
      if (current !== undefined && sameRule(current, rule)) continue;
      building.push({ kind: current === undefined ? 'create' : 'update', block, name: rule.name, rule, after });
    }
    if (storage.last !== undefined) storageLast.push(storage.last);
  }
  const creates = building.filter((action) => action.kind === 'create');
  const orderAction: Action = { ...order, after: creates };
  for (const block of [...blocks].reverse()) {
    const own = stale.filter((rule) => isRuleOf(block.prefix, rule.name) && rule.name !== storageName(block));
    const deletes = [...own].reverse().map(
      (rule): Action => ({ kind: 'delete', block, name: rule.name, rule: undefined, after: creates }),
    );
    removing.push(...deletes);
    const last = storageLast.find((action) => action.block === block);
    if (last !== undefined)
      removing.push({ ...last, after: [...deletes, ...building.filter((action) => action.block === block)] });
  }
  return [...building, orderAction, ...removing];
}

/** What happens to the storage rule before the block's other rules, and what after them. */
function storageActions(
  block: RuleBlock,
  live: ReadonlyMap<string, ReceiptRule>,
): { first: Action | undefined; last: Action | undefined } {
  const name = storageName(block);
  const current = live.get(name);
  const wanted = block.storageRule;
  const action = (kind: Action['kind'], rule: ReceiptRule | undefined): Action => ({ kind, block, name, rule, after: [] });
  if (wanted === undefined) return { first: undefined, last: current === undefined ? undefined : action('delete', undefined) };
  if (current === undefined) return { first: action('create', wanted), last: undefined };
  if (sameRule(current, wanted)) return { first: undefined, last: undefined };
  const grows = !current.enabled || !covers(current.recipients, wanted.recipients);
  const shrinks = current.enabled && !covers(wanted.recipients, current.recipients);
  if (!shrinks) return { first: action('update', wanted), last: undefined };
  if (!grows) return { first: undefined, last: action('update', wanted) };
  return {
    first: action('update', { ...wanted, recipients: union(current.recipients, wanted.recipients) }),
    last: action('update', wanted),
  };
}

const covers = (wide: readonly string[], narrow: readonly string[]): boolean =>
  wide.length === 0 || (narrow.length > 0 && narrow.every((recipient) => wide.includes(recipient)));

/** An empty list is everybody. */
export function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return a.length === 0 || b.length === 0 ? [] : [...new Set([...a, ...b])];
}

/** The rule with the recipients of both its versions: it takes over before it gives up. */
function widenings(action: Action, rules: readonly ReceiptRule[], widened: ReadonlySet<string>): State[] {
  const before = rules.find((rule) => rule.name === action.name);
  const wanted = action.rule;
  if (action.kind !== 'update' || wanted === undefined || before === undefined || widened.has(action.name)) return [];
  if (!before.enabled) return [];
  const recipients = union(before.recipients, wanted.recipients);
  return [wanted, before]
    .map((version) => ({ ...version, recipients }))
    .filter((rule) => !sameRule(rule, before) && !sameRule(rule, wanted))
    .map((rule) => updated(rules, before, rule, action.block?.owner));
}

function updated(rules: readonly ReceiptRule[], before: ReceiptRule, rule: ReceiptRule, owner: string | undefined): State {
  return {
    rules: rules.map((other) => (other === before ? rule : other)),
    change: { kind: 'updateRule', owner, needs: [], before, rule },
  };
}

/**
 * Where a new rule goes, best first: beside its own block, else behind the block before it, else in front of the next
 * one, else where `position` says. The second place is behind everything that has to come before it.
 */
function placesFor(
  rule: ReceiptRule,
  block: RuleBlock | undefined,
  rules: readonly ReceiptRule[],
  blocks: readonly RuleBlock[],
  order: readonly string[],
): number[] {
  if (block === undefined) return [];
  const place = new Map(rules.map((other, index) => [other.name, index]));
  const placesOf = (names: readonly string[]) => names.flatMap((name) => place.get(name) ?? []);
  const inBlock = (other: RuleBlock) => rules.flatMap((r, index) => (isRuleOf(other.prefix, r.name) ? [index] : []));
  const desired = desiredOf(block).map((other) => other.name);
  const before = placesOf(desired.slice(0, desired.indexOf(rule.name)));
  const allBefore = placesOf(order.slice(0, order.indexOf(rule.name)));
  const behindAll = allBefore.length === 0 ? [] : [Math.max(...allBefore) + 1];
  return [...new Set([beside(), ...behindAll])];

  function beside(): number {
    if (before.length > 0) return Math.max(...before) + 1;
    const own = block === undefined ? [] : inBlock(block);
    if (own.length > 0) return Math.min(...own);
    const at = blocks.findIndex((other) => other === block);
    const previous = blocks.slice(0, at).reverse().map(inBlock).find((places) => places.length > 0);
    if (previous !== undefined) return Math.max(...previous) + 1;
    const following = blocks.slice(at + 1).map(inBlock).find((places) => places.length > 0);
    if (following !== undefined) return Math.min(...following);
    return block?.position === 'Tail' ? rules.length : 0;
  }
}

/** The rule in front of the place; where that one is itself created by this plan and may fail, those in front of it. */
function anchors(rules: readonly ReceiptRule[], index: number, observed: readonly ReceiptRule[]): string[] {
  const existing = new Set(observed.map((rule) => rule.name));
  const names: string[] = [];
  for (const rule of rules.slice(0, index).reverse()) {
    names.push(rule.name);
    if (existing.has(rule.name)) break;
  }
  return names;
}

/** What the set looks like in the end; only what the rules do matters here, not where exactly new ones stand. */
function finalRules(
  observed: readonly ReceiptRule[],
  blocks: readonly RuleBlock[],
  desired: ReadonlyMap<string, ReceiptRule>,
  order: readonly string[],
): readonly ReceiptRule[] {
  const ours = (name: string) => blocks.some((block) => isRuleOf(block.prefix, name));
  let rules: readonly ReceiptRule[] = observed.filter((rule) => !ours(rule.name) || desired.has(rule.name));
  const anchored = blocks.map((block) => ({ block, names: desiredOf(block) }));
  for (const { block, names } of anchored)
    for (const rule of names) {
      if (rules.some((other) => other.name === rule.name)) continue;
      const [place = 0] = placesFor(rule, block, rules, blocks, order);
      rules = rules.toSpliced(place, 0, rule);
    }
  rules = rules.map((rule) => desired.get(rule.name) ?? rule);
  const target = orderTarget(rules, order);
  if (target.kind !== 'reorder') return rules;
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  return target.names.flatMap((name) => byName.get(name) ?? []);
}

/** Judges a state against where we come from and where we go, with synchronous functions stopping and not. */
function createLook(
  observed: readonly ReceiptRule[],
  blocks: readonly RuleBlock[],
  goal: readonly ReceiptRule[],
  blockOf: (name: string) => RuleBlock | undefined,
) {
  const evaluator: Evaluator = createEvaluator([...observed, ...goal], (name) => blockOf(name)?.bucketName);
  const modes = [...observed, ...goal].some((rule) => canStop(rule)) ? [true, false] : [true];
  const effects = (rules: readonly ReceiptRule[]) => modes.map((sure) => evaluator.evaluate(rules, sure));
  const before = effects(observed);
  const after = effects(goal);
  const isStorage = (name: string) => isStorageRule(name, blocks);
  const harm = (rules: readonly ReceiptRule[]): Harm => {
    const now = effects(rules).map((effect, mode) => harmBetween(at(before, mode), at(after, mode), effect, isStorage));
    return now.includes('lost') ? 'lost' : now.includes('extra') ? 'extra' : 'none';
  };
  /** Addresses that some rule applies to in `to` and did not in `from`. */
  const added = (from: readonly ReceiptRule[], to: readonly ReceiptRule[]): bigint => {
    const was = new Map(from.map((rule) => [rule.name, evaluator.addresses(rule)]));
    return to.reduce((sum, rule) => sum | (evaluator.addresses(rule) & ~(was.get(rule.name) ?? 0n)), 0n);
  };
  return { harm, added };
}

function at(effects: readonly Effects[], mode: number): Effects {
  const found = effects[mode];
  if (found === undefined) throw new Error('no such mode');
  return found;
}

const desiredOf = (block: RuleBlock): readonly ReceiptRule[] =>
  block.storageRule === undefined ? block.rules : [block.storageRule, ...block.rules];

const storageName = (block: RuleBlock): string => `${block.prefix}MessageBodyStorage`;

const isStorageRule = (name: string, blocks: readonly RuleBlock[]): boolean =>
  blocks.some((block) => storageName(block) === name);
