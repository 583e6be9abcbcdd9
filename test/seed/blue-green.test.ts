import { DescribeReceiptRuleSetCommand, ListReceiptRuleSetsCommand } from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { pipeline, type Document } from '../support/manifests.ts';
import { startWorld, type World } from '../support/world.ts';

const ADDRESS = 'orders@example.com';

/** Rules of one edition of the manifest: one is renamed from edition to edition, one is changed, and they swap places. */
function edition(number: number, ruleSet: Document['spec']['ruleSet'] = {}): Document {
  const marked = (name: string) => ({
    name,
    recipients: [ADDRESS],
    actions: [{ addHeader: { name: `X-Edition-${number}`, value: name } }],
  });
  const rules = [marked(`Of${number}`), marked('Always')];
  return pipeline({
    ruleSet: { name: 'mail', rollout: 'BlueGreen', ...ruleSet },
    rules: number % 2 === 0 ? rules : rules.reverse(),
  });
}

const setNames = async ({ foreign }: World): Promise<readonly string[]> =>
  ((await foreign.ses.send(new ListReceiptRuleSetsCommand({}))).RuleSets ?? []).map(({ Name }) => Name ?? '').sort();

const namesIn = async ({ foreign }: World, RuleSetName: string): Promise<readonly string[]> =>
  ((await foreign.ses.send(new DescribeReceiptRuleSetCommand({ RuleSetName }))).Rules ?? []).map(({ Name = '' }) =>
    Name.replace('slp_mail_app_', ''),
  );

/** Which editions handled a mail, by the header that each rule adds, and whether all that it set off was done. */
function handlingOf({ sandbox }: World) {
  return sandbox.ses.journal.mails().map(({ ruleSet, rules }) => {
    const actions = rules.flatMap((one) => one.actions);
    return {
      ruleSet,
      editions: actions.flatMap(({ kind, target }) => (kind === 'AddHeaderAction' ? [target] : [])),
      kinds: actions.map(({ kind }) => kind).sort(),
      isDone: actions.every(({ outcome }) => outcome === 'done'),
    };
  });
}

describe('rollout: BlueGreen', () => {
  it('lets no mail see rules of two editions while 20 of them follow each other', async () => {
    const world = await startWorld();
    await world.mustApply(edition(0));
    const over = new AbortController();
    const flow = (async () => {
      while (!over.signal.aborted) await world.send({ to: ADDRESS });
    })();
    try {
      for (let number = 1; number <= 20; number += 1) await world.mustApply(edition(number));
    } finally {
      over.abort();
    }
    await flow;

    const mails = handlingOf(world);
    for (const { editions, kinds, isDone } of mails) {
      expect(editions).toHaveLength(2);
      expect(new Set(editions).size).toBe(1);
      expect(kinds).toEqual(['AddHeaderAction', 'AddHeaderAction', 'LambdaAction', 'LambdaAction', 'S3Action']);
      expect(isDone).toBe(true);
    }
    expect(new Set(mails.map(({ ruleSet }) => ruleSet))).toEqual(new Set(['mail', 'mail-green']));
    expect(new Set(mails.flatMap(({ editions }) => editions)).size).toBeGreaterThan(5);
    expect(await world.ruleNames()).toHaveLength(3);
  });

  it('ends the same where SES puts new rules at the end', async () => {
    const world = await startWorld();
    world.faults.setCreatesAppend(true);
    await world.mustApply(edition(1));
    await world.mustApply(edition(2));

    expect((await world.ruleNames()).map((name) => name.replace('slp_mail_app_', ''))).toEqual([
      'MessageBodyStorage',
      'Of2',
      'Always',
    ]);
    expect(await world.plan([edition(2)])).toMatchObject({ code: 0, steps: [] });
  });

  it('tells the plan as what it is, and asks about no clone', async () => {
    const world = await startWorld();
    await world.mustApply(edition(1));

    const { steps } = await world.plan([edition(2)]);

    const rules = steps.filter(({ part }) => part === 'rules').map(({ verb, target }) => `${verb} ${target}`);
    expect(rules).toEqual([
      'create rule set mail-green as a clone of mail',
      'delete rule slp_mail_app_Of1 in mail-green',
      'create rule slp_mail_app_Of2 in mail-green',
      'update rule slp_mail_app_Always in mail-green',
      'verify the rules in mail-green',
      'activate rule set mail-green in place of mail',
    ]);
  });

  it('goes back to the edition before without writing a rule', async () => {
    const world = await startWorld();
    await world.mustApply(edition(1));
    await world.mustApply(edition(2));
    world.faults.clearCalls();

    await world.mustApply(edition(1));

    expect(world.writes()).toEqual(['ses:SetActiveReceiptRuleSet']);
    expect(await namesIn(world, 'mail')).toEqual(['MessageBodyStorage', 'Always', 'Of1']);
  });

  it('is taken down with both sets', async () => {
    const world = await startWorld();
    const last = edition(2, { onDelete: 'DeleteWhenEmpty' });
    await world.mustApply(edition(1, { onDelete: 'DeleteWhenEmpty' }));
    await world.mustApply(last);
    expect(await setNames(world)).toEqual(['mail', 'mail-green']);

    expect((await world.remove([last])).code).toBe(0);

    expect(await setNames(world)).toEqual([]);
  });
});
