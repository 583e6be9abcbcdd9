import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SetActiveReceiptRuleSetCommand,
} from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { pipeline, rule } from '../support/manifests.ts';
import { startWorld } from '../support/world.ts';

const SET = 'ses-lambda-pipeline';

describe('where Sparta goes wrong', () => {
  it('B5 takes who comes from another machine for the same owner: nothing is deleted, nothing made', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const before = await world.holdings();
    world.faults.clearCalls();
    for (let machine = 1; machine <= 3; machine += 1) await world.mustApply(pipeline());

    expect(world.writes()).toEqual([]);
    expect(await world.holdings()).toEqual(before);
  });

  it('B14 makes no second bucket however often a create fails', async () => {
    const world = await startWorld();
    const denied = { status: 403, code: 'AccessDenied', message: 'Injected' };
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      world.faults.failNext({ operation: 's3:PutBucketPolicy', error: denied });
      expect((await world.apply([pipeline()])).code).toBe(1);
    }
    await world.mustApply(pipeline());

    expect((await world.holdings()).buckets).toHaveLength(1);
  });

  it('B17 names role, bucket, function and grants alike in every run', async () => {
    const names = async () => {
      const world = await startWorld();
      await world.mustApply(pipeline());
      const { buckets, roles, functions } = await world.holdings();
      return [
        buckets,
        roles,
        functions,
        functions.flatMap(({ policy }) => policy),
        buckets.flatMap(({ policy }) => policy),
      ].map((all) => all.map((one) => ('name' in one ? one.name : one.Sid)));
    };
    expect(await names()).toEqual(await names());
  });

  it('B20 waits as long as SES throttles, and does nothing twice', async () => {
    const world = await startWorld();
    const throttled = { status: 400, code: 'Throttling', message: 'Rate exceeded' };
    for (const operation of [
      'ses:DescribeActiveReceiptRuleSet',
      'ses:CreateReceiptRule',
      'ses:SetActiveReceiptRuleSet',
    ])
      world.faults.failNext({ operation, times: 3, error: throttled });
    await world.mustApply(pipeline());

    expect(world.faults.pendingFailures()).toBe(0);
    expect(await world.ruleNames()).toHaveLength(3);
  });

  it('B21 comes to the same when two people apply the same at once', async () => {
    const [alone, together] = await Promise.all([startWorld(), startWorld()]);
    await alone.mustApply(pipeline());
    const codes = (await Promise.all([together.apply([pipeline()]), together.apply([pipeline()])])).map(
      ({ code }) => code,
    );

    expect(codes).toEqual([0, 0]);
    expect(await together.holdings()).toEqual(await alone.holdings());
  });

  it('B21 loses no rule and no order when two people apply different pipelines at once', async () => {
    const world = await startWorld();
    const named = (name: string) =>
      pipeline({ name, rules: ['one', 'two', 'three'].map((each) => rule(each, `${each}@${name}.example.com`)) });
    const codes = (await Promise.all([world.apply([named('a')]), world.apply([named('b')])])).map(({ code }) => code);

    expect(codes).toEqual([0, 0]);
    for (const name of ['a', 'b'])
      expect((await world.ruleNames()).filter((each) => each.startsWith(`slp_mail_${name}_`))).toEqual(
        ['MessageBodyStorage', 'one', 'two', 'three'].map((each) => `slp_mail_${name}_${each}`),
      );
    expect((await world.holdings()).activeRuleSet).toBe(SET);
  });

  it('B22 waits until AWS sees the new role, policy and permission everywhere', async () => {
    const world = await startWorld();
    world.faults.setPropagationMs(150);
    const { code, err } = await world.apply([pipeline()]);

    expect(code).toBe(0);
    expect(err).toContain('cannot yet');
    expect(await world.ruleNames()).toHaveLength(3);
  });

  it('B22 names the rule that cannot be made, makes the others, and accepts no mail that nobody gets', async () => {
    const world = await startWorld();
    world.faults.strike({
      operation: 'ses:CreateReceiptRule',
      occurrence: 2,
      when: 'before',
      how: 'denied',
      lasting: 'once',
    });
    const { code, err } = await world.apply([pipeline()]);

    expect(code).toBe(1);
    expect(err).toContain('slp_mail_app_First');
    const rules = await world.rules();
    expect(rules.map(({ Name }) => Name)).toEqual(['slp_mail_app_MessageBodyStorage', 'slp_mail_app_Second']);
    expect(rules[0]?.Recipients).toEqual(['second@example.com']);

    await world.mustApply(pipeline());
    expect((await world.rules())[0]?.Recipients).toEqual(['first@example.com', 'second@example.com']);
  });

  it('B24 refuses what does not fit into a rule set before anything is written', async () => {
    const world = await startWorld();
    const { ses } = world.foreign;
    await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: SET }));
    for (let index = 0; index < 198; index += 1)
      await ses.send(new CreateReceiptRuleCommand({ RuleSetName: SET, Rule: { Name: `theirs${index}`, Actions: [] } }));
    await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: SET }));
    world.faults.clearCalls();
    const { code, err } = await world.apply([pipeline()]);

    expect(code).toBe(1);
    expect(err).toContain('QuotaExceeded');
    expect(world.writes()).toEqual([]);
  });

  it.each([
    ['200 rules', Array.from({ length: 200 }, (_, index) => rule(`r${index}`, `r${index}@example.com`))],
    ['501 recipients', [rule('r', ...Array.from({ length: 501 }, (_, index) => `r${index}@example.com`))]],
  ])('B24 refuses %s before AWS is asked', async (_, rules) => {
    const world = await startWorld();
    expect((await world.apply([pipeline({ rules })])).code).toBe(1);
    expect(world.faults.calls()).toEqual([]);
  });

  it('B24 passes on what SES says of a quota, and does not try again', async () => {
    const world = await startWorld();
    world.faults.failNext({
      operation: 'ses:CreateReceiptRuleSet',
      error: { status: 400, code: 'LimitExceeded', message: 'Too many rule sets' },
    });
    const { code, err } = await world.apply([pipeline()]);

    expect(code).toBe(1);
    expect(err).toContain('quota');
    expect(world.faults.calls().filter(({ operation }) => operation === 'ses:CreateReceiptRuleSet')).toHaveLength(1);
  });
});

describe('what a person sees', () => {
  it('S41 gets the step that failed, AWS’s reason and what to do', async () => {
    const world = await startWorld();
    world.faults.failNext({
      operation: 'iam:CreateRole',
      error: { status: 403, code: 'AccessDenied', message: 'Injected' },
    });
    const { code, out } = await world.run(['apply', '--yes', '-o', 'json'], [pipeline()]);
    const { steps } = JSON.parse(out) as {
      steps: { verb: string; target: string; result: string; reason?: string; message?: string; because?: string }[];
    };

    expect(code).toBe(1);
    expect(steps.find(({ result }) => result === 'failed')).toMatchObject({
      verb: 'create',
      target: expect.stringMatching(/^role slp-mail-app-/),
      reason: 'AccessDenied',
      message: expect.stringMatching(/may not iam:CreateRole .*Allow it/),
    });
    expect(
      steps
        .filter(({ target, verb }) => verb === 'create' && target.startsWith('function '))
        .map(({ result }) => result),
    ).toEqual(['skipped']);
  });

  it('S43 gets a table of what is there', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const [bucket, fn] = [await world.bucket(), await world.fn()];
    const { out, code } = await world.run(['get'], [pipeline()]);

    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['NAMESPACE', 'NAME', 'READY', 'REASON', 'BUCKET', 'FUNCTION', 'RULESET'],
      ['mail', 'app', 'True', 'Succeeded', bucket.name, fn.name, SET],
    ]);
  });

  it('S39 is asked before anything is deleted, and without an answer nothing is', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const before = await world.holdings();
    world.faults.clearCalls();

    const unwatched = await world.run(['delete'], [pipeline()]);
    expect(unwatched.code).toBe(1);
    expect(unwatched.err).toContain('--yes');
    const refused = await world.run(['delete'], [pipeline()], { answer: false });
    expect(refused.code).toBe(1);
    expect(world.writes()).toEqual([]);
    expect(await world.holdings()).toEqual(before);

    expect((await world.run(['delete'], [pipeline()], { answer: true })).code).toBe(0);
    expect((await world.holdings()).functions).toEqual([]);
  });

  it('S36 sees in plan exactly what apply then does', async () => {
    const world = await startWorld();
    const { steps, summary, code } = await world.plan([pipeline()]);
    expect(code).toBe(2);
    expect(world.writes()).toEqual([]);
    const { out } = await world.run(['apply', '--yes', '-o', 'json'], [pipeline()]);
    const done = (JSON.parse(out) as { steps: { id: string; verb: string; target: string; result: string }[] }).steps;

    expect(done.map(({ verb, target, result }) => ({ verb, target, result }))).toEqual(
      steps.map(({ verb, target }) => ({ verb, target, result: 'done' })),
    );
    expect(summary).toEqual({ create: 8, change: 4, delete: 0 });
  });
});
