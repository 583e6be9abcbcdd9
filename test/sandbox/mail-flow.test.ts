import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  DeleteReceiptRuleCommand,
  SetActiveReceiptRuleSetCommand,
} from '@aws-sdk/client-ses';
import { describe, expect, test } from 'vitest';
import type { LogLine } from '../../src/sandbox/lambda-logs.ts';
import type { MailRecord } from '../../src/sandbox/mail-journal.ts';
import {
  activateRules,
  BUCKET,
  createFunction,
  createMailBucket,
  createRole,
  manualClock,
  REGION,
  ROLE,
  SET,
  sesMayPut,
  startFixture,
  type Fixture,
} from './mail-fixture.ts';

const READER = `
import { S3Client, GetObjectCommand } from '@aws-sdk/client-s3';
const s3 = new S3Client({});
export const handler = async (event) => {
  const { mail } = event.Records[0].ses;
  const body = await s3.send(new GetObjectCommand({ Bucket: '${BUCKET}', Key: 'in/' + mail.messageId }));
  console.log('BODY', await body.Body.transformToString());
  console.log('EVENT', JSON.stringify(event));
};`;

const STORE = { S3Action: { BucketName: BUCKET, ObjectKeyPrefix: 'in' } };

function onlyMail({ sandbox }: Fixture): MailRecord {
  const [mail, ...more] = sandbox.ses.journal.mails();
  if (mail === undefined || more.length > 0)
    throw new Error(`expected one mail, found ${more.length + (mail ? 1 : 0)}`);
  return mail;
}

const outcomes = ({ rules }: MailRecord) => rules.map(({ name, outcome }) => `${name}: ${outcome}`);
const actions = ({ rules }: MailRecord) =>
  rules.flatMap(({ name, actions: each }) => each.map(({ kind, outcome }) => `${name} ${kind} ${outcome}`));

describe('a mail on its way', () => {
  test('is stored byte for byte and handed to a function that reads it with its own role', async () => {
    await using world = await startFixture();
    await createRole(world);
    await createMailBucket(world);
    const arn = await createFunction(world, 'echo', READER);
    const lambdaAction = { LambdaAction: { FunctionArn: arn, InvocationType: 'Event' as const } };
    await activateRules(world, [{ Name: 'all', Actions: [STORE, lambdaAction] }]);

    const raw = Buffer.from(
      'From: a@x.test\r\nTo: Bob <b@y.test>\r\nSubject: Hi\r\n\r\n.dot\r\nf\u00fcr dich\r\n',
      'utf8',
    );
    await world.send({ from: 'a@x.test', to: ['b+tag@y.test'], raw });
    await world.sandbox.idle();

    const mail = onlyMail(world);
    const stored = await world.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: `in/${mail.id}` }));
    const bytes = Buffer.from((await stored.Body?.transformToByteArray()) ?? []);
    expect(mail.id).toMatch(/^[0-9a-v]{40}$/);
    expect(bytes.subarray(-raw.length).equals(raw)).toBe(true);
    expect(bytes.subarray(0, -raw.length).toString()).toMatch(/^Return-Path: <a@x\.test>\r\nReceived: from [^]*\r\n$/);

    const requestId = mail.rules[0]?.actions[1]?.requestId ?? '';
    const log = world.sandbox.lambda.logs.ofRequest(requestId).map(({ text }) => text);
    expect(log.some((text) => text.includes('BODY') && text.includes('für dich'))).toBe(true);
    const event = JSON.parse(log.find((text) => text.includes('EVENT'))?.split('EVENT ')[1] ?? 'null');
    expect(event.Records[0].ses).toMatchObject({
      mail: {
        source: 'a@x.test',
        messageId: mail.id,
        destination: ['b@y.test'],
        headersTruncated: false,
        commonHeaders: { returnPath: 'a@x.test', from: ['a@x.test'], to: ['Bob <b@y.test>'], subject: 'Hi' },
      },
      receipt: {
        recipients: ['b+tag@y.test'],
        spamVerdict: { status: 'DISABLED' },
        action: { type: 'Lambda', functionArn: arn, invocationType: 'Event' },
      },
    });
    expect(mail).toMatchObject({ state: 'done', region: REGION, subject: 'Hi', sizeBytes: bytes.length });
  });

  test('runs through every matching rule in order and says why a rule did not match', async () => {
    await using world = await startFixture();
    await createMailBucket(world);
    await activateRules(world, [
      { Name: 'off', Enabled: false, Actions: [STORE] },
      { Name: 'other', Recipients: ['other@y.test'], Actions: [STORE] },
      { Name: 'tls', TlsPolicy: 'Require', Actions: [STORE] },
      { Name: 'first', Recipients: ['y.test'], Actions: [STORE] },
      { Name: 'second', Actions: [STORE] },
    ]);

    await world.send({ to: ['b@y.test', 'c@z.test'] });
    await world.sandbox.idle();

    const mail = onlyMail(world);
    expect(outcomes(mail)).toEqual([
      'off: disabled',
      'other: noRecipientMatches',
      'tls: tlsRequired',
      'first: matched',
      'second: matched',
    ]);
    expect(mail.rules.map(({ why }) => why)).toEqual([
      'it is not enabled',
      'no recipient matches other@y.test',
      'it requires TLS, and the mail came without',
      'it captures b@y.test by y.test',
      'it captures b@y.test (it takes every recipient); c@z.test (it takes every recipient)',
    ]);
    expect(mail.rules[3]?.matches).toEqual({ 'b@y.test': ['y.test'] });
    expect(mail.rules[4]?.matches).toEqual({ 'b@y.test': ['*'], 'c@z.test': ['*'] });
  });

  test('ends at a stop action', async () => {
    await using world = await startFixture();
    await createMailBucket(world);
    await activateRules(world, [
      { Name: 'stopper', Actions: [{ StopAction: { Scope: 'RuleSet' } }, STORE] },
      { Name: 'behind', Actions: [STORE] },
    ]);

    await world.send({ to: ['b@y.test'] });
    await world.sandbox.idle();

    const mail = onlyMail(world);
    expect(actions(mail)).toEqual(['stopper StopAction done', 'stopper S3Action notReached']);
    expect(outcomes(mail)).toEqual(['stopper: matched', 'behind: notReached']);
    expect(mail.stoppedBy).toBe('rule stopper');
    expect(mail.rules[1]?.why).toBe('the rule stopper ended the evaluation');
  });

  test('records what the sandbox has nobody to do for', async () => {
    await using world = await startFixture();
    const topic = `arn:aws:sns:${REGION}:123456789012:topic`;
    const bounce = {
      SmtpReplyCode: '550',
      StatusCode: '5.1.1',
      Message: 'Mailbox does not exist',
      Sender: 'me@y.test',
    };
    const organization = 'arn:aws:workmail:us-west-2:123456789012:organization/m-68755160c4cb4e29a2b2f8fb58f359d7';
    await activateRules(world, [
      {
        Name: 'all',
        Actions: [
          { SNSAction: { TopicArn: topic } },
          { WorkmailAction: { OrganizationArn: organization } },
          { BounceAction: bounce },
        ],
      },
    ]);

    await world.send({ from: 'a@x.test', to: ['b@y.test'] });
    await world.send({ from: '', to: ['b@y.test'] });
    await world.sandbox.idle();

    const told = world.sandbox.ses.journal
      .mails()
      .map(({ rules }) =>
        (rules[0]?.actions ?? []).map(({ outcome, attempts, reply }) => [outcome, attempts[0]?.detail, reply]),
      );
    const others = [
      ['done', 'published to nobody: the sandbox has no SNS', undefined],
      ['done', 'delivered to nobody: the sandbox has no WorkMail', undefined],
    ];
    const reply = '550 5.1.1 Mailbox does not exist';
    expect(told).toEqual([
      [...others, ['done', 'recorded, not sent: me@y.test would tell <a@x.test>', reply]],
      [...others, ['done', 'no sender to tell', reply]],
    ]);
  });

  test.each([
    ['STOP_RULE', ['gate LambdaAction done', 'gate S3Action notReached', 'behind S3Action done']],
    ['stop_rule_set', ['gate LambdaAction done', 'gate S3Action notReached']],
    ['CONTINUE', ['gate LambdaAction done', 'gate S3Action done', 'behind S3Action done']],
    ['nonsense', ['gate LambdaAction done', 'gate S3Action done', 'behind S3Action done']],
  ])('lets a RequestResponse function decide: %s', async (disposition, expected) => {
    await using world = await startFixture();
    await createRole(world);
    await createMailBucket(world);
    const arn = await createFunction(
      world,
      'gate',
      `export const handler = async () => ({ disposition: '${disposition}' })`,
    );
    const gate = { LambdaAction: { FunctionArn: arn, InvocationType: 'RequestResponse' as const } };
    await activateRules(world, [
      { Name: 'gate', Actions: [gate, STORE] },
      { Name: 'behind', Actions: [STORE] },
    ]);

    await world.send({ to: ['b@y.test'] });
    await world.sandbox.idle();

    expect(actions(onlyMail(world))).toEqual(expected);
  });

  test('carries a header added by an earlier action', async () => {
    await using world = await startFixture();
    await createMailBucket(world);
    const add = { AddHeaderAction: { HeaderName: 'X-Seen', HeaderValue: 'yes' } };
    await activateRules(world, [{ Name: 'all', Actions: [add, STORE] }]);

    await world.send({ to: ['b@y.test'] });
    await world.sandbox.idle();

    const stored = world.sandbox.s3.readObject(BUCKET, `in/${onlyMail(world).id}`) ?? Buffer.alloc(0);
    expect(Buffer.from(stored).toString()).toMatch(/^X-Seen: yes\r\nReturn-Path: /);
  });

  test('waits for a failing S3 action before it goes on, and retries on the clock', async () => {
    const clock = manualClock();
    await using world = await startFixture({ clock });
    await createMailBucket(world);
    await activateRules(world, [{ Name: 'all', Actions: [STORE, { StopAction: { Scope: 'RuleSet' } }] }]);
    await world.s3.send(new DeleteBucketPolicyCommand({ Bucket: BUCKET }));

    await world.send({ to: ['b@y.test'] });
    await world.sandbox.idle();
    expect(actions(onlyMail(world))).toEqual(['all S3Action retrying', 'all StopAction pending']);
    expect(onlyMail(world).state).toBe('waitingForRetry');

    await world.s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: sesMayPut(BUCKET) }));
    clock.advance(60_000);
    await world.sandbox.idle();
    expect(actions(onlyMail(world))).toEqual(['all S3Action done', 'all StopAction done']);
    expect(onlyMail(world).rules[0]?.actions[0]?.attempts.map(({ ok }) => ok)).toEqual([false, true]);
  });

  test('gives a failing action up after four hours and goes on behind it', async () => {
    const clock = manualClock();
    await using world = await startFixture({ clock });
    await createRole(world);
    await createMailBucket(world);
    const arn = await createFunction(world, 'gone', 'export const handler = async () => null');
    await activateRules(world, [{ Name: 'all', Actions: [{ LambdaAction: { FunctionArn: arn } }, STORE] }]);
    await world.lambda.send(new DeleteFunctionCommand({ FunctionName: 'gone' }));

    await world.send({ to: ['b@y.test'] });
    await world.sandbox.idle();
    for (const minutes of [1, 5, 15, 60]) {
      clock.advance(minutes * 60_000);
      await world.sandbox.idle();
    }
    expect(actions(onlyMail(world))).toEqual(['all LambdaAction retrying', 'all S3Action pending']);
    clock.advance(159 * 60_000);
    await world.sandbox.idle();
    expect(actions(onlyMail(world))).toEqual(['all LambdaAction expired', 'all S3Action done']);
  });
});

describe('where a mail goes', () => {
  test('is taken in by every region whose active rule set captures it', async () => {
    await using world = await startFixture();
    for (const [region, recipient] of [
      ['us-west-2', 'x.test'],
      ['eu-west-1', 'x.test'],
      ['us-east-1', 'y.test'],
    ] as const) {
      const Rule = {
        Name: 'r',
        Enabled: true,
        Recipients: [recipient],
        Actions: [{ StopAction: { Scope: 'RuleSet' as const } }],
      };
      const ses = world.clientFor(region);
      await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: SET }));
      await ses.send(new CreateReceiptRuleCommand({ RuleSetName: SET, Rule }));
      await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: SET }));
    }
    await world.send({ to: ['a@x.test'] });
    await world.sandbox.idle();
    const mails = world.sandbox.ses.journal.mails();
    expect(mails.map(({ region }) => region).sort()).toEqual(['eu-west-1', 'us-west-2']);
    expect(new Set(mails.map(({ id }) => id)).size).toBe(2);
  });

  test('is judged by the rules in force when it arrived', async () => {
    const clock = manualClock();
    await using world = await startFixture({ clock });
    await createMailBucket(world);
    await activateRules(world, [{ Name: 'all', Actions: [STORE] }]);
    await world.s3.send(new DeleteBucketPolicyCommand({ Bucket: BUCKET }));
    await world.send({ to: ['a@x.test'] });
    await world.sandbox.idle();
    await world.ses.send(new DeleteReceiptRuleCommand({ RuleSetName: SET, RuleName: 'all' }));
    await world.s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: sesMayPut(BUCKET) }));
    clock.advance(60_000);
    await world.sandbox.idle();
    expect(actions(onlyMail(world))).toEqual(['all S3Action done']);
  });

  test('is written by the role of the S3 action, and only by the role', async () => {
    await using world = await startFixture();
    await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const action = { S3Action: { BucketName: BUCKET, IamRoleArn: ROLE } };
    const refused = { name: 'InvalidParameterValue', message: 'Could not assume the provided IAM Role' };
    await expect(activateRules(world, [{ Name: 'all', Actions: [action] }])).rejects.toMatchObject(refused);
    await createRole(world, 'ses.amazonaws.com');
    const rule = new CreateReceiptRuleCommand({
      RuleSetName: SET,
      Rule: { Name: 'all', Enabled: true, Actions: [action] },
    });
    await expect(world.ses.send(rule)).rejects.toMatchObject({ name: 'InvalidS3ConfigurationException' });
    const Statement = [{ Effect: 'Allow', Action: 's3:PutObject', Resource: `arn:aws:s3:::${BUCKET}/*` }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await world.iam.send(new PutRolePolicyCommand({ RoleName: 'handler', PolicyName: 'write', PolicyDocument }));
    await world.ses.send(rule);
    await world.ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: SET }));
    await world.send({ to: ['a@x.test'] });
    await world.sandbox.idle();
    expect(actions(onlyMail(world))).toEqual(['all S3Action done']);
  });
});

describe('the journal over HTTP', () => {
  test('lists mails, one mail, and the log of a function', async () => {
    await using world = await startFixture();
    await createRole(world);
    const arn = await createFunction(world, 'talk', `export const handler = async () => { console.log('here') }`);
    await activateRules(world, [{ Name: 'all', Actions: [{ LambdaAction: { FunctionArn: arn } }] }]);
    await world.send({ to: ['b@y.test'] });
    await world.sandbox.idle();

    const read = async <Page>(path: string) => (await fetch(`${world.sandbox.url}${path}`)).json() as Promise<Page>;
    const { mails } = await read<{ mails: MailRecord[] }>('/_sandbox/mails');
    expect(mails).toEqual(world.sandbox.ses.journal.mails());
    expect(mails).toHaveLength(1);
    expect(await read(`/_sandbox/mails/${mails[0]?.id}`)).toEqual(mails[0]);

    const requestId = mails[0]?.rules[0]?.actions[0]?.requestId;
    const { lines } = await read<{ lines: LogLine[] }>(`/_sandbox/logs/talk?requestId=${requestId}`);
    expect(lines.map(({ source }) => source)).toEqual(['platform', 'stdout', 'platform', 'platform']);
    expect(lines.map(({ text }) => text.split(/\s/).at(0))).toEqual([
      'START',
      expect.stringMatching(/^\d{4}-/),
      'END',
      'REPORT',
    ]);
    expect((await fetch(`${world.sandbox.url}/_sandbox/mails/none`)).status).toBe(404);
  });
});
