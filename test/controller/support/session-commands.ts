import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { ReceiptRule } from '../../../src/core/receipt-rule.ts';
import type { FakeAws } from '../../core/support/fake-aws.ts';
import { rule, stop } from '../../core/support/rules.ts';
import type { Trouble } from './accidents.ts';
import { pipelineSpecs, RECIPIENTS } from './random-pipelines.ts';
import type { RuleSession } from './rule-session.ts';

/** Nothing is modelled: each run of a session says by itself what it has to come to. */
type Model = Record<string, never>;
export type SessionCommand = fc.AsyncCommand<Model, RuleSession>;

const NAMES = ['alpha', 'beta', 'gamma'] as const;

type Named<T> = T & { readonly name: string };

/** Whose rules may end the evaluation. */
export type Stops = { readonly ours: boolean; readonly theirs: boolean };

/** Pipelines that are there, and settled, when a session begins. */
export const beginnings = ({ ours }: Stops): fc.Arbitrary<Readonly<Record<string, object | undefined>>> =>
  fc.record(Object.fromEntries(NAMES.map((name) => [name, pipelineSpecs(name, ours)])), { requiredKeys: [] });

/** What people and AWS do to a session. */
export function sessionCommands({ ours, theirs }: Stops): fc.Arbitrary<SessionCommand>[] {
  const edit = foreignEdits(theirs);
  return [
    ...NAMES.map((name) => pipelineSpecs(name, ours).map((spec) => put(name, spec))),
    fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES)).map(([a, b]) => swap(a, b)),
    fc.constantFrom(...NAMES).map(remove),
    edit.map(meddle),
    fc.record({ batch: fc.subarray([...NAMES], { minLength: 1 }), troubles: troubles(edit) }).map(run),
    fc.record({ batch: fc.constant([...NAMES]), troubles: troubles(edit) }).map(run),
  ];
}

const command = (text: string, act: (session: RuleSession) => void | Promise<void>): SessionCommand => ({
  check: () => true,
  run: async (_, session) => act(session),
  toString: () => text,
});

const put = (name: string, spec: object): SessionCommand =>
  command(`put ${name} ${JSON.stringify({ ...spec, function: undefined })}`, (session) => session.put(name, spec));

const remove = (name: string): SessionCommand => command(`delete ${name}`, (session) => session.remove(name));

const swap = (a: string, b: string): SessionCommand =>
  command(`swap the specs of ${a} and ${b}`, (session) => {
    const [ofA, ofB] = [session.specOf(a), session.specOf(b)];
    if (ofA === undefined || ofB === undefined) return;
    session.put(a, ofB);
    session.put(b, ofA);
  });

const meddle = ({ name, edit }: Named<{ readonly edit: (aws: FakeAws) => void }>): SessionCommand =>
  command(name, ({ aws }) => edit(aws));

const run = (given: {
  readonly batch: readonly string[];
  readonly troubles: readonly { readonly at: number; readonly trouble: Named<{ readonly trouble: Trouble }> }[];
}): SessionCommand => {
  const { batch, troubles } = given;
  const told = troubles.map(({ at, trouble: { name } }) => `, at call ${at} ${name}`).join('');
  return command(`reconcile ${batch.join(' + ')}${told}`, async (session) => {
    const known = batch.filter((name) => session.names().includes(name));
    await session.run(known, new Map(troubles.map(({ at, trouble: { trouble } }) => [at, trouble])));
    expect(session.broken).toEqual([]);
  });
};

function troubles(edit: ReturnType<typeof foreignEdits>) {
  const trouble: fc.Arbitrary<Named<{ readonly trouble: Trouble }>> = fc.oneof(
    fc.constantFrom(
      { name: 'refused once', trouble: { kind: 'refused', lasting: 'once' } } as const,
      { name: 'refused for good', trouble: { kind: 'refused', lasting: 'for good' } } as const,
      { name: 'throttled once', trouble: { kind: 'throttled', lasting: 'once' } } as const,
      { name: 'throttled for good', trouble: { kind: 'throttled', lasting: 'for good' } } as const,
      { name: 'the answer is lost', trouble: { kind: 'lost answer' } } as const,
      { name: 'the process dies before', trouble: { kind: 'crash', when: 'before' } } as const,
      { name: 'the process dies after', trouble: { kind: 'crash', when: 'after' } } as const,
    ),
    edit.map(({ name, edit: change }) => ({ name, trouble: { kind: 'foreign edit', edit: change } as const })),
  );
  return fc.array(fc.record({ at: fc.nat(30), trouble }), { maxLength: 3 });
}

/** What somebody else does to the rule sets of the account. */
export function foreignEdits(stops: boolean): fc.Arbitrary<Named<{ readonly edit: (aws: FakeAws) => void }>> {
  const set = fc.constantFrom('main', 'main', 'other', 'theirs');
  const recipients = fc.subarray([...RECIPIENTS], { maxLength: 2 });
  const ending = stops ? fc.boolean() : fc.constant(false);
  const their = fc
    .record({ n: fc.nat(4), recipients, ending })
    .map((made) => rule(LOOK[made.n] ?? 'theirs', { recipients: made.recipients, actions: made.ending ? [stop] : [] }));
  const inSet = (text: string, name: string, change: (rules: readonly ReceiptRule[]) => readonly ReceiptRule[]) => ({
    name: `somebody ${text} in ${name}`,
    edit: ({ sets }: FakeAws) => {
      const rules = sets.get(name);
      if (rules !== undefined) sets.set(name, change(rules));
    },
  });
  return fc.oneof(
    fc.record({ set, at: fc.nat(8), their }).map(({ set: name, at, their: made }) =>
      inSet(
        `puts ${made.name}[${made.recipients.join()}]${made.actions.length > 0 ? ' stop' : ''} at ${at}`,
        name,
        (rules) => {
          const others = rules.filter((other) => other.name !== made.name);
          return others.toSpliced(Math.min(at, others.length), 0, made);
        },
      ),
    ),
    fc
      .record({ set, at: fc.nat(8) })
      .map(({ set: name, at }) => inSet(`deletes rule ${at}`, name, (rules) => rules.toSpliced(at, 1))),
    fc
      .record({ set, at: fc.nat(8), recipients })
      .map(({ set: name, at, recipients: now }) =>
        inSet(`gives rule ${at} recipients [${now.join()}]`, name, (rules) =>
          rules.map((other, index) => (index === at ? { ...other, recipients: now } : other)),
        ),
      ),
    fc
      .record({ set, at: fc.nat(8) })
      .map(({ set: name, at }) =>
        inSet(`switches rule ${at} off`, name, (rules) =>
          rules.map((other, index) => (index === at ? { ...other, enabled: false } : other)),
        ),
      ),
    fc.record({ set, from: fc.nat(8), to: fc.nat(8) }).map(({ set: name, from, to }) =>
      inSet(`moves rule ${from} to ${to}`, name, (rules) => {
        const moved = rules[from];
        return moved === undefined ? rules : rules.toSpliced(from, 1).toSpliced(to, 0, moved);
      }),
    ),
    set.map((name) => ({
      name: `somebody deletes set ${name}`,
      edit: (aws: FakeAws) => {
        if (aws.active === name) aws.active = undefined;
        aws.sets.delete(name);
      },
    })),
    set.map((name) => ({
      name: `somebody makes ${name} active`,
      edit: (aws: FakeAws) => {
        if (aws.sets.has(name)) aws.active = name;
      },
    })),
  );
}

/** Names of others, some of which look like ours. */
const LOOK = [
  'theirs',
  'slp_mail_alpha',
  'slp_mail_alpha_A_',
  'slp_mail_alphabet_A',
  'slp_mail_alpha_x_MessageBodyStorage',
];
