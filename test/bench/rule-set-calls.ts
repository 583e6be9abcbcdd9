import { writeFileSync } from 'node:fs';
import { createLane } from '../../src/aws/lane.ts';
import type { Ports, ReceiptRules } from '../../src/core/ports.ts';
import { fakeAws } from '../core/support/fake-aws.ts';
import { controllerOver } from '../controller/support/reconciling.ts';
import { fakeSource } from '../controller/support/fake-source.ts';
import { resource } from '../controller/support/resource.ts';
import { manualClock } from '../kubernetes/support/manual-clock.ts';

/** Virtual: how long SES takes to answer. */
const ROUND_TRIP_MS = 150;
const CALLS_PER_SECOND = 1;
const SIZES = [1, 10, 50, 100, 200] as const;
/** Of one pipeline: the schema leaves room for its storage rule in a set of 200. */
const MOST_OF_ONE = 199;
const HOUR_MS = 3_600_000;
const SET = 'main';

export type Measured = {
  /** `one pipeline` or `a pipeline for each rule`. */
  readonly whose: string;
  readonly what: string;
  readonly rules: number;
  readonly calls: number;
  readonly seconds: number;
  /** 1 describe + creates + updates + deletes + (1 closing describe) + (1 Reorder). */
  readonly bound: number;
};

type Rule = { readonly name: string; readonly recipients: readonly string[] };
type Change = {
  readonly what: string;
  readonly to: (rules: readonly Rule[]) => readonly Rule[];
  readonly bound: (rules: number) => number;
};

const named = (rules: number): readonly Rule[] =>
  Array.from({ length: rules }, (_, index) => ({
    name: `r${String(index).padStart(3, '0')}`,
    recipients: [`r${index}@example.com`],
  }));

const CHANGES: readonly Change[] = [
  { what: 'nothing to do', to: (rules) => rules, bound: () => 1 },
  {
    what: 'one changed',
    to: ([first, ...rest]) => [{ name: first?.name ?? '', recipients: ['other@example.com'] }, ...rest],
    bound: () => 2,
  },
  { what: 'all reversed', to: (rules) => rules.toReversed(), bound: (rules) => (rules > 1 ? 3 : 1) },
  {
    what: 'half removed',
    to: (rules) => rules.slice(0, Math.ceil(rules.length / 2)),
    bound: (rules) => 1 + Math.floor(rules / 2),
  },
];

/** Runs every case through the real reconcile and the real lane, against rule sets in memory, in virtual time. */
export async function measureRuleSetCalls(): Promise<readonly Measured[]> {
  const found: Measured[] = [];
  for (const [whose, specsOf, most] of [
    ['one pipeline', inOne, MOST_OF_ONE],
    ['a pipeline for each rule', inMany, Infinity],
  ] as const)
    for (const size of SIZES.map((each) => Math.min(each, most))) {
      const rules = named(size);
      const measure = measuring();
      found.push({ whose, what: 'created', rules: size, bound: size + 2, ...(await measure(specsOf(rules))) });
      for (const { what, to, bound } of CHANGES) {
        const again = measuring();
        await again(specsOf(rules));
        found.push({ whose, what, rules: size, bound: bound(size), ...(await again(specsOf(to(rules)))) });
      }
    }
  return found;
}

type Specs = Readonly<Record<string, object>>;

const common = { messageBodyStorage: { logicalName: 'Special', placement: 'PerRule' } };

const inOne = (rules: readonly Rule[]): Specs => ({
  'mail/all': { ...common, ruleSet: { name: SET }, receiptRules: rules },
});

/** Their order is that of the list: it is said by priority. */
const inMany = (rules: readonly Rule[]): Specs =>
  Object.fromEntries(
    rules.map((rule, priority) => [
      `mail/${rule.name}`,
      { ...common, ruleSet: { name: SET, priority }, receiptRules: [rule] },
    ]),
  );

/** An account with an empty set that is active. What is measured is the calls to SES until a run finds nothing to do. */
function measuring() {
  const clock = manualClock();
  const aws = fakeAws();
  aws.sets.set(SET, []);
  aws.active = SET;
  const source = fakeSource();
  const lane = createLane({ clock, callsPerSecond: CALLS_PER_SECOND });
  let calls = 0;
  const ports: Ports = { ...aws.ports, clock, receiptRules: inLane(aws.ports.receiptRules) };
  const controller = controllerOver({ ports }, source);

  function inLane(rules: ReceiptRules): ReceiptRules {
    const sent = Object.entries(rules).map(([name, call]) => [
      name,
      (...args: readonly unknown[]) =>
        lane.run(async () => {
          calls += 1;
          await clock.sleep(ROUND_TRIP_MS);
          return (call as (...given: readonly unknown[]) => Promise<unknown>)(...args);
        }),
    ]);
    return Object.fromEntries(sent) as ReceiptRules;
  }

  return async (specs: Specs): Promise<Pick<Measured, 'calls' | 'seconds'>> => {
    for (const [key, known] of source.resources)
      if (!(key in specs)) source.resources.set(key, { ...known, deleting: true });
    for (const [key, spec] of Object.entries(specs)) {
      const { status, generation = 0 } = source.resources.get(key) ?? {};
      source.resources.set(key, { ...resource(spec, { key, generation: generation + 1 }), status });
    }
    // What an earlier change left of the lane's second is not this one's.
    await clock.advance(HOUR_MS);
    const before = { calls, atMs: clock.now() };
    let ended = false;
    const running = controller.run([...source.resources.keys()]).then((outcomes) => {
      ended = true;
      return [...outcomes.values()].filter(({ kind }) => kind !== 'settled' && kind !== 'forget');
    });
    await clock.runUntil(() => ended, HOUR_MS);
    const unsettled = await running;
    if (unsettled.length > 0) throw new Error(`not settled in one run: ${JSON.stringify(unsettled[0])}`);
    return { calls: calls - before.calls, seconds: (clock.now() - before.atMs) / 1000 };
  };
}

/** The page as it should be now. */
export function ruleSetCallsPage(measured: readonly Measured[]): string {
  const rows = measured.map(({ whose, what, rules, calls, seconds, bound }) => {
    const secondsBound = (calls * (1000 / CALLS_PER_SECOND + ROUND_TRIP_MS)) / 1000;
    return `| ${whose} | ${what} | ${rules} | ${calls} | ${bound} | ${seconds.toFixed(1)} | ${secondsBound.toFixed(1)} |`;
  });
  return [
    '<!-- Generated by `npm run bench:rules`; do not edit. -->',
    '',
    '# Calls to SES',
    '',
    'What it takes to bring a rule set in line, counted by running the controller and its lane against rule sets in',
    `memory, in virtual time: ${CALLS_PER_SECOND} call a second, and ${ROUND_TRIP_MS} ms until SES answers. The set exists and is active; there are no other`,
    'rules in it. Reads are calls too. The pipelines are reconciled together.',
    '',
    '- **Bound (calls)**: 1 read + creates + updates + deletes + 1 closing read if a rule was created or moved + 1 Reorder',
    '  if the order was wrong.',
    '- **Bound (seconds)**: calls × (1 s + 150 ms). The first call does not wait for its turn, which is why it takes a second less.',
    '',
    'Nobody can be faster with one call for each rule and one call a second: that is what SES allows.',
    '',
    '| | Change | Rules | Calls | Bound (calls) | Seconds | Bound (seconds) |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
  ].join('\n');
}

export const PAGE = new URL('../../docs/reference/rule-set-calls.md', import.meta.url);

if (import.meta.main) writeFileSync(PAGE, ruleSetCallsPage(await measureRuleSetCalls()));
