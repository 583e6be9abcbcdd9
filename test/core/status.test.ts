import { describe, expect, test } from 'vitest';
import { lookAhead } from '../../src/core/converge.ts';
import { mailRouting } from '../../src/core/mail-routing.ts';
import { askAboutMail, routedRecipients } from '../../src/core/routing-facts.ts';
import { statusOf, type PipelineStatus } from '../../src/core/status.ts';
import { fakeAws, type FakeAws } from './support/fake-aws.ts';
import { BUCKET_NAME, manifest, pipeline } from './support/pipeline.ts';
import { rule } from './support/rules.ts';
import { applying, settled } from './support/work.ts';

async function statusNow(aws: FakeAws, spec: object = {}): Promise<PipelineStatus> {
  const { steps, problems, observation } = await lookAhead(applying(pipeline(spec)), aws.ports);
  const [planned] = observation?.input.pipelines ?? [];
  if (observation === undefined || planned === undefined) throw new Error(JSON.stringify(problems));
  const { ruleSets } = observation.input;
  const facts = await askAboutMail(routedRecipients(manifest(spec).spec), aws.ports);
  const routing = mailRouting(planned.desired, ruleSets, facts);
  return statusOf({ ...planned, ruleSets, steps, problems, routing });
}

const short = ({ conditions }: PipelineStatus) =>
  conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);

test('of nothing says what is to be made', async () => {
  const status = await statusNow(fakeAws());

  expect(short(status)).toEqual([
    'Ready=False NotCreated',
    'BucketReady=False NotCreated',
    'RoleReady=False NotCreated',
    'FunctionReady=False NotCreated',
    'PermissionReady=False NotCreated',
    'RulesReady=False NotCreated',
    'RuleSetActive=False NotCreated',
    'MailRouted=False NotActive',
  ]);
  expect(status).not.toHaveProperty('bucket');
  expect(status.ruleSet).toEqual({ name: 'ses-lambda-pipeline', active: false, rules: [] });
  expect(status.conditions[0]?.message).toMatch(/^To do: create bucket .*also not ready: RoleReady, FunctionReady/);
});

test('of a settled pipeline names everything that was made', async () => {
  const aws = fakeAws();
  await settled(applying(pipeline()), aws);

  const status = await statusNow(aws);

  expect(short(status)).toEqual([
    ...['Ready', 'BucketReady', 'RoleReady', 'FunctionReady', 'PermissionReady', 'RulesReady', 'RuleSetActive'].map(
      (type) => `${type}=True Succeeded`,
    ),
    'MailRouted=True Routed',
  ]);
  expect(status).toMatchObject({
    bucket: {
      logicalName: 'Special',
      logicalId: 'SESMessageStoreBucketa622fdfda5789d596c08c79124f12b978b3da772',
      name: BUCKET_NAME,
      arn: `arn:aws:s3:::${BUCKET_NAME}`,
      domainName: `${BUCKET_NAME}.s3.amazonaws.com`,
      websiteURL: `http://${BUCKET_NAME}.s3-website-us-west-2.amazonaws.com`,
    },
    role: { arn: expect.stringContaining('role/ses-lambda-pipeline/slp/') },
    function: { codeSha256: 'c29tZSBjb2Rl' },
    ruleSet: {
      name: 'ses-lambda-pipeline',
      active: true,
      rules: [
        { name: 'MessageBodyStorage', ruleName: 'slp_mail_app_MessageBodyStorage', position: 1 },
        { name: 'Default', ruleName: 'slp_mail_app_Default', position: 2 },
      ],
    },
    discovery: { handlerFunc: 'index.handler' },
  });
});

test('is the same after a look that found nothing new', async () => {
  const aws = fakeAws();
  await settled(applying(pipeline()), aws);

  expect(await statusNow(aws)).toEqual(await statusNow(aws));
});

test('counts the position among all rules of the set', async () => {
  const aws = fakeAws();
  const foreign = rule('theirs', { actions: [] });
  aws.sets.set('ses-lambda-pipeline', [foreign]);
  await settled(applying(pipeline({ ruleSet: { position: 'Tail' } })), aws);

  expect(
    (await statusNow(aws, { ruleSet: { position: 'Tail' } })).ruleSet.rules.map(({ position }) => position),
  ).toEqual([2, 3]);
});

describe('of a pipeline that', () => {
  test('differs in one part says so there and in the summary', async () => {
    const aws = fakeAws();
    await settled(applying(pipeline()), aws);

    const status = await statusNow(aws, { role: { managedPolicyArns: ['arn:aws:iam::aws:policy/A'] } });

    expect(short(status).filter((line) => line.includes('False'))).toEqual([
      'Ready=False OutOfSync',
      'RoleReady=False OutOfSync',
    ]);
    expect(status.conditions[0]?.message).toMatch(/^To do: update role \S+: attach arn:aws:iam::aws:policy\/A$/);
  });

  test('has a set that is not to be active is ready, and says that no mail comes', async () => {
    const aws = fakeAws();
    const never = { ruleSet: { activate: 'Never' } };
    await settled(applying(pipeline(never)), aws);

    const status = await statusNow(aws, never);

    expect(status.conditions[0]).toMatchObject({ type: 'Ready', status: 'True' });
    expect(short(status).slice(-2)).toEqual(['RuleSetActive=False NotActive', 'MailRouted=False NotActive']);
  });

  test('wants a set to be active where another one is, is not ready', async () => {
    const aws = fakeAws();
    aws.sets.set('other', []);
    aws.active = 'other';
    await settled(applying(pipeline()), aws);

    expect(short(await statusNow(aws)).filter((line) => line.includes('False'))).toEqual([
      'Ready=False OtherRuleSetActive',
      'RuleSetActive=False OtherRuleSetActive',
      'MailRouted=False NotActive',
    ]);
  });

  test('meets a role of somebody else shows the conflict', async () => {
    const aws = fakeAws();
    await settled(applying(pipeline()), aws);
    aws.roles.forEach((role, key) => aws.roles.set(key, { ...role, tags: {} }));

    expect((await statusNow(aws)).conditions[0]).toMatchObject({ status: 'False', reason: 'OwnershipConflict' });
    expect(short(await statusNow(aws))).toContain('RoleReady=False OwnershipConflict');
  });
});

test('names the version that the rules call, where versions are published', async () => {
  const spec = { function: { code: { inline: { 'index.mjs': '' } }, publish: true } };
  const aws = fakeAws();
  await settled(applying(pipeline(spec)), aws);

  expect((await statusNow(aws, spec)).function).toMatchObject({ version: '1' });
});
