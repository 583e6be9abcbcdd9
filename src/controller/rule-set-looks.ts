import type { ObservedRuleSet } from '../core/observed.ts';
import type { Clock, Ports, ReceiptRules } from '../core/ports.ts';
import { afterCreate, afterDelete, afterReorder, afterUpdate, changedRules } from '../core/rule-set-edits.ts';

/** What a region's rule sets looked like, kept up with our own writes. `undefined` in it: the set does not exist. */
type Snapshot = {
  readonly takenAtMs: number;
  active: { readonly name: string | undefined } | undefined;
  readonly sets: Map<string, ObservedRuleSet | undefined>;
  /** What was known before, to tell what others have changed since. */
  readonly before: ReadonlyMap<string, ObservedRuleSet | undefined>;
};

/** One look at the rule sets of a region, shared by all who ask. */
export type RuleSetLooks = {
  /** Ports to plan with: the sets as they were read no earlier than `asOfMs`, and as our own writes left them since. */
  readonly planning: (asOfMs: number) => Pick<Ports, 'receiptRules'>;
  /** Ports to act with: every read is a call, and what a call did is remembered for the next look. */
  readonly acting: Pick<Ports, 'receiptRules'>;
  /** Milliseconds since 1970 of the look that `planning` goes by; minus infinity before the first. */
  readonly takenAtMs: () => number;
};

export type RuleSetLooksOptions = {
  readonly ports: Pick<Ports, 'receiptRules'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Told the names of rules that somebody else has changed, moved or deleted since the look before. */
  readonly onChangedByOthers?: (rules: readonly string[]) => void;
};

/**
 * SES allows one call a second for an account and region, and a set is read as a whole: so pipelines that look at the
 * same time share a look, and after our own writes nobody has to look again. A write that failed may have taken effect,
 * so it ends what is known.
 */
export function createRuleSetLooks({ ports, clock, onChangedByOthers }: RuleSetLooksOptions): RuleSetLooks {
  const { receiptRules: rules } = ports;
  const nothing = (takenAtMs: number, before: Snapshot['before']): Snapshot => ({
    takenAtMs,
    active: undefined,
    sets: new Map(),
    before,
  });
  let snapshot = nothing(Number.NEGATIVE_INFINITY, new Map());

  const takenSince = (asOfMs: number): Snapshot => {
    if (snapshot.takenAtMs < asOfMs) snapshot = nothing(clock.now(), new Map([...snapshot.before, ...snapshot.sets]));
    return snapshot;
  };
  const found = (into: Snapshot, ruleSet: string, set: ObservedRuleSet | undefined): void => {
    const before = into.sets.has(ruleSet) ? into.sets.get(ruleSet) : into.before.get(ruleSet);
    into.sets.set(ruleSet, set);
    const changed = before === undefined ? [] : changedRules(before, set);
    if (changed.length > 0) onChangedByOthers?.(changed);
  };

  const describeActive = async (into: Snapshot): Promise<ObservedRuleSet | undefined> => {
    const active = await rules.describeActive();
    into.active = { name: active?.name };
    if (active !== undefined) found(into, active.name, active);
    return active;
  };
  const describe = async (into: Snapshot, ruleSet: string): Promise<ObservedRuleSet | undefined> => {
    const set = await rules.describe(ruleSet);
    found(into, ruleSet, set);
    return set;
  };

  const wrote = async (send: () => Promise<void>, remember: () => void): Promise<void> => {
    try {
      await send();
    } catch (error) {
      // What others do meanwhile cannot be told from what the call did.
      snapshot = nothing(Number.NEGATIVE_INFINITY, new Map());
      throw error;
    }
    remember();
  };
  const edit = (ruleSet: string, change: (set: ObservedRuleSet) => ObservedRuleSet): void => {
    const set = snapshot.sets.get(ruleSet);
    if (set !== undefined) snapshot.sets.set(ruleSet, change(set));
  };

  const acting: ReceiptRules = {
    describe: (ruleSet) => describe(snapshot, ruleSet),
    describeActive: () => describeActive(snapshot),
    createSet: (ruleSet) =>
      wrote(
        () => rules.createSet(ruleSet),
        () => void snapshot.sets.set(ruleSet, { name: ruleSet, createdAtMs: clock.now(), rules: [] }),
      ),
    cloneSet: (ruleSet, original) =>
      wrote(
        () => rules.cloneSet(ruleSet, original),
        () => {
          const set = snapshot.sets.get(original);
          if (set === undefined) snapshot.sets.delete(ruleSet);
          else snapshot.sets.set(ruleSet, { ...set, name: ruleSet, createdAtMs: clock.now() });
        },
      ),
    deleteSet: (ruleSet) =>
      wrote(
        () => rules.deleteSet(ruleSet),
        () => void snapshot.sets.set(ruleSet, undefined),
      ),
    setActive: (ruleSet) =>
      wrote(
        () => rules.setActive(ruleSet),
        () => void (snapshot.active = { name: ruleSet }),
      ),
    create: (ruleSet, rule, after) =>
      wrote(
        () => rules.create(ruleSet, rule, after),
        () => edit(ruleSet, (set) => afterCreate(set, rule, after)),
      ),
    update: (ruleSet, rule) =>
      wrote(
        () => rules.update(ruleSet, rule),
        () => edit(ruleSet, (set) => afterUpdate(set, rule)),
      ),
    delete: (ruleSet, rule) =>
      wrote(
        () => rules.delete(ruleSet, rule),
        () => edit(ruleSet, (set) => afterDelete(set, rule)),
      ),
    reorder: (ruleSet, names) =>
      wrote(
        () => rules.reorder(ruleSet, names),
        () => edit(ruleSet, (set) => afterReorder(set, names)),
      ),
  };

  return {
    planning: (asOfMs) => ({
      receiptRules: {
        ...acting,
        describeActive: async () => {
          const known = takenSince(asOfMs);
          if (known.active === undefined) return describeActive(known);
          if (known.active.name === undefined) return undefined;
          return known.sets.get(known.active.name) ?? describe(known, known.active.name);
        },
        describe: async (ruleSet) => {
          const known = takenSince(asOfMs);
          return known.sets.has(ruleSet) ? known.sets.get(ruleSet) : describe(known, ruleSet);
        },
      },
    }),
    acting: { receiptRules: acting },
    takenAtMs: () => snapshot.takenAtMs,
  };
}
