import { mailRouting } from '../../src/core/mail-routing.ts';
import { NO_FACTS } from '../../src/core/routing-facts.ts';
import { describe, expect, it } from 'vitest';
import { converge, lookAhead } from '../../src/core/converge.ts';
import { desiredBlock } from '../../src/core/desired-rules.ts';
import type { Pipeline } from '../../src/core/pipeline.ts';
import { PipelineError } from '../../src/core/fault.ts';
import { asNeighbour, type Neighbour } from '../../src/core/neighbour.ts';
import type { Work } from '../../src/core/observe.ts';
import { statusOf } from '../../src/core/status.ts';
import { fakeAws, type FakeAws } from './support/fake-aws.ts';
import { adopting, IDENTITY, pipeline } from './support/pipeline.ts';
import { rule } from './support/rules.ts';
import { applying, bringAbout, kindsOf, removing, settled } from './support/work.ts';

const MINUTE = 60_000;
const INTERVAL = 10 * MINUTE;

type Wish = { readonly name?: string; readonly ruleSet?: object; readonly recipients?: readonly string[] };

/** A pipeline with a rule for each recipient, in a set that is changed by a switch. */
function wanting({ name = 'app', ruleSet = {}, recipients = ['a'] }: Wish = {}): Pipeline {
  const spec = {
    ruleSet: { name: 'mail', rollout: 'BlueGreen', ...ruleSet },
    receiptRules: recipients.map((one) => ({ name: one, recipients: [`${one}@x.test`] })),
    messageBodyStorage: { logicalName: 'Special', placement: 'PerRule' },
    interval: '10m',
  };
  return pipeline(spec, { identity: { ...IDENTITY, name } });
}

const namesIn = (aws: FakeAws, set: string | undefined): readonly string[] =>
  (aws.sets.get(set ?? '') ?? []).map(({ name }) => name.replace(/^slp_mail_/, ''));
const live = (aws: FakeAws) => ({ active: aws.active, rules: namesIn(aws, aws.active) });
const setsIn = (aws: FakeAws) => [...aws.sets.keys()].sort();

/** What was called of SES since the last time. */
function rulesCalls(aws: FakeAws): string[] {
  const calls = aws.calls.filter((call) => call.startsWith('receiptRules.'));
  aws.calls.length = 0;
  return calls.map((call) => call.replace('receiptRules.', '').replaceAll('slp_mail_', ''));
}

const pass = (aws: FakeAws, ms: number) => aws.ports.clock.sleep(ms);

async function aSetWith(...pipelines: readonly Pipeline[]): Promise<FakeAws> {
  const aws = fakeAws();
  await settled(applying(...pipelines), aws);
  rulesCalls(aws);
  return aws;
}

const problemsOf = async (work: Work, aws: FakeAws) =>
  (await lookAhead(work, aws.ports)).problems.map(({ owner, fault, stops }) => ({
    owner,
    reason: fault.reason,
    message: fault.message,
    stops,
  }));

describe('a switch of sets', () => {
  it('is not needed for a set that nobody uses yet', async () => {
    const aws = await aSetWith(wanting());

    expect(live(aws)).toEqual({ active: 'mail', rules: ['app_a'] });
    expect(setsIn(aws)).toEqual(['mail']);
  });

  it('has both names granted before it is needed', async () => {
    const aws = await aSetWith(wanting());

    const granted = [...aws.functions.values(), ...aws.buckets.values()].map(({ policy }) => JSON.stringify(policy));
    expect(granted).toHaveLength(2);
    for (const policy of granted) {
      expect(policy).toContain('receipt-rule-set/mail:');
      expect(policy).toContain('receipt-rule-set/mail-green:');
    }
  });

  it('changes the rules of a clone, looks at it and at the set in use, and then makes it the active one', async () => {
    const aws = await aSetWith(wanting({ recipients: ['a', 'b'] }));

    await bringAbout(applying(wanting({ recipients: ['c', 'b'] })), aws);

    expect(rulesCalls(aws)).toEqual([
      'describeActive',
      'describe mail-green',
      'cloneSet mail-green mail',
      'delete mail-green app_a',
      'create mail-green app_c',
      'describe mail-green',
      'describeActive',
      'setActive mail-green',
    ]);
    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['app_c', 'app_b'] });
    expect(namesIn(aws, 'mail')).toEqual(['app_a', 'app_b']);
  });

  it('puts rules in order by one call, wherever SES put them', async () => {
    const aws = await aSetWith(wanting({ recipients: ['a', 'b', 'c'] }));

    await settled(applying(wanting({ recipients: ['c', 'b', 'a'] })), aws);

    expect(rulesCalls(aws).filter((call) => /reorder|create|delete|update/.test(call))).toEqual(['reorder mail-green']);
    expect(live(aws).rules).toEqual(['app_c', 'app_b', 'app_a']);
  });

  it('leaves nothing to do, and two looks are all that it takes to see it', async () => {
    const aws = await aSetWith(wanting());
    await settled(applying(wanting({ recipients: ['b'] })), aws);
    rulesCalls(aws);

    expect(kindsOf(await lookAhead(applying(wanting({ recipients: ['b'] })), aws.ports))).toEqual([]);
    expect(rulesCalls(aws)).toEqual(['describeActive', 'describe mail']);
  });

  it('is told in the status: the set in use has the other name', async () => {
    const aws = await aSetWith(wanting());
    const { observation, steps, problems } = await settled(applying(wanting({ recipients: ['b'] })), aws);
    const [one] = observation?.input.pipelines ?? [];
    if (one === undefined || observation === undefined) throw new Error('nothing was looked at');

    const { ruleSets } = observation.input;
    const routing = mailRouting(one.desired, ruleSets, NO_FACTS);
    const status = statusOf({ ...one, ruleSets, steps, problems, routing });

    expect(status.ruleSet).toEqual({
      name: 'mail-green',
      active: true,
      rules: [{ name: 'b', ruleName: 'slp_mail_app_b', position: 1 }],
    });
    expect(status.conditions[0]).toMatchObject({ type: 'Ready', status: 'True' });
  });

  it('goes back to the first name the next time', async () => {
    const aws = await aSetWith(wanting());
    await settled(applying(wanting({ recipients: ['b'] })), aws);

    await settled(applying(wanting({ recipients: ['c'] })), aws);

    expect(live(aws)).toEqual({ active: 'mail', rules: ['app_c'] });
  });

  it('takes a whole set of pipelines at once, and waits for the grants of all', async () => {
    const aws = await aSetWith(wanting(), wanting({ name: 'bee', recipients: ['x'] }));
    const work = applying(wanting({ recipients: ['b'] }), wanting({ name: 'bee', recipients: ['y', 'z'] }));
    const { steps } = await lookAhead(work, aws.ports);

    await settled(work, aws);

    expect(steps.filter(({ action }) => action.kind === 'switchRuleSet')).toHaveLength(1);
    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['app_b', 'bee_y', 'bee_z'] });
  });

  it('is not made when a rule cannot be: what is in use stays whole', async () => {
    const aws = await aSetWith(wanting({ recipients: ['a', 'b'] }));
    aws.before = (call) =>
      call.startsWith('receiptRules.create mail-green')
        ? { class: 'invalid', reason: 'InvalidSpec', message: 'SES refuses it' }
        : undefined;

    const { results } = await bringAbout(applying(wanting({ recipients: ['c', 'd'] })), aws);

    expect(results.flatMap(({ kind, step }) => (kind === 'skipped' ? [step.action.kind] : []))).toEqual(
      expect.arrayContaining(['settleClone', 'switchRuleSet']),
    );
    expect(live(aws)).toEqual({ active: 'mail', rules: ['app_a', 'app_b'] });
  });
});

describe('the set that was in use before a switch', () => {
  it('is kept for an interval, and then deleted without a question', async () => {
    const work = applying(wanting({ recipients: ['b'] }));
    const aws = await aSetWith(wanting());
    await settled(work, aws);

    await pass(aws, INTERVAL - 1);
    expect(kindsOf(await lookAhead(work, aws.ports))).toEqual([]);
    await pass(aws, 1);
    await settled(work, aws);

    expect(setsIn(aws)).toEqual(['mail-green']);
    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['app_b'] });
  });

  it('is what a change is taken back to, without writing a rule', async () => {
    const aws = await aSetWith(wanting({ recipients: ['a', 'b'] }));
    await settled(applying(wanting({ recipients: ['c', 'd'] })), aws);
    rulesCalls(aws);

    await bringAbout(applying(wanting({ recipients: ['a', 'b'] })), aws);

    expect(rulesCalls(aws)).toEqual([
      'describeActive',
      'describe mail',
      'describe mail',
      'describeActive',
      'setActive mail',
    ]);
    expect(live(aws)).toEqual({ active: 'mail', rules: ['app_a', 'app_b'] });
  });

  it('is kept when nobody knows how old it is', async () => {
    const work = applying(wanting({ recipients: ['b'] }));
    const aws = await aSetWith(wanting());
    await settled(work, aws);
    aws.setsMadeAtMs.clear();
    await pass(aws, 100 * INTERVAL);

    expect(kindsOf(await lookAhead(work, aws.ports))).toEqual([]);
  });

  it('goes too when its last pipeline goes; a set that is retained is retained empty', async () => {
    const aws = await aSetWith(wanting());
    await settled(applying(wanting({ recipients: ['b'] })), aws);

    await bringAbout(removing(wanting({ recipients: ['b'] })), aws);

    expect(setsIn(aws)).toEqual(['mail-green']);
    expect(live(aws)).toEqual({ active: 'mail-green', rules: [] });
    await settled(applying(wanting()), aws);
    expect(live(aws).rules).toEqual(['app_a']);
  });

  it('goes with the other under onDelete: DeleteWhenEmpty', async () => {
    const last = wanting({ recipients: ['b'], ruleSet: { onDelete: 'DeleteWhenEmpty' } });
    const aws = await aSetWith(wanting());
    await settled(applying(last), aws);

    await bringAbout(removing(last), aws);

    expect(setsIn(aws)).toEqual([]);
    expect(aws.active).toBeUndefined();
  });

  it('holds no rule of a pipeline that is gone', async () => {
    const bee = wanting({ name: 'bee', recipients: ['x'] });
    const aws = await aSetWith(wanting(), bee);

    await bringAbout({ region: 'us-west-2', apply: [wanting()], remove: [bee] }, aws);

    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['app_a'] });
    expect(namesIn(aws, 'mail')).toEqual(['app_a']);
    expect([...aws.functions.keys()]).toHaveLength(1);
  });

  it('is left behind with all else when the set gets another name', async () => {
    const moved = wanting({ recipients: ['b'], ruleSet: { name: 'post', activate: 'Always' } });
    const aws = await aSetWith(wanting());
    await settled(applying(wanting({ recipients: ['b'] })), aws);

    await settled(applying(moved), aws);

    expect(live(aws)).toEqual({ active: 'post', rules: ['app_b'] });
    expect([...namesIn(aws, 'mail'), ...namesIn(aws, 'mail-green')]).toEqual([]);
  });
});

describe('the set that is kept, while pipelines of other runs live in the set too', () => {
  const [app, bee] = [wanting({ recipients: ['b'] }), wanting({ name: 'bee', recipients: ['x'] })];
  const beeNextDoor = (priority: number): Neighbour => ({
    ...asNeighbour(desiredBlock(bee.manifest.spec, bee.identity, ''), undefined, bee.manifest.spec.ruleSet),
    rules: [],
    priority,
    isGrantedBoth: true,
  });

  async function switched(): Promise<FakeAws> {
    const aws = await aSetWith(wanting(), bee);
    await settled(applying(app, bee), aws);
    return aws;
  }

  it('keeps its order', async () => {
    const aws = await switched();
    const after = wanting({ recipients: ['b'], ruleSet: { priority: 5 } });
    await bringAbout({ ...applying(after), neighbours: [beeNextDoor(0)] }, aws);
    expect(live(aws)).toEqual({ active: 'mail', rules: ['bee_x', 'app_b'] });

    expect(kindsOf(await lookAhead({ ...applying(after), neighbours: [beeNextDoor(0)] }, aws.ports))).toEqual([]);
    expect(namesIn(aws, 'mail-green')).toEqual(['app_b', 'bee_x']);
  });

  it('stays when one goes, without its rules', async () => {
    const aws = await switched();

    await bringAbout({ ...removing(app), neighbours: [beeNextDoor(0)] }, aws);

    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['bee_x'] });
    expect(namesIn(aws, 'mail')).toEqual(['bee_x']);
  });
});

it('a rule that was taken over is granted by its own name in both sets, and changed by a switch', async () => {
  const taking = (address: string): Pipeline =>
    adopting({
      ruleSet: { name: 'mail', rollout: 'BlueGreen' },
      receiptRules: [{ name: 'taken', ruleName: 'made-by-hand', recipients: [address] }],
    });
  const aws = fakeAws();
  aws.sets.set('mail', [rule('made-by-hand')]);
  aws.active = 'mail';
  await settled(applying(taking('a@x.test')), aws);

  await settled(applying(taking('b@x.test')), aws);

  const [set, policy] = [aws.sets.get(aws.active) ?? [], JSON.stringify([...aws.functions.values()])];
  expect(set.find(({ name }) => name === 'made-by-hand')?.recipients).toEqual(['b@x.test']);
  for (const name of ['mail', 'mail-green'])
    expect(policy).toContain(`receipt-rule-set/${name}:receipt-rule/made-by-hand`);
});

describe('rules of others in a set that is switched', () => {
  const theirs = rule('theirs', { recipients: ['t@y.test'], actions: [{ kind: 'addHeader', name: 'X', value: '1' }] });
  const edited = { ...theirs, recipients: ['u@y.test'] };

  async function sharedSet(): Promise<FakeAws> {
    const aws = fakeAws();
    aws.sets.set('mail', [theirs]);
    aws.active = 'mail';
    await settled(applying(wanting()), aws);
    rulesCalls(aws);
    return aws;
  }

  it('come along in their places', async () => {
    const aws = await sharedSet();
    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['app_a', 'theirs'] });

    await settled(applying(wanting({ recipients: ['a', 'b'] })), aws);

    expect(live(aws)).toEqual({ active: 'mail', rules: ['app_a', 'app_b', 'theirs'] });
    expect(aws.sets.get('mail')?.at(-1)).toEqual(theirs);
  });

  it('are warned about: what grants them something may name the first set only', async () => {
    const aws = await sharedSet();
    aws.sets.set('mail-green', [...(aws.sets.get('mail-green') ?? []), rule('calls')]);

    const { warnings } = await lookAhead(applying(wanting()), aws.ports);

    expect(warnings.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/into mail \(calls\).* names mail-green as aws:SourceArn$/),
    );
  });

  it('that change while the clone is built make the run start over', async () => {
    const aws = await sharedSet();
    let changed = false;
    aws.before = (call) => {
      if (!changed && call.startsWith('receiptRules.create mail slp_mail_app_b')) {
        changed = true;
        aws.sets.set(
          'mail-green',
          (aws.sets.get('mail-green') ?? []).map((one) => (one.name === 'theirs' ? edited : one)),
        );
      }
      return undefined;
    };

    const { results, problems } = await bringAbout(applying(wanting({ recipients: ['a', 'b'] })), aws);

    expect(changed).toBe(true);
    expect(problems).toEqual([]);
    expect(results.every(({ kind }) => kind === 'done')).toBe(true);
    expect(live(aws)).toEqual({ active: 'mail', rules: ['app_a', 'app_b', 'theirs'] });
    expect(aws.sets.get('mail')?.at(-1)).toEqual(edited);
  });

  it('that change every time make the run go on in place, and it says why', async () => {
    const aws = await sharedSet();
    let times = 0;
    const { receiptRules } = aws.ports;
    const ports = {
      ...aws.ports,
      receiptRules: {
        ...receiptRules,
        describeActive: async () => {
          times += 1;
          const value = { ...theirs, recipients: [`${times}@y.test`] };
          const set = aws.active ?? '';
          aws.sets.set(
            set,
            (aws.sets.get(set) ?? []).map((one) => (one.name === 'theirs' ? value : one)),
          );
          return receiptRules.describeActive();
        },
      },
    };
    const work = applying(wanting({ recipients: ['a', 'b'] }));

    const { problems, results } = await converge(work, await lookAhead(work, ports), ports, {});

    expect(problems).toMatchObject([{ owner: 'mail/app', stops: false, fault: { reason: 'RolloutFellBack' } }]);
    expect(results.every(({ kind }) => kind === 'done')).toBe(true);
    expect(live(aws).rules).toEqual(['app_a', 'app_b', 'theirs']);
  });

  it.each([
    { what: 'changed', rules: [edited] },
    { what: 'added', rules: [theirs, rule('new')] },
  ])('that somebody has $what in the set that is kept are not thrown away', async ({ rules }) => {
    const aws = await sharedSet();
    const work = applying(wanting({ recipients: ['a', 'b'] }));
    aws.sets.set('mail', rules);
    await pass(aws, 2 * INTERVAL);

    expect(await problemsOf(work, aws)).toEqual([
      {
        owner: 'mail/app',
        reason: 'RolloutFellBack',
        message: expect.stringContaining('delete rule set mail'),
        stops: false,
      },
    ]);
    await bringAbout(work, aws);

    expect(aws.sets.get('mail')).toEqual(rules);
    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['app_a', 'app_b', 'theirs'] });
  });
});

describe('who may switch a set', () => {
  it('is nobody while one of its pipelines does not ask for it', async () => {
    const bee = wanting({ name: 'bee', recipients: ['x'], ruleSet: { rollout: 'InPlace' } });
    const aws = await aSetWith(wanting(), bee);
    const work = applying(wanting({ recipients: ['b'] }), bee);

    expect(await problemsOf(work, aws)).toEqual([
      {
        owner: 'mail/app',
        reason: 'RolloutFellBack',
        message:
          'Rule set mail is changed in place instead of by a switch: mail/bee does not ask for it; say ruleSet.rollout: BlueGreen in every pipeline of the set, or InPlace in all',
        stops: false,
      },
    ]);
    await bringAbout(work, aws);
    expect(live(aws)).toEqual({ active: 'mail', rules: ['app_b', 'bee_x'] });
  });

  it('is nobody while it holds rules of a pipeline that is not at hand: its grants are not known', async () => {
    const bee = wanting({ name: 'bee', recipients: ['x'] });
    const aws = await aSetWith(wanting(), bee);

    expect(await problemsOf(applying(wanting({ recipients: ['b'] })), aws)).toMatchObject([
      { reason: 'RolloutFellBack', message: expect.stringContaining('slp_mail_bee_x') },
    ]);
  });

  it('is nobody while another set is to become the active one', async () => {
    const aws = await aSetWith(wanting());
    aws.sets.set('other', []);
    aws.active = 'other';

    await bringAbout(applying(wanting({ recipients: ['b'] })), aws);

    expect(aws.active).toBe('other');
    expect(namesIn(aws, 'mail')).toEqual(['app_b']);
    expect(setsIn(aws)).toEqual(['mail', 'other']);
  });
});

describe('from one rollout to the other', () => {
  it('InPlace goes on in the set that is in use, and lets go of the other after an interval', async () => {
    const inPlace = wanting({ recipients: ['c'], ruleSet: { rollout: 'InPlace' } });
    const aws = await aSetWith(wanting());
    await settled(applying(wanting({ recipients: ['b'] })), aws);

    await settled(applying(inPlace), aws);
    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['app_c'] });
    expect(setsIn(aws)).toEqual(['mail', 'mail-green']);

    await pass(aws, INTERVAL);
    await settled(applying(inPlace), aws);
    expect(setsIn(aws)).toEqual(['mail-green']);
    expect(JSON.stringify([...aws.functions.values()])).not.toContain('receipt-rule-set/mail:');
  });

  it('BlueGreen grants the second name, and switches from then on', async () => {
    const aws = await aSetWith(wanting({ ruleSet: { rollout: 'InPlace' } }));
    const before = live(aws);

    await settled(applying(wanting()), aws);
    expect(live(aws)).toEqual(before);

    await settled(applying(wanting({ recipients: ['b'] })), aws);
    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['app_b'] });
  });

  it('a set of somebody else that is called like the clone is not taken for it', async () => {
    const aws = await aSetWith(wanting({ ruleSet: { rollout: 'InPlace' } }));
    aws.sets.set('mail-green', [rule('theirs')]);
    aws.active = 'mail-green';

    await bringAbout(applying(wanting({ recipients: ['b'], ruleSet: { rollout: 'InPlace' } })), aws);

    expect(live(aws)).toEqual({ active: 'mail-green', rules: ['theirs'] });
  });
});

it('a run that ends after any call leaves one whole list in use, and the next run goes on from there', async () => {
  const [before, after] = [wanting({ recipients: ['a', 'b', 'c'] }), wanting({ recipients: ['d', 'c', 'b'] })];
  const whole = [JSON.stringify(['app_a', 'app_b', 'app_c']), JSON.stringify(['app_d', 'app_c', 'app_b'])];
  for (let last = 0, ended = false; !ended; last += 1) {
    const aws = await aSetWith(before);
    let writes = 0;
    aws.before = (call) => {
      expect(whole).toContain(JSON.stringify(live(aws).rules));
      if (/^receiptRules\.(?!describe)/.test(call)) writes += 1;
      return writes > last ? { class: 'bug', reason: 'InternalError', message: 'the process died' } : undefined;
    };
    const { results } = await bringAbout(applying(after), aws);
    ended = results.every(({ kind }) => kind === 'done');

    aws.before = () => undefined;
    expect(whole).toContain(JSON.stringify(live(aws).rules));
    await settled(applying(after), aws);
    expect(JSON.stringify(live(aws).rules)).toBe(whole[1]);
  }
});

it('an answer that is lost is no harm, whichever it is', async () => {
  const after = wanting({ recipients: ['d', 'b'] });
  for (const method of ['cloneSet', 'create', 'delete', 'setActive', 'deleteSet'] as const) {
    const aws = await aSetWith(wanting({ recipients: ['a', 'b'] }));
    const { receiptRules } = aws.ports;
    let lost = false;
    const send = receiptRules[method] as (...args: unknown[]) => Promise<void>;
    const losing = async (...args: unknown[]) => {
      await send(...args);
      if (lost) return;
      lost = true;
      throw new PipelineError({ class: 'transient', reason: 'AwsUnavailable', message: 'the answer was lost' });
    };
    const ports = { ...aws.ports, receiptRules: { ...receiptRules, [method]: losing } };
    await converge(applying(after), await lookAhead(applying(after), ports), ports, {});

    await settled(applying(after), aws);
    expect(live(aws).rules).toEqual(['app_d', 'app_b']);
  }
});
