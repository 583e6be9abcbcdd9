import { describe, expect, it } from 'vitest';
import { planRuleSet, type RuleChange } from '../../src/core/plan-rule-set.ts';
import type { RuleBlock } from '../../src/core/rule-block.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { applyChange, block, invoke, PREFIX, rule, statesOf, stop, store } from './support/rules.ts';

const A = 'a@x.io';
const B = 'b@x.io';
const C = 'c@x.io';

const ours = (name: string, recipients: readonly string[] = [A], over: Partial<ReceiptRule> = {}): ReceiptRule =>
  rule(PREFIX + name, { recipients, actions: [store(), invoke()], ...over });
/** Leaves storing to the storage rule. */
const stored = (name: string, recipients: readonly string[] = [A]): ReceiptRule =>
  ours(name, recipients, { actions: [invoke()] });
const storage = (recipients: readonly string[]): ReceiptRule =>
  ours('MessageBodyStorage', recipients, { actions: [store()] });
const theirs = (name: string, over: Partial<ReceiptRule> = {}): ReceiptRule =>
  rule(name, { actions: [invoke('arn:theirs')], ...over });
const stopping = (found: ReceiptRule): ReceiptRule => ({ ...found, actions: [...found.actions, stop] });
const synchronous = (found: ReceiptRule): ReceiptRule => ({
  ...found,
  actions: found.actions.map((action) =>
    action.kind === 'lambda' ? { ...action, invocationType: 'RequestResponse' } : action,
  ),
});

/** The block of another pipeline, with rules of its own. */
const other = (pipeline: string, names: readonly string[], over: Partial<RuleBlock> = {}): RuleBlock => {
  const prefix = `slp_mail_${pipeline}_`;
  const rules = names.map((name) =>
    rule(prefix + name, { recipients: [`${pipeline}@x.io`], actions: [store(), invoke()] }),
  );
  return block(rules, { owner: `mail/${pipeline}`, prefix, ...over });
};

const short = (name: string): string => name.replace(PREFIX, '').replace('slp_mail_', '');

function text(change: RuleChange): string {
  switch (change.kind) {
    case 'createRule':
      return `create ${short(change.rule.name)} ${change.after.length === 0 ? 'at the head' : `behind ${change.after.map(short).join(', else ')}`}`;
    case 'updateRule':
      return `update ${short(change.rule.name)} [${change.rule.recipients.join()}]`;
    case 'deleteRule':
      return `delete ${short(change.before.name)}`;
    case 'orderRules':
      return change.expected === 'reorder' ? `reorder ${change.order.map(short).join()}` : 'verify';
  }
}

const plan = (observed: readonly ReceiptRule[], ...blocks: readonly RuleBlock[]): string[] =>
  planRuleSet(observed, blocks).changes.map(text);

const finalNames = (observed: readonly ReceiptRule[], ...blocks: readonly RuleBlock[]): string[] =>
  (statesOf(observed, planRuleSet(observed, blocks).changes).at(-1) ?? []).map(({ name }) => short(name));

describe('planRuleSet: creating', () => {
  it('creates rules in order, each behind the one before, and verifies once where they landed', () => {
    expect(plan([], block([ours('One'), ours('Two')]))).toEqual([
      'create One at the head',
      'create Two behind One',
      'verify',
    ]);
  });

  it('falls back to the rule further in front when the one before could not be created', () => {
    const [, two] = planRuleSet([theirs('first')], [block([ours('One'), ours('Two')], { position: 'Tail' })]).changes;

    expect(two && text(two)).toBe('create Two behind One, else first');
    expect(two && applyChange([theirs('first'), theirs('last')], two).map(({ name }) => short(name))).toEqual([
      'first',
      'Two',
      'last',
    ]);
  });

  it('inserts a new rule between its neighbours', () => {
    expect(plan([ours('One'), ours('Three')], block([ours('One'), ours('Two'), ours('Three')]))).toEqual([
      'create Two behind One',
      'verify',
    ]);
  });

  it('puts a new first rule in front of its block', () => {
    expect(plan([theirs('first'), ours('Two')], block([ours('One'), ours('Two')]))).toEqual([
      'create One behind first',
      'verify',
    ]);
  });

  it('puts the first block at the head of the set', () => {
    expect(finalNames([theirs('first'), theirs('last')], block([ours('One')]))).toEqual(['One', 'first', 'last']);
  });

  it('puts the first block at the end of the set where position is Tail', () => {
    expect(finalNames([theirs('first'), theirs('last')], block([ours('One')], { position: 'Tail' }))).toEqual([
      'first',
      'last',
      'One',
    ]);
  });

  it('puts a block directly behind the one that comes before it, whatever its position says', () => {
    const bee = other('bee', ['One', 'Two']);
    const observed = [theirs('first'), ...bee.rules, theirs('last')];

    expect(plan(observed, bee, block([ours('One')], { position: 'Tail' }))).toEqual([
      'create One behind bee_Two',
      'verify',
    ]);
  });

  it('puts a block directly in front of the one that comes after it where none comes before', () => {
    const bee = other('bee', ['One']);

    expect(finalNames([theirs('first'), ...bee.rules], bee, block([ours('One')]))).toEqual(['first', 'One', 'bee_One']);
  });
});

describe('planRuleSet: several blocks', () => {
  it.each([
    {
      by: 'position',
      blocks: [block([ours('One')], { position: 'Tail' }), other('bee', ['One'])],
      order: ['bee_One', 'One'],
    },
    {
      by: 'priority',
      blocks: [block([ours('One')], { priority: 2 }), other('bee', ['One'], { priority: 1 })],
      order: ['bee_One', 'One'],
    },
    { by: 'namespace and name', blocks: [other('bee', ['One']), block([ours('One')])], order: ['One', 'bee_One'] },
  ])('orders them by $by', ({ blocks, order }) => {
    expect(finalNames([], ...blocks)).toEqual(order);
    expect(finalNames([], ...[...blocks].reverse())).toEqual(order);
  });

  it('keeps what stands, so a foreign neighbour may end up on either side, depending on who was applied first', () => {
    const first = block([ours('One')]);
    const last = other('bee', ['One'], { position: 'Tail' });
    const grow = (a: RuleBlock, b: RuleBlock) => finalNames(planRuleSet([theirs('theirs')], [a]).result, a, b);

    expect(grow(first, last)).toEqual(['One', 'bee_One', 'theirs']);
    expect(grow(last, first)).toEqual(['theirs', 'One', 'bee_One']);
  });

  it('takes no rule for its own whose name only begins like one', () => {
    const longer = theirs(`${PREFIX}sub_One`);

    expect(plan([longer], block([]))).toEqual([]);
  });
});

describe('planRuleSet: updating', () => {
  it('has nothing to do when all is in place', () => {
    expect(
      plan([theirs('first'), ours('One'), theirs('between'), ours('Two')], block([ours('One'), ours('Two')])),
    ).toEqual([]);
  });

  it('takes recipients for a set: their order does not matter', () => {
    expect(plan([ours('One', [A, B])], block([ours('One', [B, A])]))).toEqual([]);
  });

  it('updates a rule where it stands', () => {
    expect(plan([theirs('first'), ours('One', [A])], block([ours('One', [B])]))).toEqual([`update One [${B}]`]);
  });

  it('renames by creating beside the old rule before that one goes', () => {
    expect(plan([ours('Old')], block([ours('New')]))).toEqual(['create New at the head', 'delete Old', 'verify']);
  });

  it('hands a recipient on to the rule that takes it before the other gives it up', () => {
    expect(plan([ours('One', [A, B]), ours('Two', [C])], block([ours('One', [A]), ours('Two', [B, C])]))).toEqual([
      `update Two [${B},${C}]`,
      `update One [${A}]`,
    ]);
  });

  it('swaps recipients with one update more: one rule holds both for a moment', () => {
    expect(plan([ours('One', [A]), ours('Two', [B])], block([ours('One', [B]), ours('Two', [A])]))).toEqual([
      `update One [${A},${B}]`,
      `update Two [${A}]`,
      `update One [${B}]`,
    ]);
  });

  it('moves a recipient between pipelines by serving it at the new one first', () => {
    const bee = other('bee', ['One']);
    const [from] = bee.rules.map((found) => ({ ...found, recipients: [A, B] }));
    const [to] = bee.rules.map((found) => ({ ...found, recipients: [B] }));
    const { changes } = planRuleSet(from ? [from] : [], [{ ...bee, rules: to ? [to] : [] }, block([ours('One', [A])])]);

    expect(changes.map(text)).toEqual(['create One at the head', `update bee_One [${B}]`, 'verify']);
    expect(changes[1]?.needs).toEqual([0]);
  });
});

describe('planRuleSet: the storage rule', () => {
  it('is created in front, before the rules it stores for', () => {
    const { changes } = planRuleSet([], [block([stored('One')], { storageRule: storage([A]) })]);

    expect(changes.map(text)).toEqual([
      'create MessageBodyStorage at the head',
      'create One behind MessageBodyStorage',
      'verify',
    ]);
    expect(changes[1]?.needs).toEqual([0]);
  });

  it('is widened first', () => {
    expect(
      plan([storage([A]), stored('One', [A])], block([stored('One', [A, B])], { storageRule: storage([A, B]) })),
    ).toEqual([`update MessageBodyStorage [${A},${B}]`, `update One [${A},${B}]`]);
  });

  it('is narrowed last', () => {
    expect(
      plan([storage([A, B]), stored('One', [A, B])], block([stored('One', [A])], { storageRule: storage([A]) })),
    ).toEqual([`update One [${A}]`, `update MessageBodyStorage [${A}]`]);
  });

  it('is widened first and narrowed last when its recipients change', () => {
    expect(
      plan([storage([A]), stored('One', [A])], block([stored('One', [B])], { storageRule: storage([B]) })),
    ).toEqual([`update MessageBodyStorage [${A},${B}]`, `update One [${B}]`, `update MessageBodyStorage [${B}]`]);
  });

  it('is repaired first when somebody took its action away', () => {
    const broken = { ...storage([A, B]), actions: [] };

    expect(plan([broken, stored('One', [A])], block([stored('One', [A])], { storageRule: storage([A]) }))[0]).toBe(
      `update MessageBodyStorage [${A},${B}]`,
    );
  });

  it('comes before the rules stop storing themselves', () => {
    const { changes } = planRuleSet([ours('One')], [block([stored('One')], { storageRule: storage([A]) })]);

    expect(changes.map(text)).toEqual(['create MessageBodyStorage at the head', 'verify', `update One [${A}]`]);
    expect(changes[2]?.needs).toEqual([0, 1]);
  });

  it('is looked for in front of the rules that rely on it, wherever its create landed', () => {
    const { changes } = planRuleSet(
      [ours('One'), ours('Two')],
      [block([stored('One'), stored('Two')], { storageRule: storage([A]) })],
    );
    const landsLast = [ours('One'), ours('Two'), storage([A])];

    const verified = changes.slice(1, 2).reduce(applyChange, landsLast);

    expect(verified.map(({ name }) => name)).toEqual(
      [storage([A]), stored('One'), stored('Two')].map(({ name }) => name),
    );
    expect(changes.slice(2).map(({ needs }) => needs)).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it('is looked for by the Reorder that is due anyway', () => {
    const { changes } = planRuleSet(
      [ours('Two'), ours('One')],
      [block([stored('One'), stored('Two')], { storageRule: storage([A]) })],
    );

    expect(changes.map(({ kind }) => kind)).toEqual(['createRule', 'orderRules', 'updateRule', 'updateRule']);
  });

  it('is not carried past a rule that goes, should that one not be deleted', () => {
    const observed = [storage([A]), stored('Old')];
    const first = rule('slp_mail_aaa_New', { recipients: [B], actions: [store(), invoke()] });
    const { changes } = planRuleSet(observed, [
      block([]),
      block([first], { owner: 'mail/aaa', prefix: 'slp_mail_aaa_' }),
    ]);

    // As when neither delete was made, and the create landed behind everything.
    const left = changes.filter(({ kind }) => kind === 'orderRules').reduce(applyChange, [...observed, first]);

    expect(left.map(({ name }) => name)).toEqual([first, ...observed].map(({ name }) => name));
  });

  it('goes after the rules store themselves', () => {
    const { changes } = planRuleSet([storage([A]), stored('One')], [block([ours('One')])]);

    expect(changes.map(text)).toEqual([`update One [${A}]`, 'delete MessageBodyStorage']);
    expect(changes[1]?.needs).toEqual([0]);
  });
});

describe('planRuleSet: removing', () => {
  it('takes a pipeline down last rule first, its storage rule at the very end', () => {
    const { changes } = planRuleSet([storage([A]), stored('One'), theirs('between'), stored('Two')], [block([])]);

    expect(changes.map(text)).toEqual(['delete Two', 'delete One', 'delete MessageBodyStorage']);
    expect(changes.map(({ needs }) => needs)).toEqual([[], [], [0, 1]]);
  });

  it('removes nothing before all that is new stands', () => {
    expect(plan([ours('Old', [A])], block([ours('New', [B])]), other('bee', ['One'])).at(-2)).toBe('delete Old');
  });
});

describe('planRuleSet: the order', () => {
  it('is put right by one Reorder, however wrong it is', () => {
    const names = ['One', 'Two', 'Three', 'Four'];

    expect(plan(names.map((name) => ours(name)).reverse(), block(names.map((name) => ours(name))))).toEqual([
      'reorder One,Two,Three,Four',
    ]);
  });

  it('leaves rules of others in their slots', () => {
    const observed = [ours('Two'), theirs('first'), ours('One'), theirs('last')];

    expect(finalNames(observed, block([ours('One'), ours('Two')]))).toEqual(['One', 'first', 'Two', 'last']);
  });

  it('is not touched when only rules of others stand in between', () => {
    expect(plan([ours('One'), theirs('between'), ours('Two')], block([ours('One'), ours('Two')]))).toEqual([]);
  });

  it('keeps a storage rule that goes in front of its block until it has gone', () => {
    const [reorder] = planRuleSet(
      [storage([A]), stored('Two'), stored('One')],
      [block([ours('One'), ours('Two')])],
    ).changes.filter(({ kind }) => kind === 'orderRules');

    expect(reorder && text(reorder)).toBe('reorder MessageBodyStorage,One,Two');
  });

  it.each([
    {
      who: 'a rule of others stops the mail',
      between: stopping(theirs('between', { recipients: [A] })),
      moved: ours('One'),
    },
    {
      who: 'a rule of others may stop it',
      between: synchronous(theirs('between', { recipients: [A] })),
      moved: ours('One'),
    },
    { who: 'ours stops mail of others', between: theirs('between', { recipients: [A] }), moved: stopping(ours('One')) },
    { who: 'ours may stop it', between: theirs('between', { recipients: [A] }), moved: synchronous(ours('One')) },
    {
      who: 'the recipients overlap without being equal',
      between: stopping(theirs('between', { recipients: ['x.io'] })),
      moved: ours('One'),
    },
  ])('is left wrong, and said to be, when $who in between', ({ between, moved }) => {
    const { changes, blocked } = planRuleSet([ours('Two'), between, moved], [block([moved, ours('Two')])]);

    expect(changes).toEqual([]);
    expect(blocked?.foreign).toBe('between');
  });

  it.each([
    { why: 'has other recipients', between: stopping(theirs('between', { recipients: [B] })) },
    { why: 'is disabled', between: stopping(theirs('between', { recipients: [A], enabled: false })) },
    { why: 'stops nothing', between: theirs('between', { recipients: [A] }) },
  ])('is put right across a rule of others that $why', ({ between }) => {
    const { changes, blocked } = planRuleSet([ours('Two'), between, ours('One')], [block([ours('One'), ours('Two')])]);

    expect(changes.map(text)).toEqual(['reorder One,Two']);
    expect(blocked).toBeUndefined();
  });

  it('still creates, updates and deletes while it is blocked', () => {
    const between = stopping(theirs('between', { recipients: [A] }));
    const observed = [ours('Two'), between, ours('One'), ours('Old', [C])];
    const { changes, blocked } = planRuleSet(observed, [block([ours('One'), ours('Two', [A, B])])]);

    expect(changes.map(text)).toEqual([`update Two [${A},${B}]`, 'delete Old']);
    expect(blocked).toEqual({ ours: PREFIX + 'Two', foreign: 'between' });
  });
});

describe('planRuleSet: a pipeline that takes over mail which it did not store before', () => {
  it('stores it before the rule goes that did', () => {
    const leaving = other('beta', [], { bucketName: 'bodies-of-beta' });
    const theirRule = rule('slp_mail_beta_D', { recipients: [A], actions: [store('bodies-of-beta'), invoke()] });
    const observed = [theirRule, stored('D'), storage([A])];

    const { changes } = planRuleSet(observed, [block([ours('D')]), leaving]);

    const stores = changes.findIndex(({ kind }) => kind === 'updateRule');
    const goes = changes.find((change) => change.kind === 'deleteRule' && change.before.name === 'slp_mail_beta_D');
    expect(goes?.needs).toContain(stores);
  });
});

describe('planRuleSet: rules that stop the evaluation', () => {
  it('makes room for a rule before the one that used to stop its mail is moved', () => {
    const observed = [stopping(ours('Stop')), ours('Behind')];

    expect(plan(observed, block([ours('Behind'), stopping(ours('Stop'))]))).toEqual(['reorder Behind,Stop']);
  });

  it('puts a new rule in front of one that stops, where the order says so', () => {
    expect(finalNames([stopping(ours('Stop'))], block([ours('New'), stopping(ours('Stop'))]))).toEqual(['New', 'Stop']);
  });

  it('needs the new order before a rule begins to stop', () => {
    const { changes } = planRuleSet([ours('Stop'), ours('First')], [block([ours('First'), stopping(ours('Stop'))])]);

    expect(changes.map(text)).toEqual(['reorder First,Stop', `update Stop [${A}]`]);
    expect(changes[1]?.needs).toEqual([0]);
  });
});

describe('planRuleSet: the largest sets', () => {
  const many = (recipients: number) =>
    Array.from({ length: 199 }, (_, at) =>
      stored(
        `R${at}`,
        Array.from({ length: recipients }, (__, of) => `u${at}-${of}@x${of}.io`),
      ),
    );
  const large = block(many(100), { storageRule: storage(many(100).flatMap((found) => found.recipients)) });
  const all = [...(large.storageRule ? [large.storageRule] : []), ...large.rules];

  it.each([
    { name: 'from empty', observed: [], calls: 201 },
    { name: 'reversed', observed: [...all].reverse(), calls: 1 },
  ])('plans 200 rules with 100 recipients each $name in 2 s of processor time', ({ observed, calls }) => {
    const start = process.cpuUsage();

    expect(planRuleSet(observed, [large]).changes).toHaveLength(calls);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000);
  });
});
