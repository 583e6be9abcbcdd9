import { planRuleSet, type RuleSetPlan } from '../../../src/core/plan-rule-set.ts';
import { rulesOf, type RuleBlock } from '../../../src/core/rule-block.ts';
import { canStop, sameRule, type ReceiptRule } from '../../../src/core/receipt-rule.ts';
import { createHarmCheck, foreignIn, oursIn, withStorage } from './rule-worlds.ts';
import { ask, BUCKET, invoke, PREFIX, rule, statesOf, stop, store } from './rules.ts';

/** What becomes of a rule of ours. */
const FATES = ['absent', 'added', 'updated', 'deleted', 'kept'] as const;
type Fate = (typeof FATES)[number];
type Version = 'old' | 'new';

/** Who may end the evaluation: with a stop action, or with a function that is asked for its answer. */
export type Stopper = 'nobody' | 'ours' | 'theirs' | 'ours asks';

/** Where bodies are stored, now and then: by each rule itself, or by one storage rule at the head. */
const PLACEMENTS = {
  kept: [
    { old: 'PerRule', new: 'PerRule' },
    { old: 'HeadRule', new: 'HeadRule' },
  ],
  changed: [
    { old: 'PerRule', new: 'HeadRule' },
    { old: 'HeadRule', new: 'PerRule' },
  ],
} as const;

/** What is shared by the cases that differ only in where the observed rules stand. */
type Family = {
  readonly block: RuleBlock;
  readonly harmOf: ReturnType<typeof createHarmCheck>;
  /** Names of the rules of a final state in which there was nothing left to do. */
  readonly atRest: Set<string>;
};

export type Case = { readonly name: () => string; readonly observed: readonly ReceiptRule[]; readonly family: Family };

const NAMES = ['A', 'B', 'C'] as const;
const RECIPIENTS = {
  /** Everybody has an address of their own. */
  apart: {
    old: [['a@x.io'], ['b@x.io'], ['c@x.io']],
    new: [
      ['a@x.io', 'd@x.io'],
      ['b@x.io', 'e@x.io'],
      ['c@x.io', 'f@x.io'],
    ],
  },
  /** Every rule is for everybody, first for one domain, then for all. */
  same: { old: [['x.io'], ['x.io'], ['x.io']], new: [[], [], []] },
  /** An update hands the recipients on to the next rule. */
  shifted: { old: [['a@x.io'], ['b@x.io'], ['c@x.io']], new: [['b@x.io'], ['c@x.io'], ['a@x.io']] },
} as const;
const THEIRS = [['x.io'], ['a@x.io', 'b@x.io'], []] as const;

/**
 * Every set of up to three rules of ours and three of others, in every order, where each of ours is added, updated,
 * deleted or kept: with and without a storage rule, or on the way from one to the other, for each kind of recipients.
 */
export function* allCases(stopper: Stopper, placements: keyof typeof PLACEMENTS): Generator<Case> {
  for (const fates of product(FATES, NAMES.length))
    for (const kind of ['apart', 'same', 'shifted'] as const)
      for (const placement of PLACEMENTS[placements]) {
        const make = (index: number, version: Version, recipients: Version = version): ReceiptRule =>
          rule(`${PREFIX}${NAMES[index]}`, {
            recipients: RECIPIENTS[kind][recipients][index] ?? [],
            actions: [
              ...(placement[version] === 'HeadRule' ? [] : [store()]),
              stopper === 'ours asks' && index === 1 ? ask() : invoke(),
              ...(stopper === 'ours' && index === 1 ? [stop] : []),
            ],
          });
        const isIn = (...wanted: Fate[]) => fates.flatMap((fate, index) => (wanted.includes(fate) ? [index] : []));
        const live = isIn('updated', 'deleted', 'kept').map((index) => make(index, 'old'));
        const wanted = isIn('added', 'updated', 'kept').map((index) =>
          make(index, 'new', fates[index] === 'kept' ? 'old' : 'new'),
        );
        const block = withStorage(wanted, placement.new === 'HeadRule', store(BUCKET));
        const before = withStorage(live, placement.old === 'HeadRule', store(BUCKET)).storageRule;
        const head = before === undefined ? [] : [before];
        const foreign = theirs(stopper);
        const harmOf = createHarmCheck([...head, ...live, ...rulesOf(block), ...foreign], [block]);
        const family: Family = { block, harmOf, atRest: new Set() };
        for (const ours of permutations(live))
          for (const others of [0, 1, 2, 3])
            for (const mixed of mixtures(ours, foreign.slice(0, others))) {
              const observed = [...head, ...mixed];
              const name = () =>
                `${kind} ${fates.join()} from ${placement.old} to ${placement.new}: ${namesIn(observed).join()}`;
              yield { name, observed, family };
            }
      }
}

const namesIn = (rules: readonly ReceiptRule[]): readonly string[] => rules.map(({ name }) => name);

function theirs(stopper: Stopper): ReceiptRule[] {
  return THEIRS.map((recipients, index) =>
    rule(`theirs-${index}`, {
      recipients,
      actions: [invoke('arn:theirs'), ...(stopper === 'theirs' && index === 1 ? [stop] : [])],
    }),
  );
}

function* product<T>(values: readonly T[], length: number): Generator<T[]> {
  if (length === 0) return yield [];
  for (const rest of product(values, length - 1)) for (const value of values) yield [...rest, value];
}

function* permutations<T>(values: readonly T[]): Generator<T[]> {
  if (values.length === 0) return yield [];
  for (const [index, value] of values.entries())
    for (const rest of permutations(values.toSpliced(index, 1))) yield [value, ...rest];
}

/** Both lists run into one in every way that keeps the order of each. */
function* mixtures<T>(a: readonly T[], b: readonly T[]): Generator<T[]> {
  const [first, ...restOfA] = a;
  const [other, ...restOfB] = b;
  if (first === undefined || other === undefined) return yield [...a, ...b];
  for (const rest of mixtures(restOfA, b)) yield [first, ...rest];
  for (const rest of mixtures(a, restOfB)) yield [other, ...rest];
}

export type Tally = {
  readonly cases: number;
  /** What did not hold, and the case. */
  readonly broken: readonly string[];
  /** Cases in which a Reorder could not be sent. */
  readonly blocked: number;
};

/** Plans every case and looks at everything that `planRuleSet` promises. */
export function tally(cases: Iterable<Case>): Tally {
  const broken: string[] = [];
  let count = 0;
  let blocked = 0;
  for (const found of cases) {
    count += 1;
    const plan = planRuleSet(found.observed, [found.family.block]);
    if (plan.blocked !== undefined) blocked += 1;
    for (const promise of brokenPromises(found, plan)) broken.push(`${promise}: ${found.name()}`);
  }
  return { cases: count, broken, blocked };
}

function brokenPromises(found: Case, plan: RuleSetPlan): string[] {
  const { block, harmOf } = found.family;
  const states = statesOf(found.observed, plan.changes);
  const final = states.at(-1) ?? [];
  const order = namesIn(rulesOf(block));
  const names = oursIn(final, [block]);
  const { calls, takeovers } = promisedCalls(found, plan);
  const updates = new Set(plan.changes.flatMap((change) => (change.kind === 'updateRule' ? [change.rule.name] : [])));
  return [
    ...(plan.blocked === undefined
      ? names.join() === order.join()
        ? []
        : ['the order']
      : names.length === order.length
        ? []
        : ['the rules']),
    ...(areSame(foreignIn(final, [block]), foreignIn(found.observed, [block])) ? [] : ['rules of others']),
    ...(areSame(final, plan.result) ? [] : ['the result']),
    ...(isAtRest(final, found.family) ? [] : ['nothing left to do']),
    ...(callsOf(plan) === calls ? [] : ['the number of calls']),
    ...(takeovers <= updates.size ? [] : ['twice at most']),
    ...(harmOf(states, final) === 'none' ? [] : ['no harm on the way']),
  ];
}

/** The very same rules: nothing on the way may have made one anew. */
const areSame = (a: readonly ReceiptRule[], b: readonly ReceiptRule[]): boolean =>
  a.length === b.length && a.every((found, index) => found === b[index]);

/** Many ways end in the same place; whether there is nothing left to do there is asked once. */
function isAtRest(final: readonly ReceiptRule[], { block, atRest }: Family): boolean {
  const place = namesIn(final).join();
  const asWanted = final.every((found) => !found.name.startsWith(PREFIX) || rulesOf(block).includes(found));
  if (asWanted && atRest.has(place)) return true;
  const rests = planRuleSet(final, [block]).changes.length === 0;
  if (asWanted && rests) atRest.add(place);
  return rests;
}

/** Calls to SES that a plan comes to, counted from its changes. */
function callsOf({ changes }: RuleSetPlan): number {
  return changes.reduce(
    (sum, change) => sum + (change.kind === 'orderRules' && change.expected === 'reorder' ? 2 : 1),
    0,
  );
}

/** The calls that the documentation of `planRuleSet` promises, counted from the rules alone. */
function promisedCalls(
  { observed, family: { block } }: Case,
  { blocked, changes }: RuleSetPlan,
): { readonly calls: number; readonly takeovers: number } {
  const live = new Map(observed.map((found) => [found.name, found]));
  const wanted = rulesOf(block);
  const created = wanted.filter(({ name }) => !live.has(name)).length;
  const updated = wanted.filter((found) => isChanged(live.get(found.name), found)).length;
  const deleted = observed.filter(
    ({ name }) => name.startsWith(PREFIX) && !wanted.some((other) => other.name === name),
  ).length;
  const standing = observed
    .flatMap(({ name }) => wanted.findIndex((other) => other.name === name))
    .filter((place) => place >= 0);
  const wrong = blocked === undefined && standing.some((place, index) => place < (standing[index - 1] ?? place));
  const verified = created > 0 || wrong ? 1 : 0;
  const twice = new Set(changes.flatMap((change) => (change.kind === 'updateRule' ? [change.rule.name] : [])));
  const takeovers = changes.filter((change) => change.kind === 'updateRule').length - twice.size;
  // Where a rule stops mail, a create or the Reorder may have to wait for those that rely on where the storage rule landed.
  const storageIsNew = block.storageRule !== undefined && !live.has(block.storageRule.name);
  const looks = changes.filter((change) => change.kind === 'orderRules').length - verified;
  const allowed = storageIsNew && [...observed, ...wanted].some(canStop) ? Math.max(0, Math.min(looks, 1)) : 0;
  return { calls: created + updated + deleted + verified + (wrong ? 1 : 0) + takeovers + allowed, takeovers };
}

const isChanged = (live: ReceiptRule | undefined, wanted: ReceiptRule): boolean =>
  live !== undefined && !sameRule(live, wanted);
