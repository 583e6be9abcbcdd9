import { describe, expect, it } from 'vitest';
import { plan } from '../../src/core/plan.ts';
import { planRuleSets } from '../../src/core/plan-rule-sets.ts';
import type { Resident } from '../../src/core/rule-set-residents.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import type { Step } from '../../src/core/step.ts';
import { desired } from './support/pipeline.ts';
import type { Neighbour } from '../../src/core/neighbour.ts';
import { block, invoke, rule, store } from './support/rules.ts';

type RuleSet = Resident['ruleSet'];

const RULE_SET: RuleSet = {
  name: 'mail',
  create: true,
  activate: 'IfNone',
  position: 'Head',
  priority: 0,
  onDelete: 'Retain',
  rollout: 'InPlace',
};

const prefixOf = (name: string): string => `slp_mail_${name}_`;
const ruleOf = (name: string): ReceiptRule =>
  rule(`${prefixOf(name)}A`, { recipients: [`${name}@x.io`], actions: [store(), invoke()] });

/** A pipeline with one rule. */
function pipeline(name: string, ruleSet: Partial<RuleSet> = {}, createdAtMs?: number): { readonly desired: Resident } {
  const own = block([ruleOf(name)], { owner: `mail/${name}`, prefix: prefixOf(name) });
  return {
    desired: { key: `mail/${name}`, createdAtMs, ruleSet: { ...RULE_SET, ...ruleSet }, block: own, existingRules: [] },
  };
}

/** The same as its neighbours' runs see it. */
function neighbourOf({ desired: { block, ruleSet, createdAtMs } }: { readonly desired: Resident }): Neighbour {
  return {
    ...block,
    bucketName: '',
    rules: [],
    createdAtMs,
    recipients: [],
    activates: ruleSet.activate === 'Always' ? ruleSet.name : undefined,
    ruleSet,
    isGrantedBoth: false,
  };
}

const departing = (name: string, ruleSet: Partial<RuleSet> = {}) => {
  const { desired } = pipeline(name, ruleSet);
  return { ruleSet: desired.ruleSet, block: desired.block, existingRules: [], because: 'the pipeline is deleted' };
};

function planOf(given: {
  readonly pipelines?: readonly { readonly desired: Resident }[];
  readonly departing?: readonly ReturnType<typeof departing>[];
  readonly sets?: Readonly<Record<string, readonly ReceiptRule[]>>;
  readonly active?: string;
  readonly neighbours?: readonly Neighbour[];
}) {
  const sets = new Map(Object.entries(given.sets ?? {}).map(([name, rules]) => [name, { name, rules }]));
  const ruleSets = { active: given.active, sets };
  return planRuleSets({
    region: 'us-west-2',
    pipelines: given.pipelines ?? [],
    departing: given.departing ?? [],
    neighbours: given.neighbours ?? [],
    ruleSets,
  });
}

type Planned = ReturnType<typeof planOf>;

function text({ action }: Step): string {
  if (action.kind === 'createRule' || action.kind === 'updateRule')
    return `${action.kind} ${action.ruleSet} ${action.rule.name}`;
  if (action.kind === 'deleteRule') return `${action.kind} ${action.ruleSet} ${action.before.name}`;
  return 'ruleSet' in action ? `${action.kind} ${action.ruleSet}` : action.kind;
}

const stepsOf = ({ steps }: Planned): string[] => steps.map(text);
const problemsOf = ({ problems }: Planned): string[] => problems.map(({ owner, fault }) => `${owner} ${fault.reason}`);

/** Everything that must have succeeded before the step, directly or not. */
function needsOf({ steps }: Planned, wanted: string): string[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const found = new Set<Step>();
  const visit = (step: Step | undefined) => {
    for (const need of step?.needs ?? []) {
      const needed = byId.get(need);
      if (needed === undefined || found.has(needed)) continue;
      found.add(needed);
      visit(needed);
    }
  };
  const start = steps.find((step) => text(step) === wanted);
  expect(start, `no step "${wanted}"`).toBeDefined();
  visit(start);
  return steps.filter((step) => found.has(step)).map(text);
}

describe('planRuleSets: a set that does not exist', () => {
  it('creates it, then its rules, and makes it active where none is', () => {
    const planned = planOf({ pipelines: [pipeline('app')] });

    expect(stepsOf(planned)).toEqual([
      'createRuleSet mail',
      'createRule mail slp_mail_app_A',
      'orderRules mail',
      'activateRuleSet mail',
    ]);
    expect(needsOf(planned, 'createRule mail slp_mail_app_A')).toEqual(['createRuleSet mail']);
    expect(problemsOf(planned)).toEqual([]);
  });

  it('says that it is missing when it may not be created, and stops the pipeline', () => {
    const planned = planOf({ pipelines: [pipeline('app', { create: false, activate: 'Never' })] });

    expect(planned.steps).toEqual([]);
    expect(planned.problems.map(({ fault, stops }) => [fault.reason, stops])).toEqual([['RuleSetMissing', true]]);
  });

  it('is created for all as soon as one pipeline may create it', () => {
    const planned = planOf({ pipelines: [pipeline('app', { create: false }), pipeline('bee')] });

    expect(stepsOf(planned)[0]).toBe('createRuleSet mail');
    expect(problemsOf(planned)).toEqual([]);
  });
});

describe('planRuleSets: which set is active', () => {
  it('has nothing to do when all is as it should be', () => {
    const planned = planOf({ pipelines: [pipeline('app')], sets: { mail: [ruleOf('app')] }, active: 'mail' });

    expect(planned.steps).toEqual([]);
    expect(planned.problems).toEqual([]);
  });

  it.each([
    { activate: 'IfNone', active: undefined, steps: ['activateRuleSet mail'], problems: [] },
    { activate: 'IfNone', active: 'other', steps: [], problems: ['mail/app OtherRuleSetActive'] },
    { activate: 'Always', active: undefined, steps: ['activateRuleSet mail'], problems: [] },
    { activate: 'Always', active: 'other', steps: ['activateRuleSet mail'], problems: [] },
    { activate: 'Never', active: undefined, steps: [], problems: [] },
    { activate: 'Never', active: 'other', steps: [], problems: [] },
  ] as const)('activate $activate with $active active: $steps $problems', ({ activate, active, steps, problems }) => {
    const planned = planOf({
      pipelines: [pipeline('app', { activate })],
      sets: { mail: [ruleOf('app')], ...(active === undefined ? {} : { [active]: [] }) },
      ...(active === undefined ? {} : { active }),
    });

    expect(stepsOf(planned)).toEqual(steps);
    expect(problemsOf(planned)).toEqual(problems);
  });

  it('looks once more before it switches receiving on, and does not where a switch was asked for', () => {
    const sets = { mail: [ruleOf('app')], other: [] };
    const guarded = (planned: Planned) =>
      planned.steps.map(({ action }) => action.kind === 'activateRuleSet' && action.onlyIfNone);

    expect(guarded(planOf({ pipelines: [pipeline('app')], sets }))).toEqual([true]);
    expect(guarded(planOf({ pipelines: [pipeline('app', { activate: 'Always' })], sets, active: 'other' }))).toEqual([
      false,
    ]);
  });

  it('switches to a set only when all its rules are in it', () => {
    const planned = planOf({
      pipelines: [pipeline('app', { activate: 'Always' }), pipeline('bee')],
      active: 'other',
      sets: { other: [] },
    });

    expect(needsOf(planned, 'activateRuleSet mail')).toEqual([
      'createRuleSet mail',
      'createRule mail slp_mail_app_A',
      'createRule mail slp_mail_bee_A',
      'orderRules mail',
    ]);
  });

  it('does not wait for every rule where nothing is active yet', () => {
    expect(needsOf(planOf({ pipelines: [pipeline('app')] }), 'activateRuleSet mail')).toEqual(['createRuleSet mail']);
  });

  it('goes to the first pipeline by name when two want different sets', () => {
    const planned = planOf({
      pipelines: [
        pipeline('bee', { name: 'second', activate: 'Always' }),
        pipeline('app', { name: 'first', activate: 'Always' }),
      ],
      sets: { first: [ruleOf('app')], second: [ruleOf('bee')] },
    });

    expect(stepsOf(planned)).toEqual(['activateRuleSet first']);
    expect(problemsOf(planned)).toEqual(['mail/bee OtherRuleSetActive']);
  });

  it('never flips between two pipelines: the set that is active stays, and the loser is told who wants it', () => {
    const planned = planOf({
      pipelines: [
        pipeline('app', { name: 'first', activate: 'Always' }),
        pipeline('bee', { name: 'second', activate: 'Always' }),
      ],
      sets: { first: [ruleOf('app')], second: [ruleOf('bee')] },
      active: 'second',
    });

    expect(planned.steps).toEqual([]);
    expect(problemsOf(planned)).toEqual(['mail/app OtherRuleSetActive']);
    expect(planned.problems[0]?.fault.message).toContain('mail/bee');
  });
});

describe('planRuleSets: which set is active beside neighbours', () => {
  const always = (name: string, set: string, createdAtMs?: number) =>
    pipeline(name, { name: set, activate: 'Always' }, createdAtMs);
  const beside = (own: ReturnType<typeof pipeline>, neighbour: ReturnType<typeof pipeline>, active?: string) =>
    planOf({
      pipelines: [own],
      neighbours: [neighbourOf(neighbour)],
      sets: { first: [ruleOf('app')], second: [ruleOf('bee')] },
      ...(active === undefined ? {} : { active }),
    });
  const app = (createdAtMs?: number) => always('app', 'first', createdAtMs);
  const bee = (createdAtMs?: number) => always('bee', 'second', createdAtMs);

  it.each([
    { name: 'is older', own: app(1), neighbour: bee(2), steps: ['activateRuleSet first'], problems: [] },
    { name: 'is younger', own: app(2), neighbour: bee(1), steps: [], problems: ['mail/app OtherRuleSetActive'] },
    { name: 'has the first name', own: app(), neighbour: bee(), steps: ['activateRuleSet first'], problems: [] },
    {
      name: 'has the second name',
      own: bee(),
      neighbour: app(),
      steps: [],
      problems: ['mail/bee OtherRuleSetActive'],
    },
  ])('makes its own active when it $name', ({ own, neighbour, steps, problems }) => {
    const planned = beside(own, neighbour);

    expect(stepsOf(planned)).toEqual(steps);
    expect(problemsOf(planned)).toEqual(problems);
  });

  it.each([1, 3])('never switches off the set that a neighbour asks for, whatever its age: %d', (createdAtMs) => {
    const planned = beside(app(2), bee(createdAtMs), 'second');

    expect(planned.steps).toEqual([]);
    expect(planned.problems).toMatchObject([
      { owner: 'mail/app', fault: { message: expect.stringContaining('mail/bee') } },
    ]);
  });

  it('lets IfNone wait for a neighbour that says Always, or the set would be switched twice', () => {
    const planned = beside(pipeline('app', { name: 'first' }, 1), bee(2));

    expect(planned).toMatchObject({ steps: [], problems: [] });
  });

  it('does not wait for an older neighbour that asks for the same set', () => {
    expect(stepsOf(beside(app(2), always('bee', 'first', 1)))).toEqual(['activateRuleSet first']);
  });
});

describe('planRuleSets: a pipeline that moves to another set', () => {
  it('leaves the old set after the new one is active', () => {
    const planned = planOf({
      pipelines: [pipeline('app', { name: 'new', activate: 'Always' })],
      sets: { old: [ruleOf('app')] },
      active: 'old',
    });

    expect(stepsOf(planned)).toEqual([
      'createRuleSet new',
      'createRule new slp_mail_app_A',
      'orderRules new',
      'activateRuleSet new',
      'deleteRule old slp_mail_app_A',
    ]);
    expect(needsOf(planned, 'deleteRule old slp_mail_app_A')).toContain('activateRuleSet new');
    expect(planned.setsOf('mail/app')).toEqual(['new']);
  });

  it.each(['IfNone', 'Never'] as const)(
    'stays in both sets, and says so once, while the old one is active and activate is %s',
    (activate) => {
      const planned = planOf({
        pipelines: [pipeline('app', { name: 'new', activate })],
        sets: { old: [ruleOf('app')] },
        active: 'old',
      });

      expect(stepsOf(planned)).toEqual(['createRuleSet new', 'createRule new slp_mail_app_A', 'orderRules new']);
      expect(problemsOf(planned)).toEqual(['mail/app OldSetStillActive']);
      expect(planned.setsOf('mail/app')).toEqual(['new', 'old']);
    },
  );

  it('keeps its place in the old set when others come to it, wherever their rules land', () => {
    const planned = planOf({
      pipelines: [pipeline('moved', { name: 'new' }), pipeline('came', { name: 'old' })],
      sets: { old: [ruleOf('moved')] },
      active: 'old',
    });

    const looked = planned.steps.flatMap(({ action }) =>
      action.kind === 'orderRules' && action.ruleSet === 'old' ? [action.order] : [],
    );
    expect(looked).toEqual([['slp_mail_came_A', 'slp_mail_moved_A']]);
    expect(problemsOf(planned)).toEqual(['mail/moved OldSetStillActive']);
  });

  it('leaves an old set that is not active at once', () => {
    const planned = planOf({
      pipelines: [pipeline('app', { name: 'new' })],
      sets: { new: [ruleOf('app')], old: [ruleOf('app')] },
      active: 'new',
    });

    expect(stepsOf(planned)).toEqual(['deleteRule old slp_mail_app_A']);
    expect(planned.steps[0]?.why).toBe('its pipeline uses rule set new');
    expect(planned.problems).toEqual([]);
  });

  it('leaves others in the old set alone', () => {
    const theirs = rule('theirs');
    const planned = planOf({
      pipelines: [pipeline('app', { name: 'new', activate: 'Always' }), pipeline('bee', { name: 'old' })],
      sets: { old: [ruleOf('app'), theirs, ruleOf('bee')] },
      active: 'old',
    });

    expect(planned.results.get('old')).toEqual([theirs, ruleOf('bee')]);
    expect(problemsOf(planned)).toEqual(['mail/bee OtherRuleSetActive']);
  });
});

describe('planRuleSets: a pipeline that is deleted', () => {
  it('takes its rules out of every set and keeps the sets', () => {
    const planned = planOf({
      departing: [departing('app')],
      sets: { mail: [ruleOf('app')], old: [ruleOf('app')] },
      active: 'mail',
    });

    expect(stepsOf(planned)).toEqual(['deleteRule mail slp_mail_app_A', 'deleteRule old slp_mail_app_A']);
    expect(planned.steps.map(({ why }) => why)).toEqual(['the pipeline is deleted', 'the pipeline is deleted']);
  });

  it('switches an emptied set off and deletes it where that is asked for', () => {
    const planned = planOf({
      departing: [departing('app', { onDelete: 'DeleteWhenEmpty' })],
      sets: { mail: [ruleOf('app')] },
      active: 'mail',
    });

    expect(stepsOf(planned)).toEqual([
      'deleteRule mail slp_mail_app_A',
      'deactivateRuleSet mail',
      'deleteRuleSet mail',
    ]);
    expect(needsOf(planned, 'deactivateRuleSet mail')).toEqual(['deleteRule mail slp_mail_app_A']);
  });

  it.each([
    { name: 'holds a rule of somebody else', given: { sets: { mail: [ruleOf('app'), rule('theirs')] } } },
    { name: 'is wanted by another pipeline', given: { sets: { mail: [ruleOf('app')] }, pipelines: [pipeline('bee')] } },
  ])('keeps a set that $name', ({ given }) => {
    const planned = planOf({
      ...given,
      departing: [departing('app', { onDelete: 'DeleteWhenEmpty' })],
      active: 'mail',
    });

    expect(stepsOf(planned)).not.toContain('deactivateRuleSet mail');
    expect(stepsOf(planned)).not.toContain('deleteRuleSet mail');
  });

  it('does not switch receiving off when another set was made active in its place', () => {
    const planned = planOf({
      pipelines: [pipeline('bee', { name: 'new', activate: 'Always' })],
      departing: [departing('app', { onDelete: 'DeleteWhenEmpty' })],
      sets: { mail: [ruleOf('app')], new: [ruleOf('bee')] },
      active: 'mail',
    });

    expect(stepsOf(planned)).toEqual(['activateRuleSet new', 'deleteRule mail slp_mail_app_A', 'deleteRuleSet mail']);
    expect(needsOf(planned, 'deleteRuleSet mail')).toContain('activateRuleSet new');
    expect(needsOf(planned, 'deleteRule mail slp_mail_app_A')).toEqual([]);
  });

  it('hands its mail over to the set that is made active in its place', () => {
    const heir = pipeline('bee', { name: 'new', activate: 'Always' });
    const takesAll = rule(`${prefixOf('bee')}All`, { recipients: ['x.io'], actions: [store(), invoke()] });
    const planned = planOf({
      pipelines: [{ desired: { ...heir.desired, block: { ...heir.desired.block, rules: [takesAll] } } }],
      departing: [departing('app')],
      sets: { mail: [ruleOf('app')], new: [] },
      active: 'mail',
    });

    expect(needsOf(planned, 'deleteRule mail slp_mail_app_A')).toEqual([
      'createRule new slp_mail_bee_All',
      'orderRules new',
      'activateRuleSet new',
    ]);
  });
});

describe('plan: a rule set that is full', () => {
  const NOTHING = { bucket: undefined, role: undefined, function: undefined };
  const planWith = (foreign: number) => {
    const rules = Array.from({ length: foreign }, (_, index) => rule(`theirs-${index}`));
    const wanted = desired();
    const name = wanted.ruleSet.name;
    const ruleSets = { active: name, sets: new Map([[name, { name, rules }]]) };
    return plan({ region: 'us-west-2', pipelines: [{ desired: wanted, observed: NOTHING }], departing: [], ruleSets });
  };

  it('makes no step at all for a pipeline whose rules would be more than SES allows', () => {
    const { steps, problems } = planWith(199);

    expect(steps).toEqual([]);
    expect(problems.map(({ fault, stops }) => [fault.reason, stops])).toEqual([['QuotaExceeded', true]]);
  });

  it('fills a set up to the last rule', () => {
    const { steps, problems } = planWith(198);

    expect(problems).toEqual([]);
    expect(steps.filter(({ action }) => action.kind === 'createRule')).toHaveLength(2);
  });
});

describe('planRuleSets: neighbours that another run looks after', () => {
  const neighbour = (name: string) => neighbourOf(pipeline(name));
  const storage = rule(`${prefixOf('a')}MessageBodyStorage`, { actions: [store()] });
  const planBeside = (rules: readonly ReceiptRule[]) =>
    planRuleSets({
      region: 'us-west-2',
      pipelines: [pipeline('b')],
      departing: [],
      neighbours: [neighbour('a')],
      ruleSets: { active: 'mail', sets: new Map([['mail', { name: 'mail', rules }]]) },
    });

  it('keep all their rules, the storage rule included', () => {
    const live = [storage, ruleOf('a'), ruleOf('b')];

    expect(stepsOf(planBeside(live))).toEqual([]);
  });

  it('have their place: a new block goes behind the one before it', () => {
    const [created] = planBeside([storage, ruleOf('a'), rule('theirs')]).steps;

    expect(created?.action).toMatchObject({ kind: 'createRule', after: [`${prefixOf('a')}A`] });
  });
});
