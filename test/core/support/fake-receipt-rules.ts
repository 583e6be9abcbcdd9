import { PipelineError } from '../../../src/core/fault.ts';
import type { ObservedRuleSet } from '../../../src/core/observed.ts';
import type { Clock, ReceiptRules } from '../../../src/core/ports.ts';
import type { ReceiptRule } from '../../../src/core/receipt-rule.ts';

/** The rule sets of an account. */
export type FakeRuleSets = {
  readonly sets: Map<string, readonly ReceiptRule[]>;
  /** When a set was created or cloned, for those that a test has not put there itself. */
  readonly setsMadeAtMs: Map<string, number>;
  active: string | undefined;
  /** Every create lands at the end, whatever it asked for: nothing may depend on where it lands. */
  createsAppend: boolean;
};

const MAX_RULES = 200;

const changed = (message: string): PipelineError =>
  new PipelineError({ class: 'stale', reason: 'ChangedMeanwhile', message });

/** Rule sets in memory that refuse what SES refuses. */
export function fakeReceiptRules(account: FakeRuleSets, { now }: Pick<Clock, 'now'>): ReceiptRules {
  const { sets, setsMadeAtMs } = account;
  const described = (name: string): ObservedRuleSet | undefined => {
    const rules = sets.get(name);
    return rules === undefined ? undefined : { name, createdAtMs: setsMadeAtMs.get(name), rules };
  };
  const rulesIn = (set: string): readonly ReceiptRule[] => {
    const rules = sets.get(set);
    if (rules === undefined) throw changed(`Rule set ${set} does not exist`);
    return rules;
  };
  const placeOf = (rules: readonly ReceiptRule[], after: string | undefined): number => {
    if (after === undefined) return 0;
    const anchor = rules.findIndex(({ name }) => name === after);
    if (anchor < 0) throw changed(`Rule ${after} does not exist`);
    return anchor + 1;
  };
  const make = (name: string, rules: readonly ReceiptRule[]): void => {
    if (sets.has(name)) throw changed(`Rule set ${name} exists already`);
    sets.set(name, rules);
    setsMadeAtMs.set(name, now());
  };
  return {
    describe: async (name) => described(name),
    describeActive: async () => (account.active === undefined ? undefined : described(account.active)),
    createSet: async (name) => make(name, []),
    cloneSet: async (name, original) => make(name, rulesIn(original)),
    deleteSet: async (name) => {
      if (account.active === name)
        throw new PipelineError({ class: 'delete-blocked', reason: 'DeletionBlocked', message: `${name} is active` });
      sets.delete(name);
    },
    setActive: async (name) => {
      if (name !== undefined) rulesIn(name);
      account.active = name;
    },
    create: async (set, rule, after) => {
      const rules = rulesIn(set);
      if (rules.some(({ name }) => name === rule.name)) throw changed(`Rule ${rule.name} exists already`);
      const place = placeOf(rules, after);
      if (rules.length >= MAX_RULES)
        throw new PipelineError({ class: 'invalid', reason: 'QuotaExceeded', message: `${set} is full` });
      sets.set(set, rules.toSpliced(account.createsAppend ? rules.length : place, 0, rule));
    },
    update: async (set, rule) => {
      const rules = rulesIn(set);
      if (!rules.some(({ name }) => name === rule.name)) throw changed(`Rule ${rule.name} does not exist`);
      sets.set(
        set,
        rules.map((other) => (other.name === rule.name ? rule : other)),
      );
    },
    delete: async (set, name) => {
      const rules = sets.get(set);
      if (rules === undefined) return;
      sets.set(
        set,
        rules.filter((rule) => rule.name !== name),
      );
    },
    reorder: async (set, names) => {
      const rules = rulesIn(set);
      const wanted = new Set(names);
      if (wanted.size !== rules.length || rules.some(({ name }) => !wanted.has(name)))
        throw changed(`The rules named are not those of ${set}`);
      sets.set(
        set,
        names.flatMap((name) => rules.find((rule) => rule.name === name) ?? []),
      );
    },
  };
}
