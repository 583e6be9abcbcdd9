import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SetActiveReceiptRuleSetCommand,
  type ReceiptRule,
} from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { pipeline, rule } from '../support/manifests.ts';
import { startWorld, type World } from '../support/world.ts';

const SET = 'ses-lambda-pipeline';
const PREFIX = 'slp_mail_app_';

/** A handler that logs the headers of each mail. */
const HEADERS = `export const handler = async (event) => {
  for (const { ses } of event.Records) console.log(JSON.stringify({ headers: ses.mail.headers }));
};`;

/** `Name` without what all rules of the pipeline `mail/app` begin with. */
const short = (rules: readonly ReceiptRule[]) => rules.map(({ Name = '' }) => Name.replace(PREFIX, ''));

/** An active set with rules of other people, in this order. */
async function worldWithForeignRules(...names: readonly string[]): Promise<World> {
  const world = await startWorld();
  const { ses } = world.foreign;
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: SET }));
  let After: string | undefined;
  for (const Name of names) {
    const Rule = {
      Name,
      Enabled: true,
      Recipients: [`${Name}@other.test`],
      Actions: [{ AddHeaderAction: { HeaderName: 'X-Seen', HeaderValue: Name } }],
    };
    await ses.send(new CreateReceiptRuleCommand({ RuleSetName: SET, Rule, After }));
    After = Name;
  }
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: SET }));
  world.faults.clearCalls();
  return world;
}

describe('rules of the seed', () => {
  const SEED = pipeline({
    rules: [
      { name: 'Special', recipients: ['sombody_special@gosparta.io'], tlsPolicy: 'Optional' },
      { name: 'Default', recipients: [], tlsPolicy: 'Optional' },
    ],
  });

  it('S10 are preceded by one that only stores, for all that they match together', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const [head] = await world.rules();
    const { name } = await world.bucket();

    expect(head).toMatchObject({
      Name: `${PREFIX}MessageBodyStorage`,
      Enabled: true,
      Recipients: ['first@example.com', 'second@example.com'],
      Actions: [{ S3Action: { BucketName: name } }],
    });
  });

  it('S10 B12 store each themselves under placement PerRule', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline({ storage: { placement: 'PerRule' } }));
    const rules = await world.rules();
    const { name } = await world.bucket();

    expect(short(rules)).toEqual(['First', 'Second']);
    for (const { Actions = [] } of rules) {
      expect(Actions).toHaveLength(2);
      expect(Actions[0]).toEqual({ S3Action: { BucketName: name } });
      expect(Actions[1]).toHaveProperty('LambdaAction');
    }
  });

  it('S11 may store under a prefix of their own, or not at all', async () => {
    const world = await startWorld();
    const rules = [
      { ...rule('Own', 'own@example.com'), storage: { objectKeyPrefix: 'own' } },
      { ...rule('None', 'none@example.com'), storage: { disabled: true } },
      rule('Common', 'common@example.com'),
    ];
    await world.mustApply(pipeline({ storage: { objectKeyPrefix: 'all/' }, rules }));
    const live = await world.rules();

    expect(short(live)).toEqual(['MessageBodyStorage', 'Own', 'None', 'Common']);
    expect(live[0]).toMatchObject({
      Recipients: ['common@example.com'],
      Actions: [{ S3Action: { ObjectKeyPrefix: 'all/' } }],
    });
    expect(live[1]?.Actions?.[0]).toMatchObject({ S3Action: { ObjectKeyPrefix: 'own/' } });
    expect(live[2]?.Actions).toHaveLength(1);
    expect(live[2]?.Actions?.[0]).toHaveProperty('LambdaAction');
  });

  it('S11 S15 do what else they list between storing and invoking', async () => {
    const world = await startWorld();
    const topicArn = 'arn:aws:sns:us-west-2:123456789012:mail';
    const bounce = { smtpReplyCode: '550', statusCode: '5.1.1', message: 'Closed', sender: 'shop@example.com' };
    const workmail = { organizationArn: 'arn:aws:workmail:us-west-2:123456789012:organization/m-1' };
    const rules = [
      {
        ...rule('Marked', 'marked@example.com'),
        actions: [{ addHeader: { name: 'X-Shop', value: 'yes' } }, { sns: { topicArn } }, { workmail }, { bounce }],
      },
    ];
    const code = { inline: { 'index.mjs': HEADERS } };
    const documents = [pipeline({ storage: { placement: 'PerRule' }, function: { code }, rules })];
    await world.mustApply(...documents);
    await world.send({ to: 'marked@example.com' });

    const [live] = await world.rules();
    expect(live?.Actions).toMatchObject([
      { S3Action: {} },
      { AddHeaderAction: { HeaderName: 'X-Shop', HeaderValue: 'yes' } },
      { SNSAction: { TopicArn: topicArn, Encoding: 'UTF-8' } },
      { WorkmailAction: { OrganizationArn: workmail.organizationArn } },
      { BounceAction: { SmtpReplyCode: '550', StatusCode: '5.1.1', Message: 'Closed', Sender: 'shop@example.com' } },
      { LambdaAction: {} },
    ]);
    expect(await world.plan(documents)).toMatchObject({ code: 0, steps: [] });
    expect(await world.log()).toEqual([{ headers: expect.arrayContaining([{ name: 'X-Shop', value: 'yes' }]) }]);
  });

  it('S13 B1 are in the declared order', async () => {
    const world = await startWorld();
    const names = ['Zulu', 'Alpha', 'Mike', 'Bravo'];
    await world.mustApply(pipeline({ rules: names.map((name) => rule(name, `${name}@example.com`)) }));

    expect(short(await world.rules())).toEqual(['MessageBodyStorage', ...names]);
    const { out } = await world.run(
      ['get', '-o', 'json'],
      [pipeline({ rules: names.map((name) => rule(name, `${name}@example.com`)) })],
    );
    expect(JSON.parse(out)).toMatchObject({
      status: {
        ruleSet: {
          name: SET,
          active: true,
          rules: ['MessageBodyStorage', ...names].map((name, index) => ({
            name,
            ruleName: PREFIX + name,
            position: index + 1,
          })),
        },
      },
    });
  });

  it('S13 B1 are in the declared order even where creates append, as in some emulators', async () => {
    const world = await worldWithForeignRules('theirs');
    await world.mustApply(pipeline());
    world.faults.setCreatesAppend(true);
    world.faults.clearCalls();
    await world.mustApply(
      pipeline({
        rules: [
          rule('New', 'new@example.com'),
          rule('First', 'first@example.com'),
          rule('Second', 'second@example.com'),
        ],
      }),
    );

    expect(world.writes()).toContain('ses:ReorderReceiptRuleSet');
    expect(short(await world.rules()).filter((name) => name !== 'theirs')).toEqual([
      'MessageBodyStorage',
      'New',
      'First',
      'Second',
    ]);
  });

  it('S14 S15 S18 name exactly the recipients that were declared, none meaning all', async () => {
    const world = await startWorld();
    await world.mustApply(SEED);
    const [head, special, fallback] = await world.rules();

    expect(head?.Recipients ?? []).toEqual([]);
    expect(special?.Recipients).toEqual(['sombody_special@gosparta.io']);
    expect(fallback?.Recipients ?? []).toEqual([]);
    const { warnings } = await world.plan([SEED]);
    expect(warnings.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('every recipient of every verified domain'),
    );
  });

  it('S15 stop the evaluation where that is asked for', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline({ rules: [{ ...rule('First', 'first@example.com'), stop: true }, rule('Second')] }));
    const [, first, second] = await world.rules();

    expect(first?.Actions?.at(-1)).toEqual({ StopAction: { Scope: 'RuleSet' } });
    expect(JSON.stringify(second)).not.toContain('StopAction');
  });

  it('S16 S17 B18 are Optional, scanned and enabled unless they say otherwise, and say so on the wire', async () => {
    const world = await startWorld();
    const strict = {
      ...rule('Strict', 'strict@example.com'),
      tlsPolicy: 'Require',
      scanEnabled: false,
      enabled: false,
    } as const;
    await world.mustApply(pipeline({ rules: [rule('Plain', 'plain@example.com'), strict] }));
    const [, plain, other] = await world.rules();

    expect(plain).toMatchObject({ TlsPolicy: 'Optional', ScanEnabled: true, Enabled: true });
    expect(other).toMatchObject({ TlsPolicy: 'Require', ScanEnabled: false, Enabled: false });
  });

  it('S16 make the storage rule Require only when all that it stores for do', async () => {
    const world = await startWorld();
    const strict = (name: string) => ({ ...rule(name, `${name}@example.com`), tlsPolicy: 'Require' as const });
    await world.mustApply(pipeline({ rules: [strict('a'), strict('b')] }));
    expect((await world.rules())[0]?.TlsPolicy).toBe('Require');

    await world.mustApply(pipeline({ rules: [strict('a'), rule('b', 'b@example.com')] }));
    const [head, a] = await world.rules();
    expect(head).toMatchObject({ TlsPolicy: 'Optional', Recipients: ['b@example.com'] });
    expect(a?.Actions?.[0]).toHaveProperty('S3Action');
  });

  it('S18 are never invented: without any in the manifest there are none', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline({ rules: [] }));
    expect((await world.holdings()).ruleSets).toEqual({ [SET]: [] });
  });

  it('S18 are refused when they leave their recipients out', async () => {
    const world = await startWorld();
    const { code, err } = await world.apply([pipeline({ rules: [{ name: 'Lazy' } as never] })]);

    expect(code).toBe(1);
    expect(err).toContain('spec.receiptRules[0].recipients');
    expect(world.faults.calls()).toEqual([]);
  });

  it('S19 B18 invoke as the pipeline says, unless a rule says otherwise', async () => {
    const world = await startWorld();
    const rules = [
      rule('First', 'first@example.com'),
      { ...rule('Second', 'second@example.com'), invocationType: 'Event' as const },
    ];
    await world.mustApply(pipeline({ invocationType: 'RequestResponse', rules }));
    const [, first, second] = await world.rules();

    expect(first?.Actions?.[0]?.LambdaAction?.InvocationType).toBe('RequestResponse');
    expect(second?.Actions?.[0]?.LambdaAction?.InvocationType).toBe('Event');
  });

  it('S37 have names that tell the owner, so that pipelines may call theirs alike', async () => {
    const world = await startWorld();
    const named = (name: string) => pipeline({ name, rules: [rule('Default', `${name}@example.com`)] });
    await world.mustApply(named('a'), named('b'));

    expect(await world.ruleNames()).toEqual([
      'slp_mail_a_MessageBodyStorage',
      'slp_mail_a_Default',
      'slp_mail_b_MessageBodyStorage',
      'slp_mail_b_Default',
    ]);
  });

  it.each([
    ['twice the same name', [rule('Same', 'a@example.com'), rule('Same', 'b@example.com')]],
    ['the reserved name', [rule('MessageBodyStorage', 'a@example.com')]],
    ['a name with an underscore', [rule('a_b', 'a@example.com')]],
    ['a name of 32 characters', [rule('a'.repeat(32), 'a@example.com')]],
  ])('S37 are refused with %s', async (_, rules) => {
    const world = await startWorld();
    expect((await world.apply([pipeline({ rules })])).code).toBe(1);
    expect(world.faults.calls()).toEqual([]);
  });
});

describe('a change of rules', () => {
  const first = rule('First', 'first@example.com');
  const second = rule('Second', 'second@example.com');

  it('S38 B2 updates a rule in its place', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    world.faults.clearCalls();
    await world.mustApply(
      pipeline({ rules: [{ ...first, tlsPolicy: 'Optional', invocationType: 'RequestResponse' }, second] }),
    );

    expect(world.writes()).toEqual(['ses:UpdateReceiptRule']);
    expect(short(await world.rules())).toEqual(['MessageBodyStorage', 'First', 'Second']);
  });

  it('S38 B3 B4 renames a rule without a moment in which its recipient is not served', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    world.faults.clearCalls();
    await world.mustApply(pipeline({ rules: [rule('Renamed', 'first@example.com'), second] }));

    expect(world.writes()).toEqual(['ses:CreateReceiptRule', 'ses:DeleteReceiptRule']);
    expect(short(await world.rules())).toEqual(['MessageBodyStorage', 'Renamed', 'Second']);
  });

  it('S38 B3 deletes a rule that left the manifest, and its recipient from the storage rule', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    world.faults.clearCalls();
    await world.mustApply(pipeline({ rules: [second] }));

    expect(world.writes()).toEqual(['ses:DeleteReceiptRule', 'ses:UpdateReceiptRule']);
    const rules = await world.rules();
    expect(short(rules)).toEqual(['MessageBodyStorage', 'Second']);
    expect(rules[0]?.Recipients).toEqual(['second@example.com']);
  });

  it('S38 lets the storage rule accept a new recipient before its rule is there', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    world.faults.clearCalls();
    await world.mustApply(pipeline({ rules: [first, rule('New', 'new@example.com'), second] }));

    expect(world.writes()).toEqual(['ses:UpdateReceiptRule', 'ses:CreateReceiptRule']);
    expect(short(await world.rules())).toEqual(['MessageBodyStorage', 'First', 'New', 'Second']);
  });

  it('S13 swaps two rules with one Reorder', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    world.faults.clearCalls();
    await world.mustApply(pipeline({ rules: [second, first] }));

    expect(world.writes()).toEqual(['ses:ReorderReceiptRuleSet']);
    expect(short(await world.rules())).toEqual(['MessageBodyStorage', 'Second', 'First']);
  });

  it('S38 changes no grant when rules are added or renamed', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const [bucket, fn] = [await world.bucket(), await world.fn()];
    await world.mustApply(
      pipeline({ rules: [rule('Renamed', 'first@example.com'), second, rule('New', 'new@example.com')] }),
    );

    expect((await world.bucket()).policy).toEqual(bucket.policy);
    expect((await world.fn()).policy).toEqual(fn.policy);
  });

  it('B20 takes as few SES calls as it can: a create reads the set, makes each rule once and verifies', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    const ses = world.faults
      .calls()
      .map(({ operation }) => operation)
      .filter((operation) => operation.startsWith('ses:'));

    expect(ses).toEqual([
      'ses:DescribeActiveReceiptRuleSet',
      'ses:DescribeReceiptRuleSet',
      'ses:CreateReceiptRuleSet',
      'ses:CreateReceiptRule',
      'ses:CreateReceiptRule',
      'ses:CreateReceiptRule',
      'ses:DescribeReceiptRuleSet',
      'ses:DescribeActiveReceiptRuleSet',
      'ses:SetActiveReceiptRuleSet',
    ]);
  });
});

describe('rules of other people', () => {
  it('B6 B7 keep their content and order through every operation', async () => {
    const world = await worldWithForeignRules('one', 'two', 'three');
    const theirs = async () => (await world.rules()).filter(({ Name = '' }) => !Name.startsWith('slp_'));
    const before = await theirs();

    await world.mustApply(pipeline());
    expect(await theirs()).toEqual(before);
    await world.mustApply(
      pipeline({ rules: [rule('Second', 'second@example.com'), rule('Renamed', 'first@example.com')] }),
    );
    expect(await theirs()).toEqual(before);
    await world.mustApply(pipeline({ rules: [rule('Renamed', 'first@example.com')] }));
    expect(await theirs()).toEqual(before);
    await world.remove([pipeline()]);
    expect(await world.rules()).toEqual(before);
  });

  it('B7 are preceded by ours at the head of the set, or followed at its tail', async () => {
    const head = await worldWithForeignRules('one', 'two');
    await head.mustApply(pipeline());
    expect(short(await head.rules())).toEqual(['MessageBodyStorage', 'First', 'Second', 'one', 'two']);

    const tail = await worldWithForeignRules('one', 'two');
    await tail.mustApply(pipeline({ ruleSet: { position: 'Tail' } }));
    expect(short(await tail.rules())).toEqual(['one', 'two', 'MessageBodyStorage', 'First', 'Second']);
  });

  it('B7 are not overtaken by a later apply', async () => {
    const world = await worldWithForeignRules('one');
    await world.mustApply(pipeline());
    const Rule = { Name: 'newcomer', Enabled: true, Recipients: ['newcomer@other.test'], Actions: [] };
    await world.foreign.ses.send(new CreateReceiptRuleCommand({ RuleSetName: SET, Rule }));
    await world.mustApply(
      pipeline({ rules: [rule('First', 'first@example.com'), rule('Third', 'third@example.com')] }),
    );

    expect(short(await world.rules())).toEqual(['newcomer', 'MessageBodyStorage', 'First', 'Third', 'one']);
  });

  it('B6 may look almost like ours and are still not ours', async () => {
    const world = await worldWithForeignRules('slp_mail_app', 'slp_mail_app2_First', 'slp_mail_app_a_b');
    await world.mustApply(pipeline());
    await world.remove([pipeline()]);

    expect(await world.ruleNames()).toEqual(['slp_mail_app', 'slp_mail_app2_First', 'slp_mail_app_a_b']);
  });
});

describe('the rule set', () => {
  const IN = (name: string, activate?: 'Always' | 'IfNone' | 'Never') =>
    pipeline({ ruleSet: { name, ...(activate === undefined ? {} : { activate }) } });

  it('S36 is made and made active where none is', async () => {
    const world = await startWorld();
    await world.mustApply(IN('SpartaRuleSet'));

    const { ruleSets, activeRuleSet } = await world.holdings();
    expect(Object.keys(ruleSets)).toEqual(['SpartaRuleSet']);
    expect(activeRuleSet).toBe('SpartaRuleSet');
  });

  it('S36 B9 never replaces the active one unasked, and says that no mail comes', async () => {
    const world = await worldWithForeignRules('one');
    await world.apply([IN('other')]);

    expect((await world.holdings()).activeRuleSet).toBe(SET);
    const { out } = await world.run(['get', '-o', 'json'], [IN('other')]);
    expect(JSON.parse(out)).toMatchObject({
      status: {
        ruleSet: { name: 'other', active: false },
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'RuleSetActive', status: 'False', reason: 'OtherRuleSetActive' }),
          expect.objectContaining({ type: 'Ready', status: 'False' }),
        ]),
      },
    });
  });

  it('S36 replaces the active one under Always', async () => {
    const world = await worldWithForeignRules('one');
    await world.mustApply(IN('other', 'Always'));

    const { activeRuleSet, ruleSets } = await world.holdings();
    expect(activeRuleSet).toBe('other');
    expect(ruleSets[SET]?.map(({ Name }) => Name)).toEqual(['one']);
  });

  it('B9 is left inactive under Never, which is no fault', async () => {
    const world = await startWorld();
    await world.mustApply(IN('quiet', 'Never'));

    expect((await world.holdings()).activeRuleSet).toBeUndefined();
    const { out } = await world.run(['get', '-o', 'json'], [IN('quiet', 'Never')]);
    expect(JSON.parse(out)).toMatchObject({
      status: { conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]) },
    });
  });

  it('S36 must exist when it is not to be created', async () => {
    const world = await startWorld();
    const { code, err } = await world.apply([pipeline({ ruleSet: { create: false } })]);

    expect(code).toBe(1);
    expect(err).toContain('RuleSetMissing');
    expect(world.writes()).toEqual([]);
  });

  it('B8 is left, once the new one is active, when the manifest names another', async () => {
    const world = await startWorld();
    await world.mustApply(IN('old'));
    world.faults.clearCalls();
    await world.mustApply(IN('new', 'Always'));

    const { activeRuleSet, ruleSets } = await world.holdings();
    expect(activeRuleSet).toBe('new');
    expect(ruleSets['old']).toEqual([]);
    expect(short(ruleSets['new'] ?? [])).toEqual(['MessageBodyStorage', 'First', 'Second']);
    const writes = world.writes();
    expect(writes.indexOf('ses:SetActiveReceiptRuleSet')).toBeGreaterThan(writes.lastIndexOf('ses:CreateReceiptRule'));
    expect(writes.indexOf('ses:DeleteReceiptRule')).toBeGreaterThan(writes.indexOf('ses:SetActiveReceiptRuleSet'));
    expect(await world.fn()).toMatchObject({
      policy: [{ Condition: { ArnLike: { 'AWS:SourceArn': expect.stringContaining('receipt-rule-set/new:') } } }],
    });
    expect((await world.bucket()).policy).toHaveLength(1);
  });

  it('B8 keeps the rules as well as long as it is the active one', async () => {
    const world = await startWorld();
    await world.mustApply(IN('old'));
    const { err } = await world.apply([IN('new')]);

    expect(err).toContain('OldSetStillActive');
    const { activeRuleSet, ruleSets } = await world.holdings();
    expect(activeRuleSet).toBe('old');
    expect(ruleSets['old']).toHaveLength(3);
    await world.send({ to: 'first@example.com' });
    expect(await world.log()).toHaveLength(1);
  });

  it('S39 stays when the pipeline is deleted, and with DeleteWhenEmpty goes once it is empty', async () => {
    const document = pipeline({ ruleSet: { onDelete: 'DeleteWhenEmpty' } });
    const shared = await worldWithForeignRules('one');
    await shared.mustApply(document);
    await shared.remove([document]);
    expect(await shared.ruleNames()).toEqual(['one']);

    const alone = await startWorld();
    await alone.mustApply(document);
    await alone.remove([document]);
    expect((await alone.holdings()).ruleSets).toEqual({});
  });

  it('S39 has its rules deleted before what they use', async () => {
    const world = await startWorld();
    await world.mustApply(pipeline());
    world.faults.clearCalls();
    await world.remove([pipeline()]);
    const writes = world.writes();

    expect(writes.slice(0, 3)).toEqual(['ses:DeleteReceiptRule', 'ses:DeleteReceiptRule', 'ses:DeleteReceiptRule']);
    expect(writes.indexOf('iam:DeleteRole')).toBeGreaterThan(writes.indexOf('lambda:DeleteFunction'));
  });
});
