import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameRule, type ReceiptRule } from '../../src/core/receipt-rule.ts';
import { rule } from '../core/support/rules.ts';
import { ADDRESSES } from './support/random-pipelines.ts';
import { ruleSession, type RuleSession } from './support/rule-session.ts';
import { beginnings, sessionCommands } from './support/session-commands.ts';

const FOREIGN = {
  main: [rule('theirs-0', { recipients: ['x.io'], actions: [] }), rule('theirs-1', { recipients: [], actions: [] })],
  theirs: [rule('theirs-2', { actions: [] })],
};

/** What a new account with the same rules of others would hold, if all pipelines were made at once. */
async function fromScratch(session: RuleSession): Promise<RuleSession> {
  const scratch = session.anew();
  await scratch.settle();
  return scratch;
}

/** Ours as wanted, in order; nothing of those who are gone. */
async function expectSettled(session: RuleSession): Promise<void> {
  await session.settle();
  const scratch = await fromScratch(session);
  for (const [set, wanted] of scratch.aws.sets) {
    const live = session.aws.sets.get(set) ?? [];
    const names = new Set(wanted.map(({ name }) => name));
    const ours = (rules: readonly ReceiptRule[]) => rules.filter(session.isOurs).map(({ name }) => name);
    const kept = ours(live).filter((name) => names.has(name));
    expect(session.isBlocked() ? kept.toSorted() : kept).toEqual(
      session.isBlocked() ? ours(wanted).toSorted() : ours(wanted),
    );
    for (const found of wanted) {
      const same = live.find(({ name }) => name === found.name);
      expect(same !== undefined && sameRule(same, found), `${found.name} is as wanted`).toBe(true);
    }
  }
  const left = [...session.aws.sets]
    .flatMap(([, rules]) => rules.filter(session.isOurs))
    .filter(({ name }) => session.ownerOf(name) === undefined);
  expect(left, 'rules of pipelines that are gone').toEqual([]);
}

const NOBODY = { ours: false, theirs: false };
const THEIRS = { ours: false, theirs: true };
const EVERYBODY = { ours: true, theirs: true };

describe.each([
  { stops: NOBODY, what: 'in which no rule ends the evaluation', accepted: 'nothing', runs: 100 },
  { stops: THEIRS, what: 'in which rules of others do', accepted: 'nothing', runs: 75 },
  // Where several rules that stop are changed at once, some mail has to be stopped too late: see planRuleSet.
  { stops: EVERYBODY, what: 'in which ours do as well', accepted: 'extra', runs: 75 },
] as const)('random sessions $what', ({ stops, accepted, runs }) => {
  it.each([
    { place: 'at the place asked for', createsAppend: false },
    { place: 'at the end', createsAppend: true },
  ])(
    'serve every mail as before or as after, and settle; creates land $place',
    { timeout: 120_000 },
    async ({ createsAppend }) => {
      await fc.assert(
        fc.asyncProperty(
          beginnings(stops),
          fc.commands(sessionCommands(stops), { maxCommands: 12, size: 'max' }),
          async (first, commands) => {
            const session = ruleSession(ADDRESSES, FOREIGN, accepted);
            session.aws.createsAppend = createsAppend;
            for (const [name, spec] of Object.entries(first)) if (spec !== undefined) session.put(name, spec);
            await session.settle();
            await fc.asyncModelRun(() => ({ model: {}, real: session }), commands);
            await expectSettled(session);
            expect(session.broken).toEqual([]);
          },
        ),
        { numRuns: Number(process.env['RUNS'] ?? runs) },
      );
    },
  );
});
