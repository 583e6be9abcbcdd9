import { isRuleOf, rulePrefix } from '../../../src/core/names.ts';
import type { Outcome } from '../../../src/controller/outcome.ts';
import { canStop, type ReceiptRule } from '../../../src/core/receipt-rule.ts';
import { changedRules } from '../../../src/core/rule-set-edits.ts';
import { matchingConditions } from '../../../src/sandbox/ses-recipient.ts';
import { fakeAws, type FakeAws } from '../../core/support/fake-aws.ts';
import { accidents, type Troubles } from './accidents.ts';
import { fakeSource, type FakeSource } from './fake-source.ts';
import { deliver, momentOf, type Handling, type Moment } from './mail.ts';
import { controllerOver } from './reconciling.ts';
import { resource } from './resource.ts';

/** Some pipelines, an account, and mail that arrives between any two calls. */
export type RuleSession = {
  readonly aws: FakeAws;
  readonly source: FakeSource;
  /** Makes or edits a pipeline, without reconciling it. */
  readonly put: (name: string, spec: object) => void;
  /** Asks for its deletion. */
  readonly remove: (name: string) => void;
  /** Looks at these pipelines together; returns how many calls that took. */
  readonly run: (names: readonly string[], troubles?: Troubles) => Promise<number>;
  /** Runs everybody until there is nothing left to write; fails when that does not come. */
  readonly settle: () => Promise<void>;
  /** A new process takes over: nothing is remembered. */
  readonly restart: () => void;
  /** Promises that were broken so far, for people. */
  readonly broken: readonly string[];
  /** Names of our rules in a set, as `alpha/A`, and of others'. */
  readonly rulesIn: (set: string) => readonly string[];
  /** Names of pipelines whose function gets mail for the address now, as `alpha/A`. */
  readonly servedAt: (address: string) => readonly string[];
  readonly names: () => readonly string[];
  readonly specOf: (name: string) => object | undefined;
  readonly isOurs: (rule: ReceiptRule) => boolean;
  /** The pipeline that a rule belongs to, if it is there now. */
  readonly ownerOf: (rule: string) => string | undefined;
  /** Whether some pipeline says that a rule of others is in the way of the order. */
  readonly isBlocked: () => boolean;
  /** The same pipelines, of which nothing exists yet, and the same rules of others. */
  readonly anew: () => RuleSession;
  /** The same once more, to go another way from here. */
  readonly fork: () => RuleSession;
};

const keyOf = (name: string): string => `mail/${name}`;
const nameOf = (key: string): string => key.slice(key.indexOf('/') + 1);
const prefixOf = (name: string): string => rulePrefix({ installation: 'slp', namespace: 'mail', name });

const MOST_RUNS = 15;

/** What counts as kept: `extra` lets a rule see a mail once too often. */
type Accepted = 'nothing' | 'extra';

/**
 * @param addresses mail to these is followed after every write
 * @param foreign rules of others by set; the first set is the active one
 */
export function ruleSession(
  addresses: readonly string[],
  foreign: Readonly<Record<string, readonly ReceiptRule[]>> = {},
  accepted: Accepted = 'nothing',
): RuleSession {
  const aws = fakeAws();
  for (const [set, rules] of Object.entries(foreign)) {
    aws.sets.set(set, rules);
    aws.active ??= set;
  }
  return sessionOn(aws, fakeSource(), new Set(), addresses, accepted);
}

/** @param everybody every name of a pipeline that ever was */
function sessionOn(
  aws: FakeAws,
  source: FakeSource,
  everybody: Set<string>,
  addresses: readonly string[],
  accepted: Accepted,
): RuleSession {
  const broken: string[] = [];
  let generations = source.resources.size;
  let controller = controllerOver(aws, source);

  const short = (rule: string): string => {
    const owner = [...everybody].find((name) => isRuleOf(prefixOf(name), rule));
    return owner === undefined ? rule : `${owner}/${rule.slice(prefixOf(owner).length)}`;
  };
  const isOurs = (rule: string): boolean => [...everybody].some((name) => isRuleOf(prefixOf(name), rule));
  const judge = createMailJudge(addresses, () => [...everybody].map(prefixOf));

  const put = (name: string, spec: object): void => {
    everybody.add(name);
    const key = keyOf(name);
    generations += 1;
    const known = source.resources.get(key);
    source.resources.set(key, {
      ...resource(spec, { key, generation: generations, uid: known?.uid ?? `uid ${generations}` }),
      status: known?.status,
    });
  };

  const run = async (names: readonly string[], troubles: Troubles = new Map()): Promise<number> => {
    const goal = await goalOf(names);
    const before = momentOf(aws);
    const disturbed = new Set<string>();
    let last = before;
    const accident = accidents(aws, troubles, {
      foreignEdit: (edit) => {
        const then = momentOf(aws);
        edit();
        last = momentOf(aws);
        for (const address of judge.touched(then, last, goal)) disturbed.add(address);
      },
      write: (call) => {
        const now = momentOf(aws);
        const harm = judge.harm({ before, goal, now }, disturbed);
        const found = [...foreignChanges(last, now, isOurs), ...harm.lost, ...(accepted === 'extra' ? [] : harm.extra)];
        broken.push(...found.map((what) => `${call}: ${what}`));
        last = now;
      },
    });
    source.before = () => {
      if (accident.isDead()) throw new Error('the process is gone');
    };
    await controller.run(names.map(keyOf));
    source.before = () => undefined;
    accident.end();
    if (accident.isDead()) restart();
    return accident.calls();
  };

  const restart = (): void => {
    controller = controllerOver(aws, source);
  };

  /** What the same run comes to when nothing goes wrong. */
  const goalOf = async (names: readonly string[]): Promise<Moment> => {
    const account = copyOf(aws);
    const other = controllerOver(account, fakeSource(...source.resources.values()));
    for (let again = 0; again < 3; again += 1) {
      const writes = account.writes().length;
      await other.run(names.map(keyOf));
      if (account.writes().length === writes) break;
    }
    return momentOf(account);
  };

  const names = (): string[] => [...source.resources.keys()].map(nameOf);

  const settle = async (): Promise<void> => {
    restart();
    for (let again = 0; again < MOST_RUNS; again += 1) {
      const writes = aws.writes().length;
      const outcomes = await runAll();
      for (const outcome of outcomes.values()) if (outcome.kind === 'threw') throw outcome.error;
      if (aws.writes().length === writes) return;
    }
    throw new Error(`still writing after ${MOST_RUNS} runs: ${aws.writes().slice(-5).join(', ')}`);
  };
  const runAll = async (): Promise<ReadonlyMap<string, Outcome>> => {
    const before = momentOf(aws);
    const outcomes = await controller.run([...source.resources.keys()]);
    broken.push(...foreignChanges(before, momentOf(aws), isOurs));
    return outcomes;
  };

  return {
    aws,
    source,
    put,
    remove: (name) => {
      const known = source.resources.get(keyOf(name));
      if (known !== undefined) source.resources.set(keyOf(name), { ...known, deleting: true });
    },
    run,
    settle,
    restart,
    broken,
    rulesIn: (set) => (aws.sets.get(set) ?? []).map(({ name }) => short(name)),
    servedAt: (address) =>
      [...deliver(momentOf(aws), aws.active, address, [...everybody].map(prefixOf)).served].map(short),
    names,
    specOf: (name) => source.resources.get(keyOf(name))?.manifest?.spec,
    isOurs: ({ name }) => isOurs(name),
    ownerOf: (rule) => names().find((name) => isRuleOf(prefixOf(name), rule)),
    isBlocked: () =>
      [...source.resources.values()].some(({ status }) =>
        status?.conditions.some(({ reason }) => reason === 'OrderBlocked'),
      ),
    anew: () => {
      const empty = fakeAws();
      for (const [set, rules] of aws.sets)
        empty.sets.set(
          set,
          rules.filter(({ name }) => !isOurs(name)),
        );
      empty.active = aws.active;
      const untold = [...source.resources.values()].map((known) => ({ ...known, status: undefined }));
      return sessionOn(empty, fakeSource(...untold), new Set(everybody), addresses, accepted);
    },
    fork: () =>
      sessionOn(copyOf(aws), fakeSource(...source.resources.values()), new Set(everybody), addresses, accepted),
  };
}

function copyOf(aws: FakeAws): FakeAws {
  const copy = fakeAws();
  const maps = ['buckets', 'objects', 'roles', 'functions', 'sets'] as const;
  for (const map of maps) for (const [name, held] of aws[map]) (copy[map] as Map<string, unknown>).set(name, held);
  copy.active = aws.active;
  copy.createsAppend = aws.createsAppend;
  return copy;
}

/** What we may never do to rules and sets of others. */
function foreignChanges(before: Moment, now: Moment, isOurs: (rule: string) => boolean): string[] {
  const theirs = (moment: Moment, set: string) =>
    JSON.stringify((moment.sets.get(set) ?? []).filter(({ name }) => !isOurs(name)));
  return [...before.sets.keys()].flatMap((set) =>
    theirs(before, set) === theirs(now, set) ? [] : [`rules of others in ${set} are not what they were`],
  );
}

type Span = { readonly before: Moment; readonly goal: Moment; readonly now: Moment };

/** Compares what becomes of mail with what did and what will. */
function createMailJudge(addresses: readonly string[], prefixes: () => readonly string[]) {
  const handled = (moment: Moment, address: string, set = moment.active): Handling =>
    deliver(moment, set, address, prefixes());

  /**
   * Addresses whose mail an edit concerns: it is handled otherwise, will come to a rule of ours that was edited, or may
   * come to such a rule once the rule that ends the evaluation before it has gone.
   */
  const touched = (then: Moment, now: Moment, goal: Moment): string[] => {
    if (then.active !== now.active) return [...addresses];
    const sets = [...new Set([...then.sets.keys(), ...now.sets.keys(), ...goal.sets.keys()])];
    return addresses.filter((address) =>
      sets.some((set) => {
        const [was, is] = [then.sets.get(set) ?? [], now.sets.get(set) ?? []];
        const edited = editedPrefixes(was, is);
        return (
          textOf(handled(then, address, set)) !== textOf(handled(now, address, set)) ||
          [...handled(goal, address, set).applied].some((rule) => edited.some((prefix) => isRuleOf(prefix, rule))) ||
          endsOtherwise(address, was, is)
        );
      }),
    );
  };

  /** Prefixes of pipelines of which some rule was changed or moved. */
  const editedPrefixes = (then: readonly ReceiptRule[], now: readonly ReceiptRule[]): readonly string[] => {
    const ours = (rules: readonly ReceiptRule[]) => ({
      name: '',
      rules: rules.filter(({ name }) => prefixes().some((prefix) => isRuleOf(prefix, name))),
    });
    const changed = changedRules(ours(then), ours(now));
    return prefixes().filter((prefix) => changed.some((rule) => isRuleOf(prefix, rule)));
  };

  const endsOtherwise = (address: string, then: readonly ReceiptRule[], now: readonly ReceiptRule[]): boolean => {
    if (![...then, ...now].some(canStop)) return false;
    const changed = new Set(changedRules({ name: '', rules: then }, { name: '', rules: now }));
    const isOurs = (rule: string): boolean => prefixes().some((prefix) => isRuleOf(prefix, rule));
    return [...then, ...now].some(
      (rule) =>
        changed.has(rule.name) &&
        (isOurs(rule.name) || canStop(rule)) &&
        matchingConditions(rule.recipients, address).length > 0,
    );
  };

  const harm = ({ before, goal, now }: Span, disturbed: ReadonlySet<string>): Harm => {
    const found = addresses
      .filter((address) => !disturbed.has(address))
      .map((address) => ({
        address,
        ...harmTo({
          was: handled(before, address),
          is: handled(now, address),
          willBe: handled(goal, address),
          // On the way to another active set the one that is active may already be as it will be.
          willBeHere: handled(goal, address, now.active),
        }),
      }));
    const told = (kind: keyof Harm): string[] =>
      found.flatMap(({ address, [kind]: what }) => what.map((each) => `mail to ${address}: ${each}`));
    return { lost: told('lost'), extra: told('extra') };
  };
  return { touched, harm };
}

type Harm = {
  /** Mail that is not handled as before or as after. */
  readonly lost: readonly string[];
  /** Rules that see a mail once too often. */
  readonly extra: readonly string[];
};

function harmTo({
  was,
  is,
  willBe,
  willBeHere,
}: Readonly<Record<'was' | 'is' | 'willBe' | 'willBeHere', Handling>>): Harm {
  const lost = [...was.applied].filter((rule) => willBe.applied.has(rule) && !is.applied.has(rule));
  const early = [...is.applied].filter((rule) => ![was, willBe, willBeHere].some(({ applied }) => applied.has(rule)));
  const without = [...is.unserved].filter(([rule]) => ![was, willBe].some(({ unserved }) => unserved.has(rule)));
  const nobody = was.served.size > 0 && willBe.served.size > 0 && is.served.size === 0;
  return {
    lost: [
      ...(nobody ? ['nobody serves it meanwhile'] : []),
      ...lost.map((rule) => `${rule} does not apply meanwhile`),
      ...without.map(([rule, why]) => `${rule} runs, but ${why}`),
    ],
    extra: early
      .filter((rule) => !rule.endsWith(STORAGE))
      .map((rule) => `${rule} applies, which it neither did nor will`),
  };
}

const STORAGE = '_MessageBodyStorage';

const textOf = ({ applied, served, unserved }: Handling): string =>
  JSON.stringify([[...applied], [...served], [...unserved]]);
