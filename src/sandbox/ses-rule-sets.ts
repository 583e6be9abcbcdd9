import {
  alreadyExists,
  invalidParameter,
  limitExceeded,
  ruleDoesNotExist,
  ruleSetDoesNotExist,
  sesError,
} from './ses-error.ts';
import type { ReceiptFilter, ReceiptRule, RuleSet } from './ses-types.ts';

const MAX_RULE_SETS = 40;
const MAX_RULES = 200;
const MAX_FILTERS = 100;

/** Where a rule goes: the head, the tail (never on AWS, see `Faults.createsAppend`), or behind another rule. */
export type Place =
  | { readonly kind: 'head' }
  | { readonly kind: 'tail' }
  | { readonly kind: 'after'; readonly rule: string };

/** The rule sets of one account in one region. Nothing here knows wire, policy or pace. */
export type RuleSets = ReturnType<typeof createRuleSets>;

/** Empty state: no set, none active, no filter. A method that refuses throws an `AwsError` and has changed nothing. */
export function createRuleSets(now: () => number) {
  const sets = new Map<string, RuleSet>();
  const filters = new Map<string, ReceiptFilter>();
  let activeName: string | undefined;

  const existing = (name: string): RuleSet => {
    const set = sets.get(name);
    if (set === undefined) throw ruleSetDoesNotExist(name);
    return set;
  };
  const addSet = (name: string, rules: readonly ReceiptRule[]): void => {
    if (sets.has(name)) throw alreadyExists('Rule set', name);
    if (sets.size >= MAX_RULE_SETS) throw limitExceeded('Too many rule sets');
    sets.set(name, { name, createdAtMs: now(), rules });
  };
  const replaceRules = (set: RuleSet, rules: readonly ReceiptRule[]): void => {
    sets.set(set.name, { ...set, rules });
  };

  return {
    createSet: (name: string): void => addSet(name, []),
    cloneSet: (name: string, original: string): void => addSet(name, existing(original).rules),
    set: existing,
    sets: (): RuleSet[] => [...sets.values()],
    active: (): RuleSet | undefined => (activeName === undefined ? undefined : sets.get(activeName)),
    activate: (name: string | undefined): void => {
      activeName = name === undefined ? undefined : existing(name).name;
    },
    /** A set that is not there counts as deleted. */
    deleteSet: (name: string): void => {
      if (name === activeName) {
        throw sesError('CannotDelete', `Cannot delete active rule set: ${name}`, { Name: name });
      }
      sets.delete(name);
    },

    rule: (setName: string, name: string): ReceiptRule => existingRule(existing(setName), name),
    /** All that could refuse a new rule before its targets are looked at. */
    checkNewRule: (setName: string, name: string, place: Place): void => {
      const set = existing(setName);
      if (set.rules.some((rule) => rule.name === name)) throw alreadyExists('Rule', name);
      if (set.rules.length >= MAX_RULES) throw limitExceeded('Too many rules');
      placed(set.rules, name, place);
    },
    insertRule: (setName: string, rule: ReceiptRule, place: Place): void => {
      const set = existing(setName);
      replaceRules(set, set.rules.toSpliced(placed(set.rules, rule.name, place), 0, rule));
    },
    /** The whole rule, in its place. */
    replaceRule: (setName: string, rule: ReceiptRule): void => {
      const set = existing(setName);
      existingRule(set, rule.name);
      replaceRules(
        set,
        set.rules.map((current) => (current.name === rule.name ? rule : current)),
      );
    },
    /** A rule that is not there counts as deleted; a set that is not there does not. */
    deleteRule: (setName: string, name: string): void => {
      const set = existing(setName);
      replaceRules(
        set,
        set.rules.filter((rule) => rule.name !== name),
      );
    },
    moveRule: (setName: string, name: string, place: Place): void => {
      const set = existing(setName);
      const rule = existingRule(set, name);
      if (place.kind === 'after' && place.rule === name) return;
      const rest = set.rules.filter((other) => other.name !== name);
      replaceRules(set, rest.toSpliced(placed(rest, name, place), 0, rule));
    },
    /** Takes the complete order; the errors come in the order in which SES looks for them. */
    reorder: (setName: string, names: readonly string[]): void => {
      const set = existing(setName);
      if (new Set(names).size < names.length) throw invalidParameter('Multiple positions found for rule');
      if (set.rules.some((rule) => !names.includes(rule.name))) {
        throw invalidParameter('Positions for rules not found');
      }
      replaceRules(
        set,
        names.map((name) => existingRule(set, name)),
      );
    },

    createFilter: (filter: ReceiptFilter): void => {
      if (filters.has(filter.name)) throw alreadyExists('Filter', filter.name);
      if (filters.size >= MAX_FILTERS) throw limitExceeded('Too many filters');
      filters.set(filter.name, filter);
    },
    deleteFilter: (name: string): void => {
      filters.delete(name);
    },
    filters: (): ReceiptFilter[] => [...filters.values()],
  };
}

function existingRule(set: RuleSet, name: string): ReceiptRule {
  const rule = set.rules.find((candidate) => candidate.name === name);
  if (rule === undefined) throw ruleDoesNotExist(name);
  return rule;
}

function placed(rules: readonly ReceiptRule[], name: string, place: Place): number {
  switch (place.kind) {
    case 'head':
      return 0;
    case 'tail':
      return rules.length;
    case 'after': {
      const index = rules.findIndex((rule) => rule.name === place.rule);
      if (index === -1 || place.rule === name) throw ruleDoesNotExist(place.rule);
      return index + 1;
    }
  }
}
