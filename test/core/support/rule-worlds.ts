import * as fc from 'fast-check';
import { isRuleOf } from '../../../src/core/names.ts';
import { planRuleSet, type RuleChange } from '../../../src/core/plan-rule-set.ts';
import type { RuleBlock } from '../../../src/core/rule-block.ts';
import { canStop, type ReceiptRule } from '../../../src/core/receipt-rule.ts';
import { union } from '../../../src/core/recipients.ts';
import { createEvaluator, harmBetween } from '../../../src/core/rule-effects.ts';
import { applyChange, ask, block, invoke, rule, stop, store } from './rules.ts';

/** A rule set as it is found, and the blocks that it should hold. */
export type World = { readonly observed: readonly ReceiptRule[]; readonly blocks: readonly RuleBlock[] };

const PIPELINES = ['alpha', 'beta', 'gamma'] as const;
const prefixOf = (pipeline: string): string => `slp_mail_${pipeline}_`;
const bucketOf = (pipeline: string): string => `bodies-${pipeline}`;

/** Recipients that lie beside and within each other in every way there is. */
const ALPHABET = ['a@x.io', 'a+l@x.io', 'b@x.io', 'x.io', '.x.io', 's.x.io', 'a@s.x.io'] as const;

type Shape = {
  readonly recipients: readonly string[];
  readonly enabled: boolean;
  readonly ends: 'no' | 'stop' | 'sync';
};

/** @param stops whether rules, ours and others', may end the evaluation */
export function worlds(stops: boolean): fc.Arbitrary<World> {
  const shape: fc.Arbitrary<Shape> = fc.record({
    recipients: fc.subarray([...ALPHABET], { maxLength: 3 }),
    enabled: fc.integer({ min: 0, max: 7 }).map((n) => n > 0),
    ends: stops ? fc.constantFrom('no', 'no', 'stop', 'sync') : fc.constant('no'),
  });
  const version = fc.record({
    names: fc.shuffledSubarray(['A', 'B', 'C', 'D'], { maxLength: 3 }),
    shapes: fc.tuple(shape, shape, shape, shape),
    headRule: fc.boolean(),
    position: fc.constantFrom('Head', 'Tail'),
    priority: fc.integer({ min: 0, max: 1 }),
  });
  const pipeline = fc.record({
    before: version,
    after: version,
    kept: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  });
  return fc
    .record({
      pipelines: fc.array(pipeline, { minLength: 1, maxLength: PIPELINES.length }),
      others: fc.array(shape, { maxLength: 3 }),
      tidy: fc.integer({ min: 0, max: 2 }).map((n) => n > 0),
      slots: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
    })
    .map(({ pipelines, others, tidy, slots }) => {
      const named = pipelines.map((found, index) => ({ ...found, name: PIPELINES[index] ?? 'alpha' }));
      const before = named.map(({ before: { names, shapes, headRule, position, priority }, name }) =>
        blockOf(name, names, (at) => shapes[at], headRule, { position, priority }),
      );
      const blocks = named.map(({ before: old, after: { names, shapes, headRule, position, priority }, kept, name }) =>
        blockOf(name, names, (at) => (kept[at] === true ? old.shapes[at] : shapes[at]), headRule, {
          position,
          priority,
        }),
      );
      const foreign = others.map((found, index) =>
        rule(`theirs-${index}`, {
          recipients: found.recipients,
          enabled: found.enabled,
          actions: [invoke('arn:theirs'), ...endsOf(found)],
        }),
      );
      const ours = planRuleSet([], before).result;
      const observed = tidy ? [...ours] : shuffle(ours, slots);
      for (const [index, other] of foreign.entries())
        observed.splice((slots[index] ?? 0) % (observed.length + 1), 0, other);
      return { observed, blocks };
    });
}

function shuffle(rules: readonly ReceiptRule[], slots: readonly number[]): ReceiptRule[] {
  const shuffled: ReceiptRule[] = [];
  for (const [index, found] of rules.entries()) shuffled.splice((slots[index] ?? 0) % (shuffled.length + 1), 0, found);
  return shuffled;
}

const endsOf = ({ ends }: Shape) => (ends === 'stop' ? [stop] : ends === 'sync' ? [ask('arn:sync')] : []);

function blockOf(
  pipeline: string,
  names: readonly string[],
  shapeOf: (index: number) => Shape | undefined,
  headRule: boolean,
  over: Pick<RuleBlock, 'position' | 'priority'>,
): RuleBlock {
  const own = store(bucketOf(pipeline));
  const rules = names.flatMap((name) => {
    const shape = shapeOf('ABCD'.indexOf(name));
    if (shape === undefined) return [];
    const actions = [...(headRule ? [] : [own]), invoke(`arn:${pipeline}`), ...endsOf(shape)];
    return [rule(prefixOf(pipeline) + name, { recipients: shape.recipients, enabled: shape.enabled, actions })];
  });
  return withStorage(rules, headRule, own, {
    ...over,
    owner: `mail/${pipeline}`,
    prefix: prefixOf(pipeline),
    bucketName: bucketOf(pipeline),
  });
}

/** The block as a manifest would have it: one storage rule for all enabled rules, if it asks for one. */
export function withStorage(
  rules: readonly ReceiptRule[],
  headRule: boolean,
  action: ReturnType<typeof store>,
  over: Partial<RuleBlock> = {},
): RuleBlock {
  const plain = block(rules, over);
  const stored = rules.filter((found) => found.enabled).map((found) => found.recipients);
  if (!headRule || stored.length === 0) return plain;
  const recipients = stored.reduce(union);
  return { ...plain, storageRule: rule(`${plain.prefix}MessageBodyStorage`, { recipients, actions: [action] }) };
}

/** Names of ours, in the order of the set. */
export const oursIn = (rules: readonly ReceiptRule[], blocks: readonly RuleBlock[]): string[] =>
  rules.map(({ name }) => name).filter((name) => blocks.some(({ prefix }) => isRuleOf(prefix, name)));

export const foreignIn = (rules: readonly ReceiptRule[], blocks: readonly RuleBlock[]): ReceiptRule[] =>
  rules.filter(({ name }) => !blocks.some(({ prefix }) => isRuleOf(prefix, name)));

type Harm = 'none' | 'extra' | 'lost';

/** The worst that any of the states does to a mail that neither the first state nor the goal does. */
export const worstHarm = (
  states: readonly (readonly ReceiptRule[])[],
  goal: readonly ReceiptRule[],
  blocks: readonly RuleBlock[],
): Harm => createHarmCheck([...new Set([...states.flat(), ...goal])], blocks)(states, goal);

/**
 * {@link worstHarm}, for more than one way between the same rules.
 *
 * @param versions every version of every rule that will be met; unions of their recipients may be as well
 */
export function createHarmCheck(
  versions: readonly ReceiptRule[],
  blocks: readonly RuleBlock[],
): (states: readonly (readonly ReceiptRule[])[], goal: readonly ReceiptRule[]) => Harm {
  const { evaluate } = createEvaluator(
    versions,
    (name) => blocks.find(({ prefix }) => isRuleOf(prefix, name))?.bucketName,
  );
  const isStorage = (name: string) => blocks.some(({ prefix }) => name === `${prefix}MessageBodyStorage`);
  return (states, goal) => {
    const [first = [], ...others] = states;
    const between = others.filter((state) => state !== goal);
    let worst: Harm = 'none';
    // Where no rule can end the evaluation, both ways to look at synchronous functions are one.
    for (const sure of states.concat([goal]).some((state) => state.some(canStop)) ? [true, false] : [true]) {
      const before = evaluate(first, sure);
      const after = evaluate(goal, sure);
      for (const state of between) {
        const harm = harmBetween(before, after, evaluate(state, sure), isStorage);
        if (harm === 'lost') return 'lost';
        if (harm === 'extra') worst = 'extra';
      }
    }
    return worst;
  };
}

/** The states when one change fails and every change that needs it is left out. */
export function statesWithout(
  observed: readonly ReceiptRule[],
  changes: readonly RuleChange[],
  failing: number,
): readonly ReceiptRule[][] {
  const left = new Set([failing]);
  const states = [[...observed]];
  for (const [index, change] of changes.entries()) {
    if (left.has(index) || change.needs.some((need) => left.has(need))) left.add(index);
    else states.push([...applyChange(states.at(-1) ?? [], change)]);
  }
  return states;
}

/** A short text that shows a case when a property fails. */
export function show({ observed, blocks }: World): string {
  const { changes, blocked } = planRuleSet(observed, blocks);
  const text = (found: ReceiptRule) =>
    `${found.name.replace('slp_mail_', '')}[${found.recipients.join()}]${found.enabled ? '' : ' off'} ${found.actions.map((action) => (action.kind === 'lambda' && action.invocationType === 'RequestResponse' ? 'sync' : action.kind)).join('+')}`;
  return [
    'observed:',
    ...observed.map(text),
    ...blocks.flatMap((found) => [
      `${found.owner} ${found.position} ${found.priority}:`,
      ...(found.storageRule ? [found.storageRule] : []).concat(found.rules).map(text),
    ]),
    'changes:',
    ...changes.map((change, index) => {
      const what =
        change.kind === 'orderRules'
          ? `${change.expected} ${change.order.join(' ')}`
          : text(change.kind === 'deleteRule' ? change.before : change.rule);
      return `${index} ${change.kind} ${what}${change.kind === 'createRule' ? ` after ${change.after.join()}` : ''} needs ${change.needs.join()}`;
    }),
    `blocked: ${JSON.stringify(blocked)}`,
  ].join('\n');
}
