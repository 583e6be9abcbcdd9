import { DeleteRoleCommand, DeleteRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { activeSet, functionArn, setUpByHand } from '../support/made-by-hand.ts';
import { pipeline, rule, type Document } from '../support/manifests.ts';
import { startWorld, type World } from '../support/world.ts';

const SET = 'ses-lambda-pipeline';
const named = (name: string, namespace = 'mail'): Document =>
  pipeline({ name, namespace, rules: [rule('All', `${name}@${namespace}.example.com`)] });
const KEPT = named('kept');
const GONE = named('gone');
const LONG = named('gone-under-a-name-that-is-too-long-for-a-rule', 'a-namespace');

const pruning = { flags: ['--prune'] };
const names = async (world: World) => {
  const { functions, roles, buckets } = await world.holdings();
  return {
    functions: functions.map(({ name }) => name.replace(/-[0-9a-f]{10}$/, '')),
    roles: roles.map(({ name }) => name.replace(/-[0-9a-f]{10}$/, '')),
    buckets: buckets.map(({ name }) => name.replace(/-sesmessagestore.*$/, '')),
    rules: await world.ruleNames(),
  };
};

describe('--prune', () => {
  it('S39 deletes what no given manifest names any more, and leaves its bucket with the mail and without our grant', async () => {
    const world = await startWorld();
    await world.mustApply(KEPT, GONE, LONG);
    await world.send({ to: 'gone@mail.example.com' });
    const { code, err } = await world.apply([KEPT], pruning);

    expect(code).toBe(0);
    expect(err).toContain('stays with the mail in it');
    expect(await names(world)).toEqual({
      functions: ['slp-mail-kept'],
      roles: ['slp-mail-kept'],
      buckets: ['gone', 'gone-under-a-name', 'kept'],
      rules: ['slp_mail_kept_MessageBodyStorage', 'slp_mail_kept_All'],
    });
    const { buckets } = await world.holdings();
    expect(buckets.map(({ policy }) => policy.length)).toEqual([0, 0, 1]);
    expect(buckets[0]?.keys.length).toBeGreaterThan(1);
    expect(await world.plan([KEPT], pruning)).toMatchObject({ code: 0, steps: [] });
  });

  it('is asked for: without it nothing is looked for, and a plan shows what it would delete', async () => {
    const world = await startWorld();
    await world.mustApply(KEPT, GONE);

    expect(await world.plan([KEPT])).toMatchObject({ code: 0, steps: [] });
    const { code, steps } = await world.plan([KEPT], pruning);
    expect(code).toBe(2);
    expect(new Set(steps.map(({ pipeline: owner, why }) => `${owner}: ${why}`))).toEqual(
      new Set([
        'mail/gone: no given manifest names its pipeline',
        'mail/gone: no rule of this pipeline needs it any more; the bucket and the mail in it stay',
      ]),
    );
    await world.apply([KEPT], { flags: ['--prune', '--dry-run'] });
    expect((await names(world)).functions).toEqual(['slp-mail-gone', 'slp-mail-kept']);
  });

  it.each([
    { answer: false, functions: ['slp-mail-gone', 'slp-mail-kept'] },
    { answer: true, functions: ['slp-mail-kept'] },
  ])('deletes after a yes only: $answer', async ({ answer, functions }) => {
    const world = await startWorld();
    await world.mustApply(KEPT, GONE);
    const { err } = await world.run(['apply'], [KEPT], { ...pruning, answer });

    expect(err).toContain('This also deletes:');
    expect(err).toMatch(/- function slp-mail-gone-/);
    expect((await names(world)).functions).toEqual(functions);
  });

  it('leaves another installation, rules of others and what was made by hand alone', async () => {
    const world = await startWorld();
    await setUpByHand(world.foreign, { bucket: 'theirs', functions: ['slp-looks-like-ours'] });
    await activeSet(world.foreign, SET, [
      { Name: 'slp', Enabled: true, Recipients: ['a@x.test'], Actions: [{ StopAction: { Scope: 'RuleSet' } }] },
      {
        Name: 'slp_too_many_parts_here',
        Actions: [{ LambdaAction: { FunctionArn: functionArn('slp-looks-like-ours') } }],
      },
    ]);
    await world.mustApply(KEPT);
    await world.apply([GONE], { flags: ['--installation', 'two'] });
    const before = await world.holdings();
    const { code } = await world.apply([KEPT], pruning);

    expect(code).toBe(0);
    expect(await world.holdings()).toEqual(before);
  });

  it('finds rules whose function and role are gone already', async () => {
    const world = await startWorld();
    await world.mustApply(KEPT, GONE, LONG);
    for (const document of [GONE, LONG]) await removeAllButRules(world, document);
    await world.apply([KEPT], pruning);

    expect(await world.ruleNames()).toEqual(['slp_mail_kept_MessageBodyStorage', 'slp_mail_kept_All']);
  });

  it('leaves what a suspended pipeline has: its manifest names it', async () => {
    const world = await startWorld();
    await world.mustApply(KEPT, GONE);
    const suspended = { ...GONE, spec: { ...GONE.spec, suspend: true } };

    expect(await world.plan([KEPT, suspended], pruning)).toMatchObject({ code: 0, steps: [] });
  });
});

/** As after a deletion that stopped half way. */
async function removeAllButRules(world: World, { metadata }: Document): Promise<void> {
  const { lambda, iam } = world.foreign;
  const { functions, roles } = await world.holdings();
  const start = `slp-${metadata.namespace}-${metadata.name}`.slice(0, 50);
  for (const { name } of functions.filter((fn) => fn.name.startsWith(start)))
    await lambda.send(new DeleteFunctionCommand({ FunctionName: name }));
  for (const { name, inline } of roles.filter((role) => role.name.startsWith(start))) {
    for (const PolicyName of Object.keys(inline))
      await iam.send(new DeleteRolePolicyCommand({ RoleName: name, PolicyName }));
    await iam.send(new DeleteRoleCommand({ RoleName: name }));
  }
}
