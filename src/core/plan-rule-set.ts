import { canStop, sameRule, type ReceiptRule } from './receipt-rule.ts';
import { union } from './recipients.ts';
import { arrange, rulesOf, storageRuleName, type Arrangement, type RuleBlock } from './rule-block.ts';
import { createJudge, type Harm, type Judge } from './rule-judge.ts';
import { createNeeds } from './rule-needs.ts';
import { orderTarget } from './rule-order.ts';
import { anchorsOf, finalRules, inOrder, placesFor } from './rule-places.ts';
import { listTasks, type Task } from './rule-tasks.ts';

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
 * Rules of others are neither changed nor moved; a rule of ours that leaves is deleted last. Planning again after the
 * calls ran gives an empty list, whether or not `blocked` is set. Ours end in one order whoever came first; on which side
 * of a rule of somebody else they stand depends on what stood there when they came.
 *
 * On the way each rule does to a mail what it did or what it will do, who was served and will be is served, and no
 * function runs without its stored body; also when any one call fails and those that need it are left out. That holds
 * wherever no rule can end the evaluation. Where rules can, it holds for every set of up to three rules of ours and three
 * of others of which one stops. With more of them, added, moved and changed at once, a rule may see a mail once too often
 * (some in 100 sets drawn at random, more when a call fails) or miss one until the last call (about 1 in 1000): there
 * every call that is left, in each of the turns tried, stops some mail too early or lets it through too late. In random
 * sessions of three pipelines whose rules stop, with accidents at any call, no mail was lost in 800.
 *
 * Calls: creates + updates + deletes + 2 (read again, Reorder) where the order is wrong, or + 1 (read again) where only
 * rules were created. Where rules come to rely on a storage rule that is new, the set is read again before they do; with
 * rules that end the evaluation that can be one read more, because a create or the Reorder has to wait for them (in
 * fewer than 1 of 400 small cases of a change of placement).
 * A storage rule whose recipients both grow and shrink is updated twice; so is a rule that has to
 * take over a recipient before it can give up another one.
 *
 * @param observed every rule of the set, in the order of evaluation
 * @param blocks one for every pipeline that has, or may still have, rules in the set; an empty block removes its rules
 */
export function planRuleSet(observed: readonly ReceiptRule[], blocks: readonly RuleBlock[]): RuleSetPlan {
  const all = arrange(blocks);
  const tasks = listTasks(observed, all);
  const first = planInTurn(observed, all, tasks);
  if (first.worst !== 'lost') return first.plan;
  // Rare, and only with rules that stop the evaluation: another turn of tasks may lose nothing.
  const removesFirst = [...tasks.filter(removes), ...tasks.filter((task) => !removes(task))];
  const others = [removesFirst, [...tasks].reverse()].map((turn) => planInTurn(observed, all, turn));
  return (others.find(({ worst }) => worst !== 'lost') ?? first).plan;
}

const reliesOnPlace = (task: Task): boolean => task.kind === 'update' && task.relies === true;

const removes = (task: Task): boolean => task.kind === 'delete';

function planInTurn(observed: readonly ReceiptRule[], all: Arrangement, tasks: readonly Task[]) {
  const planner = createPlanner(observed, all);
  let remaining = tasks;
  while (remaining.length > 0) {
    const finished = planner.advance(remaining);
    remaining = remaining.filter((task) => task !== finished);
  }
  return planner.finish();
}

/** One way to carry out a task: a call, and the rules as they are after it; without a call there is nothing to do. */
type Way = { readonly call: Call | undefined; readonly rules: readonly ReceiptRule[] };
type Call = RuleChange extends infer Change ? (Change extends unknown ? Omit<Change, 'needs'> : never) : never;

function createPlanner(observed: readonly ReceiptRule[], all: Arrangement) {
  // Where nothing is to be done, as at most looks, nothing has to be judged.
  let made: Judge | undefined;
  const judge = (): Judge => (made ??= createJudge(observed, finalRules(observed, all), all));
  const needs = createNeeds(all);
  const observedNames = new Set(observed.map((rule) => rule.name));
  const leaving = observed.flatMap(({ name }) =>
    all.blockOf(name) !== undefined && !all.wanted.has(name) ? [name] : [],
  );
  const changes: RuleChange[] = [];
  const done = new Set<Task>();
  const refusedAt = new Map<Task, number>();
  const widened = new Set<Task>();
  let rules = observed;
  let blocked: RuleSetPlan['blocked'];
  let worst: Harm = 'none';
  /** Index of the change that looks where the created rules landed; undefined: none has since the last of them. */
  let verifiedAt: number | undefined;

  /** Makes the best call that can be made now; returns the task that is finished by it. */
  const advance = (remaining: readonly Task[]): Task | undefined => {
    const ready = remaining.filter((task) => task.after.every((other) => done.has(other)));
    // First what harms nothing, then what at worst lets a rule see a mail once too often. The second is needed only
    // where a wrong order comes together with rules that stop the evaluation.
    for (const accepted of ['none', 'extra'] as const) {
      for (const task of ready) {
        const way = waysOf(task).find(
          (other) => other.call === undefined || isAtMost(judge().harm(other.rules), accepted),
        );
        if (way !== undefined) return mustBeVerified(task) ? verify() : carryOut(task, way);
        refusedAt.set(task, changes.length);
      }
      for (const task of ready) {
        const way = wideningsOf(task).find((other) => isAtMost(judge().harm(other.rules), accepted));
        if (way !== undefined) return mustBeVerified(task) ? verify() : widen(task, way);
      }
    }
    const task = ready.find(({ kind }) => kind !== 'order') ?? ready[0];
    if (task === undefined) throw new Error('the tasks of a rule set plan wait for each other');
    if (mustBeVerified(task)) return verify();
    const way = waysOf(task)[0];
    if (way?.call !== undefined) worst = 'lost';
    return carryOut(task, way);
  };

  const mustBeVerified = (task: Task): boolean => reliesOnPlace(task) && verifiedAt === undefined;

  const carryOut = (task: Task, way: Way | undefined): Task => {
    done.add(task);
    if (way !== undefined) make(task, way);
    return task;
  };

  const widen = (task: Task, way: Way): undefined => {
    widened.add(task);
    make(task, way);
  };

  const make = (task: Task, { call, rules: next }: Way): void => {
    if (call === undefined) return;
    const effect = {
      kind: call.kind,
      rule: nameIn(call),
      adds: judge().added(rules, next),
      removes: judge().added(next, rules),
      mends: judge().mended(rules, next),
      touches: judge().touched(rules, next),
      stops: canStopIn(call),
      refusedAt: refusedAt.get(task),
    };
    const landed = reliesOnPlace(task) && verifiedAt !== undefined ? [verifiedAt] : [];
    changes.push({ ...call, needs: [...new Set([...needs.add(effect), ...landed])] });
    if (call.kind === 'createRule') verifiedAt = undefined;
    if (call.kind === 'orderRules') verifiedAt = changes.length - 1;
    rules = next;
  };

  /** Where the created rules landed is looked at before another relies on it; with a Reorder that is due anyway. */
  const verify = (): undefined => {
    const order = rules.map(({ name }) => name).filter((name) => all.blockOf(name) !== undefined);
    const asTheyAre: Way = { rules, call: { kind: 'orderRules', owner: undefined, order, expected: 'right' } };
    const due = reorders().find((way) => way.call !== undefined && judge().harm(way.rules) === 'none');
    make({ kind: 'order', after: [] }, due ?? asTheyAre);
  };

  /** Every way to carry out the task now, the best first. */
  const waysOf = (task: Task): readonly Way[] => {
    switch (task.kind) {
      case 'create':
        return placesFor(task.rule, task.block, rules, all).map((index) => ({
          rules: rules.toSpliced(index, 0, task.rule),
          call: {
            kind: 'createRule',
            owner: task.block.owner,
            rule: task.rule,
            after: anchorsOf(rules, index, observedNames),
          },
        }));
      case 'update':
        return [updateTo(task.rule, task.block)];
      case 'delete': {
        const before = present(task.name);
        return [
          {
            rules: rules.filter((rule) => rule !== before),
            call: { kind: 'deleteRule', owner: task.block.owner, before },
          },
        ];
      }
      case 'order':
        return reorders();
    }
  };

  /** The rule with the recipients of both its versions: it takes over before it gives up. */
  const wideningsOf = (task: Task): readonly Way[] => {
    if (task.kind !== 'update' || widened.has(task)) return [];
    const before = present(task.rule.name);
    if (!before.enabled) return [];
    const recipients = union(before.recipients, task.rule.recipients);
    return [task.rule, before]
      .map((version) => ({ ...version, recipients }))
      .filter((rule) => !sameRule(rule, before) && !sameRule(rule, task.rule))
      .map((rule) => updateTo(rule, task.block));
  };

  const updateTo = (rule: ReceiptRule, { owner }: RuleBlock): Way => {
    const before = present(rule.name);
    return {
      rules: rules.map((other) => (other === before ? rule : other)),
      call: { kind: 'updateRule', owner, before, rule },
    };
  };

  /** Rules that will go stand where they do no harm meanwhile, or where they are if they cannot be moved. */
  const reorders = (): readonly Way[] => {
    blocked = undefined;
    if (orderTarget(rules, all.order).kind === 'right') return [{ rules, call: undefined }];
    const orders = leaving.length > 0 ? [orderWith(leaving, all), all.order] : [all.order];
    const targets = orders.map((order) => ({ order, target: orderTarget(rules, order) }));
    const ways = targets.flatMap(({ order, target }): Way[] =>
      target.kind === 'reorder'
        ? [
            {
              rules: inOrder(rules, target.names),
              call: { kind: 'orderRules', owner: undefined, order, expected: 'reorder' },
            },
          ]
        : [],
    );
    const obstacle = targets.at(-1)?.target;
    if (ways.length === 0 && obstacle?.kind === 'blocked') blocked = { ours: obstacle.ours, foreign: obstacle.foreign };
    return ways;
  };

  const present = (name: string): ReceiptRule => {
    const found = rules.find((rule) => rule.name === name);
    if (found === undefined) throw new Error(`rule ${name} is to be changed but is not in the set`);
    return found;
  };

  const finish = (): { readonly plan: RuleSetPlan; readonly worst: Harm } => {
    const created = changes.some((change) => change.kind === 'createRule');
    if (created && verifiedAt === undefined) {
      // A rule that could not be deleted must not come to stand in front of what stores for it.
      changes.push({
        kind: 'orderRules',
        owner: undefined,
        needs: [],
        order: leaving.length > 0 ? orderWith(leaving, all) : all.order,
        expected: 'right',
      });
    }
    return { plan: { changes, blocked, result: rules }, worst };
  };

  return { advance, finish };
}

/** A storage rule that goes keeps storing in front of its block; other rules that go cannot stop anything at the end. */
function orderWith(leaving: readonly string[], { blocks, isStorageRule }: Arrangement): readonly string[] {
  const storage = new Set(leaving.filter(isStorageRule));
  const staying = blocks.flatMap((block) => {
    const name = storageRuleName(block);
    return [...(storage.has(name) ? [name] : []), ...rulesOf(block).map((rule) => rule.name)];
  });
  return [...staying, ...leaving.filter((name) => !storage.has(name))];
}

const HARMS: readonly Harm[] = ['none', 'extra', 'lost'];
const isAtMost = (harm: Harm, accepted: Harm): boolean => HARMS.indexOf(harm) <= HARMS.indexOf(accepted);

function canStopIn(call: Call): boolean {
  switch (call.kind) {
    case 'createRule':
      return canStop(call.rule);
    case 'updateRule':
      return canStop(call.before) || canStop(call.rule);
    case 'deleteRule':
      return canStop(call.before);
    case 'orderRules':
      return false;
  }
}

function nameIn(call: Call): string | undefined {
  switch (call.kind) {
    case 'createRule':
    case 'updateRule':
      return call.rule.name;
    case 'deleteRule':
      return call.before.name;
    case 'orderRules':
      return undefined;
  }
}
