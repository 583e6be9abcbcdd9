import { DeleteBucketPolicyCommand } from '@aws-sdk/client-s3';
import {
  CloneReceiptRuleSetCommand,
  CreateReceiptFilterCommand,
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  DeleteIdentityCommand,
  DeleteReceiptFilterCommand,
  DeleteReceiptRuleCommand,
  DeleteReceiptRuleSetCommand,
  DescribeActiveReceiptRuleSetCommand,
  DescribeReceiptRuleCommand,
  DescribeReceiptRuleSetCommand,
  GetIdentityVerificationAttributesCommand,
  ListIdentitiesCommand,
  ListReceiptFiltersCommand,
  ListReceiptRuleSetsCommand,
  ReorderReceiptRuleSetCommand,
  SetActiveReceiptRuleSetCommand,
  SetReceiptRulePositionCommand,
  UpdateReceiptRuleCommand,
  VerifyDomainIdentityCommand,
  VerifyEmailIdentityCommand,
  type ReceiptRule,
} from '@aws-sdk/client-ses';
import { describe, expect, test } from 'vitest';
import {
  ACCOUNT,
  BUCKET,
  createFunction,
  createMailBucket,
  createRole,
  manualClock,
  SET,
  startFixture,
  type Fixture,
} from './mail-fixture.ts';

const STOP: ReceiptRule['Actions'] = [{ StopAction: { Scope: 'RuleSet' } }];

async function createSet({ ses }: Fixture, ...rules: readonly string[]): Promise<void> {
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: SET }));
  for (const [index, Name] of rules.entries()) await create({ ses }, Name, rules[index - 1]);
}

const create = ({ ses }: Pick<Fixture, 'ses'>, Name: string, After?: string) =>
  ses.send(new CreateReceiptRuleCommand({ RuleSetName: SET, Rule: { Name, Actions: STOP }, After }));

const order = async ({ ses }: Pick<Fixture, 'ses'>, RuleSetName = SET) =>
  (await ses.send(new DescribeReceiptRuleSetCommand({ RuleSetName }))).Rules?.map(({ Name }) => Name);

describe('receipt rules', () => {
  test('inserts a rule created without After at the head, and one with After behind it', async () => {
    await using world = await startFixture();
    await createSet(world);
    for (const name of ['a', 'b', 'c']) await create(world, name);
    expect(await order(world)).toEqual(['c', 'b', 'a']);
    await create(world, 'd', 'b');
    expect(await order(world)).toEqual(['c', 'b', 'd', 'a']);
  });

  test('appends every new rule when that fault is on', async () => {
    await using world = await startFixture();
    await createSet(world, 'a', 'b');
    world.sandbox.faults.setCreatesAppend(true);
    await create(world, 'c');
    await create(world, 'd', 'a');
    expect(await order(world)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('refuses a name that is taken, an unknown After and an empty After', async () => {
    await using world = await startFixture();
    await createSet(world, 'a');
    await expect(create(world, 'a')).rejects.toMatchObject({ name: 'AlreadyExistsException', Name: 'a' });
    await expect(create(world, 'b', 'gone')).rejects.toMatchObject({ name: 'RuleDoesNotExistException', Name: 'gone' });
    await expect(create(world, 'b', '')).rejects.toMatchObject({ name: 'ValidationError' });
  });

  test('describes defaults, leaves out empty recipients and keeps the order of actions', async () => {
    await using world = await startFixture();
    await createSet(world);
    const add = (HeaderName: string) => ({ AddHeaderAction: { HeaderName, HeaderValue: '1' } });
    const Actions = [add('X-B'), add('X-A'), ...STOP];
    await world.ses.send(
      new CreateReceiptRuleCommand({ RuleSetName: SET, Rule: { Name: 'a', Recipients: [], Actions } }),
    );
    const { Rule } = await world.ses.send(new DescribeReceiptRuleCommand({ RuleSetName: SET, RuleName: 'a' }));
    expect(Rule).toEqual({ Name: 'a', Enabled: false, ScanEnabled: false, TlsPolicy: 'Optional', Actions });
  });

  test('replaces the whole rule in its place on update', async () => {
    await using world = await startFixture();
    await createSet(world, 'a', 'b', 'c');
    const update = (Rule: ReceiptRule) => world.ses.send(new UpdateReceiptRuleCommand({ RuleSetName: SET, Rule }));
    await update({
      Name: 'b',
      Enabled: true,
      ScanEnabled: true,
      TlsPolicy: 'Require',
      Recipients: ['x.test'],
      Actions: STOP,
    });
    await update({ Name: 'b', Recipients: ['y.test'] });
    const { Rules } = await world.ses.send(new DescribeReceiptRuleSetCommand({ RuleSetName: SET }));
    expect(Rules?.[1]).toEqual({
      Name: 'b',
      Enabled: false,
      ScanEnabled: false,
      TlsPolicy: 'Optional',
      Recipients: ['y.test'],
      Actions: [],
    });
    await expect(update({ Name: 'd' })).rejects.toMatchObject({ name: 'RuleDoesNotExistException' });
  });

  test('moves a rule to the head, behind another, or nowhere', async () => {
    await using world = await startFixture();
    await createSet(world, 'a', 'b', 'c');
    const move = (RuleName: string, After?: string) =>
      world.ses.send(new SetReceiptRulePositionCommand({ RuleSetName: SET, RuleName, After }));
    await move('c');
    expect(await order(world)).toEqual(['c', 'a', 'b']);
    await move('c', 'a');
    expect(await order(world)).toEqual(['a', 'c', 'b']);
    await move('c', 'c');
    expect(await order(world)).toEqual(['a', 'c', 'b']);
    await expect(move('gone')).rejects.toMatchObject({ name: 'RuleDoesNotExistException', Name: 'gone' });
  });

  test('reorders by a complete list only, and changes nothing when it refuses', async () => {
    await using world = await startFixture();
    await createSet(world, 'a', 'b', 'c');
    const reorder = (...RuleNames: string[]) =>
      world.ses.send(new ReorderReceiptRuleSetCommand({ RuleSetName: SET, RuleNames }));
    await reorder('c', 'a', 'b');
    expect(await order(world)).toEqual(['c', 'a', 'b']);
    const twice = { name: 'InvalidParameterValue', message: 'Multiple positions found for rule' };
    const left = { name: 'InvalidParameterValue', message: 'Positions for rules not found' };
    await expect(reorder('a', 'a', 'gone')).rejects.toMatchObject(twice);
    await expect(reorder('a', 'b', 'gone')).rejects.toMatchObject(left);
    await expect(reorder('a', 'b', 'c', 'gone')).rejects.toMatchObject({ name: 'RuleDoesNotExistException' });
    expect(await order(world)).toEqual(['c', 'a', 'b']);
  });

  test('deletes silently what is not there, but not in a set that is not there', async () => {
    await using world = await startFixture();
    await createSet(world, 'a');
    const remove = (RuleSetName: string, RuleName: string) =>
      world.ses.send(new DeleteReceiptRuleCommand({ RuleSetName, RuleName }));
    await remove(SET, 'gone');
    await remove(SET, 'a');
    expect(await order(world)).toEqual([]);
    await expect(remove('gone', 'a')).rejects.toMatchObject({ name: 'RuleSetDoesNotExistException', Name: 'gone' });
  });

  test('takes 200 rules and 10 actions, and no more', async () => {
    await using world = await startFixture();
    await createSet(world);
    for (let index = 0; index < 200; index += 1) await create(world, `r${index}`);
    const quota = (message: string) => ({ name: 'LimitExceededException', message });
    await expect(create(world, 'r200')).rejects.toMatchObject(quota('Too many rules'));
    const Actions = Array.from({ length: 11 }, () => ({ StopAction: { Scope: 'RuleSet' as const } }));
    await expect(
      world.ses.send(new UpdateReceiptRuleCommand({ RuleSetName: SET, Rule: { Name: 'r1', Actions } })),
    ).rejects.toMatchObject(quota('Too many actions'));
  });

  test.each([
    ['', 'ValidationError'],
    ['has space', 'ValidationError'],
    ['-dash', 'InvalidParameterValue'],
    ['dot.', 'InvalidParameterValue'],
    ['x'.repeat(65), 'InvalidParameterValue'],
  ])('refuses the name "%s" with %s', async (name, code) => {
    await using world = await startFixture();
    await createSet(world);
    await expect(create(world, name)).rejects.toMatchObject({ name: code });
    await expect(world.ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: name }))).rejects.toMatchObject({
      name: code,
    });
  });

  test('refuses an action that is empty', async () => {
    await using world = await startFixture();
    await createSet(world);
    const Rule = { Name: 'a', Actions: [{ AddHeaderAction: {} as never }, ...STOP] };
    await expect(world.ses.send(new CreateReceiptRuleCommand({ RuleSetName: SET, Rule }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 400 },
    });
  });
});

describe('rule sets', () => {
  test('has one active set for each region, which cannot be deleted', async () => {
    await using world = await startFixture();
    await createSet(world, 'a');
    const active = () => world.ses.send(new DescribeActiveReceiptRuleSetCommand({}));
    const activate = (RuleSetName?: string) => world.ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName }));
    expect(await active()).toEqual({ $metadata: expect.anything() });
    await activate(SET);
    expect(await active()).toMatchObject({ Metadata: { Name: SET }, Rules: [{ Name: 'a' }] });
    const elsewhere = await world.clientFor('eu-west-1').send(new DescribeActiveReceiptRuleSetCommand({}));
    expect(elsewhere.Metadata).toBeUndefined();

    const remove = (RuleSetName: string) => world.ses.send(new DeleteReceiptRuleSetCommand({ RuleSetName }));
    await expect(remove(SET)).rejects.toMatchObject({ name: 'CannotDeleteException', Name: SET });
    await expect(activate('')).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(activate('null')).rejects.toMatchObject({ name: 'RuleSetDoesNotExistException' });
    await activate();
    await remove(SET);
    await remove('gone');
    expect((await world.ses.send(new ListReceiptRuleSetsCommand({}))).RuleSets).toEqual([]);
  });

  test('clones rules but not the active flag, and takes 40 sets', async () => {
    await using world = await startFixture();
    await createSet(world, 'a', 'b');
    await world.ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: SET }));
    const clone = (RuleSetName: string, OriginalRuleSetName = SET) =>
      world.ses.send(new CloneReceiptRuleSetCommand({ RuleSetName, OriginalRuleSetName }));
    await clone('copy');
    expect(await order(world, 'copy')).toEqual(['a', 'b']);
    expect((await world.ses.send(new DescribeActiveReceiptRuleSetCommand({}))).Metadata?.Name).toBe(SET);
    await expect(clone('copy')).rejects.toMatchObject({ name: 'AlreadyExistsException' });
    await expect(clone('other', 'gone')).rejects.toMatchObject({ name: 'RuleSetDoesNotExistException' });
    for (let index = 2; index < 40; index += 1) await clone(`copy${index}`);
    await expect(clone('one-too-many')).rejects.toMatchObject({ name: 'LimitExceededException' });
  });
});

describe('targets of a rule', () => {
  const create = ({ ses }: Fixture, action: NonNullable<ReceiptRule['Actions']>[number]) =>
    ses.send(new CreateReceiptRuleCommand({ RuleSetName: SET, Rule: { Name: 'r', Actions: [action] } }));

  test('needs a bucket that lets SES put for this rule, and leaves the set-up object', async () => {
    await using world = await startFixture();
    await createSet(world);
    const action = { S3Action: { BucketName: BUCKET, ObjectKeyPrefix: 'in/' } };
    const bad = (message: string) => ({ name: 'InvalidS3ConfigurationException', message, Bucket: BUCKET });
    await expect(create(world, action)).rejects.toMatchObject(bad(`No such bucket: ${BUCKET}`));
    await createMailBucket(world);
    await world.s3.send(new DeleteBucketPolicyCommand({ Bucket: BUCKET }));
    await expect(create(world, action)).rejects.toMatchObject(bad(`Could not write to bucket: ${BUCKET}`));
    expect(await order(world)).toEqual([]);

    await createMailBucket(world, 'granted');
    await create(world, { S3Action: { BucketName: 'granted', ObjectKeyPrefix: 'in/' } });
    const keys = world.sandbox.s3.objects('granted').map(({ key }) => key);
    expect(keys).toEqual(['in/AMAZON_SES_SETUP_NOTIFICATION']);
  });

  test('does not see a bucket policy before it has propagated', async () => {
    const clock = manualClock();
    await using world = await startFixture({ clock });
    await createSet(world);
    world.sandbox.faults.setPropagationMs(5000);
    await createMailBucket(world);
    const action = { S3Action: { BucketName: BUCKET } };
    await expect(create(world, action)).rejects.toMatchObject({ name: 'InvalidS3ConfigurationException' });
    clock.advance(5000);
    await create(world, action);
    expect(await order(world)).toEqual(['r']);
  });

  test('needs a function of the region that SES may invoke', async () => {
    await using world = await startFixture();
    await createRole(world);
    await createSet(world);
    const arn = (name: string, region = 'us-west-2') => `arn:aws:lambda:${region}:${ACCOUNT}:function:${name}`;
    const action = (FunctionArn: string) => ({ LambdaAction: { FunctionArn } });
    const bad = (message: string) => ({ name: 'InvalidLambdaFunctionException', message });
    await expect(create(world, action('echo'))).rejects.toMatchObject(bad('Invalid Lambda function: echo'));
    const elsewhere = arn('echo', 'eu-west-1');
    await expect(create(world, action(elsewhere))).rejects.toMatchObject(bad(`Invalid Lambda function: ${elsewhere}`));
    await expect(create(world, action(arn('echo')))).rejects.toMatchObject(
      bad(`Could not invoke Lambda function: ${arn('echo')}`),
    );
    await createFunction(world, 'echo', 'export const handler = () => null');
    await create(world, action(arn('echo')));
    expect(await order(world)).toEqual(['r']);
  });

  test('checks targets again on every update', async () => {
    await using world = await startFixture();
    await createMailBucket(world);
    await createSet(world);
    const action = { S3Action: { BucketName: BUCKET } };
    await create(world, action);
    await world.s3.send(new DeleteBucketPolicyCommand({ Bucket: BUCKET }));
    const update = new UpdateReceiptRuleCommand({ RuleSetName: SET, Rule: { Name: 'r', Actions: [action] } });
    await expect(world.ses.send(update)).rejects.toMatchObject({ name: 'InvalidS3ConfigurationException' });
  });

  test('needs a verified sender for a bounce, a well-formed topic and header', async () => {
    await using world = await startFixture({ verifiedDomains: ['known.test'] });
    await createSet(world);
    const bounce = (Sender: string) => ({ BounceAction: { SmtpReplyCode: '550', Message: 'no', Sender } });
    await expect(create(world, bounce('a@unknown.test'))).rejects.toMatchObject({
      name: 'InvalidParameterValue',
      message: 'Identity is not verified: a@unknown.test',
    });
    await expect(create(world, { SNSAction: { TopicArn: 'topic' } })).rejects.toMatchObject({
      name: 'InvalidSnsTopicException',
    });
    await expect(
      create(world, { AddHeaderAction: { HeaderName: 'No Spaces', HeaderValue: 'x' } }),
    ).rejects.toMatchObject({ name: 'InvalidParameterValue', message: 'Invalid header name: No Spaces' });
    await create(world, bounce('a@sub.known.test'));
    expect(await order(world)).toEqual(['r']);
  });
});

describe('pace', () => {
  test('throttles calls over the rate of a region, reads included', async () => {
    const clock = manualClock();
    await using world = await startFixture({ clock });
    world.sandbox.faults.setSesCallsPerSecond(1);
    const list = (ses = world.ses) => ses.send(new ListReceiptRuleSetsCommand({}));
    await list();
    await expect(list()).rejects.toMatchObject({ name: 'Throttling', message: 'Rate exceeded' });
    await list(world.clientFor('eu-west-1'));
    clock.advance(1000);
    await list();
    world.sandbox.faults.setSesCallsPerSecond(undefined);
    await expect(Promise.all([list(), list(), list()])).resolves.toHaveLength(3);
  });
});

describe('filters and identities', () => {
  test('creates, lists and deletes filters', async () => {
    await using world = await startFixture();
    const Filter = { Name: 'block', IpFilter: { Policy: 'Block' as const, Cidr: '10.0.0.0/8' } };
    await world.ses.send(new CreateReceiptFilterCommand({ Filter }));
    expect((await world.ses.send(new ListReceiptFiltersCommand({}))).Filters).toEqual([Filter]);
    await expect(world.ses.send(new CreateReceiptFilterCommand({ Filter }))).rejects.toMatchObject({
      name: 'AlreadyExistsException',
    });
    await world.ses.send(new DeleteReceiptFilterCommand({ FilterName: 'block' }));
    expect((await world.ses.send(new ListReceiptFiltersCommand({}))).Filters).toEqual([]);
  });

  test('verifies an identity as soon as it is asked for', async () => {
    await using world = await startFixture({ verifiedDomains: ['known.test'] });
    const { VerificationToken } = await world.ses.send(new VerifyDomainIdentityCommand({ Domain: 'Example.com' }));
    expect(VerificationToken).toMatch(/^[A-Za-z0-9+/=]{44}$/);
    await world.ses.send(new VerifyEmailIdentityCommand({ EmailAddress: 'me@x.test' }));
    const list = async (IdentityType?: 'Domain') =>
      (await world.ses.send(new ListIdentitiesCommand({ IdentityType }))).Identities;
    expect(await list()).toEqual(['known.test', 'example.com', 'me@x.test']);
    const Identities = ['example.com', 'unknown.test', 'known.test'];
    const { VerificationAttributes } = await world.ses.send(
      new GetIdentityVerificationAttributesCommand({ Identities }),
    );
    expect(VerificationAttributes).toEqual({
      'example.com': { VerificationStatus: 'Success' },
      'known.test': { VerificationStatus: 'Success' },
    });
    await world.ses.send(new DeleteIdentityCommand({ Identity: 'example.com' }));
    expect(await list('Domain')).toEqual(['known.test']);
  });
});
