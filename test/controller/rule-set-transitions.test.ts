import { describe, expect, it } from 'vitest';
import { rule } from '../core/support/rules.ts';
import type { Trouble } from './support/accidents.ts';
import { ruleSession, type RuleSession } from './support/rule-session.ts';

type Specs = Readonly<Record<string, object>>;
type Transition = { readonly what: string; readonly before: Specs; readonly after: Specs };

type Rule = readonly [name: string, ...recipients: string[]];
const rules = (...all: readonly Rule[]) => all.map(([name, ...recipients]) => ({ name, recipients }));
const withRules = (...all: readonly Rule[]) => ({ receiptRules: rules(...all) });
const THREE = withRules(['A', 'a@x.io'], ['B', 'b@x.io', 'c@x.io'], ['C', 'x.io']);
const stored = (storage: object) => ({ messageBodyStorage: { logicalName: 'Special', ...storage } });
const inSet = (name: string) => ({ ruleSet: { name, activate: 'Always' } });
const CODE = { inline: { 'index.mjs': 'export const handler = () => {};' } };

const TRANSITIONS: readonly Transition[] = [
  { what: 'a pipeline is made', before: {}, after: { alpha: THREE } },
  {
    what: 'a rule is renamed',
    before: { alpha: THREE },
    after: { alpha: withRules(['A', 'a@x.io'], ['New', 'b@x.io', 'c@x.io'], ['C', 'x.io']) },
  },
  {
    what: 'ruleSet.name changes',
    before: { alpha: { ...THREE, ...inSet('main') } },
    after: { alpha: { ...THREE, ...inSet('other') } },
  },
  {
    what: 'HeadRule becomes PerRule',
    before: { alpha: THREE },
    after: { alpha: { ...THREE, ...stored({ placement: 'PerRule' }) } },
  },
  {
    what: 'PerRule becomes HeadRule',
    before: { alpha: { ...THREE, ...stored({ placement: 'PerRule' }) } },
    after: { alpha: THREE },
  },
  {
    what: 'another handler takes over',
    before: { alpha: THREE },
    after: { alpha: { ...THREE, function: { code: CODE, handler: 'index.other' } } },
  },
  {
    what: 'the prefix of the keys changes',
    before: { alpha: { ...THREE, ...stored({ objectKeyPrefix: 'old' }) } },
    after: { alpha: { ...THREE, ...stored({ objectKeyPrefix: 'new' }) } },
  },
  {
    what: 'the prefix of the keys changes rule by rule',
    before: { alpha: { ...THREE, ...stored({ placement: 'PerRule' }) } },
    after: { alpha: { ...THREE, ...stored({ placement: 'PerRule', objectKeyPrefix: 'new' }) } },
  },
  {
    what: 'the union of the head rule grows and shrinks at once',
    before: { alpha: withRules(['A', 'a@x.io'], ['B', 'b@x.io']) },
    after: { alpha: withRules(['A', 'a@x.io'], ['B', 'c@x.io']) },
  },
  {
    what: 'a recipient moves from one pipeline to another',
    before: { alpha: withRules(['A', 'a@x.io', 'b@x.io']), beta: withRules(['A', 'c@x.io']) },
    after: { alpha: withRules(['A', 'a@x.io']), beta: withRules(['A', 'c@x.io', 'b@x.io']) },
  },
  {
    what: 'a recipient moves the other way',
    before: { alpha: withRules(['A', 'a@x.io']), beta: withRules(['A', 'c@x.io', 'b@x.io']) },
    after: { alpha: withRules(['A', 'a@x.io', 'b@x.io']), beta: withRules(['A', 'c@x.io']) },
  },
  {
    what: 'two pipelines swap their recipients',
    before: { alpha: withRules(['A', 'a@x.io']), beta: withRules(['A', 'b@x.io', 'c@x.io']) },
    after: { alpha: withRules(['A', 'b@x.io', 'c@x.io']), beta: withRules(['A', 'a@x.io']) },
  },
  {
    what: 'two pipelines swap their places',
    before: { alpha: THREE, beta: withRules(['A', 'd@x.io', 'd@s.x.io']) },
    after: { alpha: { ...THREE, ruleSet: { priority: 5 } }, beta: withRules(['A', 'd@x.io', 'd@s.x.io']) },
  },
  {
    what: 'all rules are reversed',
    before: { alpha: THREE },
    after: { alpha: withRules(['C', 'x.io'], ['B', 'b@x.io', 'c@x.io'], ['A', 'a@x.io']) },
  },
];

const ADDRESSES = ['a@x.io', 'a+l@x.io', 'b@x.io', 'c@x.io', 'd@x.io', 'd@s.x.io', 'z@elsewhere.io'];
const FOREIGN = [
  rule('theirs-0', { recipients: ['x.io'], actions: [] }),
  rule('theirs-1', { recipients: ['a@x.io'], actions: [] }),
];

const TROUBLES: readonly { readonly name: string; readonly trouble: Trouble }[] = [
  { name: 'is refused once', trouble: { kind: 'refused', lasting: 'once' } },
  { name: 'is refused for good', trouble: { kind: 'refused', lasting: 'for good' } },
  { name: 'takes effect and its answer is lost', trouble: { kind: 'lost answer' } },
  { name: 'is never made, because the process dies', trouble: { kind: 'crash', when: 'before' } },
  { name: 'is the last one before the process dies', trouble: { kind: 'crash', when: 'after' } },
];

async function begun(before: Specs, createsAppend: boolean): Promise<RuleSession> {
  const session = ruleSession(ADDRESSES, { main: FOREIGN });
  session.aws.createsAppend = createsAppend;
  for (const [name, spec] of Object.entries(before)) session.put(name, inMain(spec));
  await session.settle();
  return session;
}

const inMain = (spec: object): object => ({
  ...spec,
  ruleSet: { name: 'main', ...('ruleSet' in spec ? (spec.ruleSet as object) : {}) },
});

async function change(session: RuleSession, after: Specs, troubles?: ReadonlyMap<number, Trouble>): Promise<number> {
  for (const [name, spec] of Object.entries(after)) session.put(name, inMain(spec));
  return session.run(session.names(), troubles);
}

const outcomeOf = ({ rulesIn, aws, servedAt }: RuleSession) => ({
  active: aws.active,
  main: rulesIn('main'),
  other: rulesIn('other'),
  served: ADDRESSES.map((address) => [address, ...servedAt(address)]),
});

describe.each([
  { place: 'at the place asked for', createsAppend: false },
  { place: 'at the end, whatever was asked for', createsAppend: true },
])('with creates that land $place', ({ createsAppend }) => {
  describe.each(TRANSITIONS)('when $what', ({ before, after }) => {
    it('every mail on the way is handled as before or as after', async () => {
      const session = await begun(before, createsAppend);

      await change(session, after);
      expect(session.broken).toEqual([]);

      const once = outcomeOf(session);
      await session.settle();
      expect(outcomeOf(session)).toEqual(once);
    });

    it.each(TROUBLES)('and any one call $name, it comes to the same and no mail suffers', async ({ trouble }) => {
      const start = await begun(before, createsAppend);
      const reference = start.fork();
      const calls = await change(reference, after);
      await reference.settle();

      for (let at = 0; at < calls; at += 1) {
        const session = start.fork();
        await change(session, after, new Map([[at, trouble]]));
        expect(session.broken, `trouble at call ${at}`).toEqual([]);
        await session.run(session.names());
        expect(session.broken, `the run after trouble at call ${at}`).toEqual([]);
        await session.settle();
        expect(outcomeOf(session), `after trouble at call ${at}`).toEqual(outcomeOf(reference));
      }
    });
  });
});
