import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { fakeAws, type FakeAws } from './support/fake-aws.ts';
import { CODE, desired, IDENTITY, manifest } from './support/pipeline.ts';
import { invoke, rule, stop } from './support/rules.ts';
import { applying, bringAbout, kindsOf, removing, settled } from './support/work.ts';

const SET = 'ses-lambda-pipeline';
const ADOPT = { annotations: { 'ses-lambda-pipeline.dev/adopt': 'true' } };

type Rules = readonly { readonly name: string; readonly ruleName?: string; readonly recipients: readonly string[] }[];
const listing = (receiptRules: Rules, metadata: object = {}, spec: object = {}) => ({
  manifest: manifest({ receiptRules, ...spec }, metadata),
  identity: IDENTITY,
  code: CODE,
  environment: {},
});
const LEGACY: Rules = [{ name: 'Legacy', ruleName: 'theirs', recipients: ['a@example.com'] }];

/** An account in which somebody made these rules, in an active set. */
function awsWith(rules: readonly ReceiptRule[], set = SET): FakeAws {
  const aws = fakeAws();
  aws.sets.set(set, rules);
  aws.active = set;
  return aws;
}

const theirs = (name: string, over: Partial<ReceiptRule> = {}) =>
  rule(name, { recipients: ['a@example.com'], ...over });
const namesIn = (aws: FakeAws, set = SET) => (aws.sets.get(set) ?? []).map(({ name }) => name);
const ruleWrites = (aws: FakeAws) => aws.writes().filter((call) => call.startsWith('receiptRules.'));

describe('a rule that the manifest lists under its own name', () => {
  test('is left untouched, with the rest of the pipeline, until somebody says that it may be taken over', async () => {
    const aws = awsWith([theirs('theirs')]);
    const { problems } = await bringAbout(applying(listing(LEGACY)), aws);

    expect(problems).toMatchObject([{ stops: true, part: 'rules', fault: { reason: 'OwnershipConflict' } }]);
    expect(problems[0]?.fault.message).toContain('ses-lambda-pipeline.dev/adopt');
    expect(aws.writes()).toEqual([]);
  });

  test('is updated in place once it may be, between the rules of others', async () => {
    const aws = awsWith([
      theirs('before', { recipients: ['b@x.io'] }),
      theirs('theirs'),
      theirs('behind', { recipients: ['c@x.io'] }),
    ]);
    await settled(applying(listing(LEGACY, ADOPT)), aws);

    expect(namesIn(aws)).toEqual(['before', 'slp_mail_app_MessageBodyStorage', 'theirs', 'behind']);
    expect(ruleWrites(aws).filter((call) => call.includes('delete'))).toEqual([]);
    expect(aws.sets.get(SET)?.[2]?.actions).toEqual([
      { kind: 'lambda', functionArn: desired().function.arn, invocationType: 'Event' },
    ]);
  });

  test('stays ours when the annotation is gone: our grant names it', async () => {
    const aws = awsWith([theirs('theirs')]);
    await settled(applying(listing(LEGACY, ADOPT)), aws);

    expect(kindsOf(await lookAhead(applying(listing(LEGACY)), aws.ports))).toEqual([]);
    const [fn] = [...aws.functions.values()];
    const [bucket] = [...aws.buckets.values()];
    for (const policy of [fn?.policy, bucket?.policy])
      expect(JSON.stringify(policy)).toContain(`receipt-rule-set/${SET}:receipt-rule/theirs"`);
  });

  test('is made under that name when nobody has it', async () => {
    const aws = fakeAws();
    await settled(applying(listing(LEGACY)), aws);

    expect(namesIn(aws)).toEqual(['slp_mail_app_MessageBodyStorage', 'theirs']);
  });

  test('is put in order among ours, and foreign rules keep their slots', async () => {
    const aws = awsWith([theirs('two'), theirs('foreign', { recipients: ['f@x.io'] }), theirs('one')]);
    const rules = ['one', 'two'].map((name) => ({ name, ruleName: name, recipients: [`${name}@example.com`] }));
    await settled(
      applying(listing(rules, ADOPT, { messageBodyStorage: { logicalName: 'Special', placement: 'PerRule' } })),
      aws,
    );

    expect(namesIn(aws)).toEqual(['one', 'foreign', 'two']);
  });

  test('goes with its pipeline', async () => {
    const aws = awsWith([theirs('theirs'), theirs('other', { recipients: ['b@x.io'] })]);
    const ours = listing(LEGACY, ADOPT);
    await settled(applying(ours), aws);
    await settled(removing(ours), aws);

    expect(namesIn(aws)).toEqual(['other']);
  });

  test('stays when its pipeline never took it over', async () => {
    const aws = awsWith([theirs('theirs')]);
    await settled(removing(listing(LEGACY, ADOPT)), aws);

    expect(namesIn(aws)).toEqual(['theirs']);
  });

  test('moves with its pipeline to another set, and a rule of the same name in a third set is nobody of ours', async () => {
    const aws = awsWith([theirs('theirs')]);
    aws.sets.set('third', [theirs('theirs')]);
    await settled(applying(listing(LEGACY, ADOPT)), aws);
    const moved = listing(LEGACY, {}, { ruleSet: { name: 'new', activate: 'Always' } });
    await settled(applying(moved), aws);

    expect(namesIn(aws)).toEqual([]);
    expect(namesIn(aws, 'new')).toEqual(['slp_mail_app_MessageBodyStorage', 'theirs']);
    expect(namesIn(aws, 'third')).toEqual(['theirs']);
  });

  test('belongs to one pipeline only', async () => {
    const aws = fakeAws();
    const other = {
      ...listing(LEGACY.map((one) => ({ ...one, recipients: ['other@example.com'] }))),
      identity: { ...IDENTITY, name: 'other' },
    };
    const { problems } = await lookAhead(applying(listing(LEGACY), other), aws.ports);

    expect(problems).toMatchObject([
      {
        owner: 'mail/other',
        stops: true,
        fault: { message: expect.stringMatching(/^Rule theirs of .* is listed by pipeline mail\/app as well/) },
      },
    ]);
  });
});

describe('a rule that the manifest no longer lists', () => {
  const RENAMED: Rules = [{ name: 'Legacy', recipients: ['a@example.com'] }];

  async function renamed() {
    const aws = awsWith([theirs('theirs')]);
    await settled(applying(listing(LEGACY, ADOPT)), aws);
    return { aws, after: await settled(applying(listing(RENAMED)), aws) };
  }

  test('stays as it is and keeps invoking, and every plan says so', async () => {
    const { aws, after } = await renamed();

    expect(namesIn(aws)).toEqual(['slp_mail_app_MessageBodyStorage', 'slp_mail_app_Legacy', 'theirs']);
    expect(after.warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^rule theirs of ses-lambda-pipeline is no longer listed as a ruleName/),
    ]);
    expect(JSON.stringify([...aws.functions.values()][0]?.policy)).toContain(':receipt-rule/theirs"');
  });

  test('loses its grant when somebody has deleted it', async () => {
    const { aws } = await renamed();
    aws.sets.set(
      SET,
      (aws.sets.get(SET) ?? []).filter(({ name }) => name !== 'theirs'),
    );
    const after = await settled(applying(listing(RENAMED)), aws);

    expect(after.warnings).toEqual([]);
    expect(JSON.stringify([...aws.functions.values()][0]?.policy)).not.toContain(':receipt-rule/theirs"');
    expect(JSON.stringify([...aws.buckets.values()][0]?.policy)).not.toContain(':receipt-rule/theirs"');
  });

  test('loses its grant when somebody has pointed it elsewhere', async () => {
    const { aws } = await renamed();
    const [first, second] = aws.sets.get(SET) ?? [];
    aws.sets.set(SET, [
      ...[first, second].flatMap((one) => one ?? []),
      theirs('theirs', { actions: [invoke('arn:f'), stop] }),
    ]);
    const after = await settled(applying(listing(RENAMED)), aws);

    expect(after.warnings).toEqual([]);
    expect(namesIn(aws)).toContain('theirs');
  });

  test('is ours again when it is listed again, without being asked for twice', async () => {
    const { aws } = await renamed();
    await settled(applying(listing(LEGACY)), aws);

    expect(namesIn(aws)).toEqual(['slp_mail_app_MessageBodyStorage', 'theirs']);
  });
});
