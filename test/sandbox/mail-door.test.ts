import { CreateReceiptFilterCommand, SetActiveReceiptRuleSetCommand, type ReceiptRule } from '@aws-sdk/client-ses';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { describe, expect, test } from 'vitest';
import { activateRules, BUCKET, createMailBucket, message, startFixture, type Fixture } from './mail-fixture.ts';

const STORE: ReceiptRule = { Name: 'all', Actions: [{ S3Action: { BucketName: BUCKET } }] };

async function receiving(world: Fixture, rule: ReceiptRule = STORE): Promise<void> {
  await createMailBucket(world);
  await activateRules(world, [rule]);
}

function storedMails({ sandbox }: Fixture): Buffer[] {
  const keys = sandbox.s3.objects(BUCKET).map(({ key }) => key);
  return keys
    .filter((key) => !key.endsWith('AMAZON_SES_SETUP_NOTIFICATION'))
    .map((key) => Buffer.from(sandbox.s3.readObject(BUCKET, key) ?? []));
}

/** Says each line and waits for its answer; returns the answers. */
async function converse(socket: Socket, ...lines: readonly (string | Buffer)[]): Promise<string[]> {
  const answers: string[] = [];
  for (const line of lines) {
    socket.write(typeof line === 'string' ? `${line}\r\n` : line);
    answers.push(await answer(socket));
  }
  return answers;
}

async function answer(socket: Socket): Promise<string> {
  let text = '';
  while (!/^\d{3} .*\r\n$/m.test(text)) text += String((await once(socket, 'data'))[0]);
  return text;
}

async function openSession(world: Fixture): Promise<Socket> {
  const socket = connect(world.sandbox.smtpPort, '127.0.0.1');
  await answer(socket);
  return socket;
}

describe('the mail door', () => {
  test('refuses every recipient while no rule set is active', async () => {
    await using world = await startFixture();
    await receiving(world);
    await world.ses.send(new SetActiveReceiptRuleSetCommand({}));
    await expect(world.send({ to: ['a@x.test'] })).rejects.toMatchObject({
      responseCode: 550,
      response: expect.stringMatching(/^550 5\.1\.1 .*no rule set is active/),
    });
    expect(world.sandbox.ses.journal.mails()).toEqual([]);
  });

  test('refuses a recipient no enabled rule captures and keeps the others', async () => {
    await using world = await startFixture();
    await receiving(world, { ...STORE, Recipients: ['x.test'] });
    const { accepted, rejected } = await world.send({ to: ['a@x.test', 'b@y.test'] });
    expect([accepted, rejected]).toEqual([['a@x.test'], ['b@y.test']]);
    expect(world.sandbox.ses.journal.mails()[0]?.envelope.recipients).toEqual(['a@x.test']);
  });

  test('refuses a recipient of a domain that is not verified', async () => {
    await using world = await startFixture({ verifiedDomains: ['x.test'] });
    await receiving(world);
    await expect(world.send({ to: ['a@y.test'] })).rejects.toMatchObject({ responseCode: 550 });
    await expect(world.send({ to: ['a@x.test'] })).resolves.toMatchObject({ accepted: ['a@x.test'] });
  });

  test('refuses a client that an IP filter blocks', async () => {
    await using world = await startFixture();
    await receiving(world);
    const filter = (Name: string, Policy: 'Block' | 'Allow', Cidr: string) =>
      world.ses.send(new CreateReceiptFilterCommand({ Filter: { Name, IpFilter: { Policy, Cidr } } }));
    await filter('block', 'Block', '127.0.0.0/8');
    await expect(world.send({ to: ['a@x.test'] })).rejects.toMatchObject({ responseCode: 550 });
    await filter('allow', 'Allow', '127.0.0.1');
    await expect(world.send({ to: ['a@x.test'] })).resolves.toMatchObject({ accepted: ['a@x.test'] });
  });

  test('writes down whom it turned away, and says why to both', async () => {
    await using world = await startFixture({ verifiedDomains: ['y.test'] });
    await receiving(world, { ...STORE, Recipients: ['b@y.test'], TlsPolicy: 'Require' });
    const refused = (to: string) => world.send({ to: [to] }).catch((error: { response: string }) => error.response);

    expect(await refused('b@elsewhere.test')).toMatch(/^550 5\.1\.1 .* \(the domain elsewhere\.test is not a verified/);
    expect(await refused('c@y.test')).toMatch(
      /^550 5\.1\.1 .* \(no enabled rule of the active rule set inbound captures/,
    );
    expect(await refused('b@y.test')).toMatch(/^550 5\.7\.10 .* \(the rule all takes it over TLS only: say STARTTLS/);
    const IpFilter = { Policy: 'Block', Cidr: '127.0.0.0/8' } as const;
    await world.ses.send(new CreateReceiptFilterCommand({ Filter: { Name: 'block', IpFilter } }));
    expect(await refused('b@y.test')).toMatch(/^550 5\.7\.1 .* \(a receipt filter blocks 127\.0\.0\.1\)/);

    expect(world.sandbox.ses.journal.refusals().map(({ recipient, why }) => [recipient, why.slice(0, 20)])).toEqual([
      ['b@elsewhere.test', 'the domain elsewhere'],
      ['c@y.test', 'no enabled rule of t'],
      ['b@y.test', 'the rule all takes i'],
      ['b@y.test', 'a receipt filter blo'],
    ]);
  });

  test('keeps dots, eight-bit bytes and line ends of the sender', async () => {
    await using world = await startFixture();
    await receiving(world);
    const raw = Buffer.concat([
      Buffer.from('Subject: bytes\r\n\r\n.\r\n..two\r\n...three\r\nend.\r\n\r\n.\r\n'),
      Buffer.from([0x00, 0x80, 0xff, 0x0d, 0x0a]),
      Buffer.from('.'.repeat(5000)),
      Buffer.from('\r\n'),
    ]);
    await world.send({ to: ['a@x.test'], raw });
    await world.sandbox.idle();
    const [stored = Buffer.alloc(0)] = storedMails(world);
    expect(stored.subarray(-raw.length).equals(raw)).toBe(true);
  });

  test('takes addresses and headers in UTF-8', async () => {
    await using world = await startFixture();
    await receiving(world, { ...STORE, Recipients: ['bücher.test'] });
    await using socket = asyncDisposable(await openSession(world));
    const answers = await converse(
      socket.value,
      'EHLO client.test',
      'MAIL FROM:<jürgen@x.test> SMTPUTF8',
      'RCPT TO:<jörg@bücher.test>',
      'DATA',
      Buffer.from('Subject: Grüße\r\n\r\nHallo\r\n.\r\n'),
    );
    expect(answers.map((each) => each.slice(0, 3))).toEqual(['250', '250', '250', '354', '250']);
    expect(world.sandbox.ses.journal.mails()[0]).toMatchObject({
      subject: 'Grüße',
      envelope: { from: 'jürgen@x.test', recipients: ['jörg@bücher.test'] },
    });
  });

  test('names the message id in its answer', async () => {
    await using world = await startFixture();
    await receiving(world);
    const { response } = await world.send({ to: ['a@x.test'] });
    expect(response).toBe(`250 OK ${world.sandbox.ses.journal.mails()[0]?.id}`);
  });

  test('stores nothing when the connection is lost within DATA', async () => {
    await using world = await startFixture();
    await receiving(world);
    const socket = await openSession(world);
    await converse(socket, 'EHLO client.test', 'MAIL FROM:<a@x.test>', 'RCPT TO:<b@x.test>', 'DATA');
    socket.write('Subject: half\r\n\r\nno end');
    socket.destroy();
    await once(socket, 'close');

    await world.send({ to: ['a@x.test'] });
    await world.sandbox.idle();
    expect(world.sandbox.ses.journal.mails().map(({ subject }) => subject)).toEqual(['Hello']);
  });

  test('takes a mail that requires TLS only over TLS', async () => {
    await using world = await startFixture();
    await receiving(world, { ...STORE, TlsPolicy: 'Require' });
    await expect(world.send({ to: ['a@x.test'] })).rejects.toMatchObject({ responseCode: 550 });

    const tls = createTransport({
      host: '127.0.0.1',
      port: world.sandbox.smtpPort,
      requireTLS: true,
      tls: { rejectUnauthorized: false },
    });
    await tls.sendMail({ envelope: { from: 'a@x.test', to: ['b@x.test'] }, raw: message('a@x.test', ['b@x.test']) });
    tls.close();
    expect(world.sandbox.ses.journal.mails()).toMatchObject([{ tls: true }]);
  });

  test('takes a bounce, whose sender is empty', async () => {
    await using world = await startFixture();
    await receiving(world);
    await world.send({ from: '', to: ['a@x.test'], raw: 'Subject: bounce\r\n\r\n' });
    await world.sandbox.idle();
    expect(world.sandbox.ses.journal.mails()[0]?.envelope.from).toBe('');
    expect(storedMails(world)[0]?.toString()).toMatch(/^Return-Path: <>\r\n/);
  });

  test('refuses a message over 40 MB', async () => {
    await using world = await startFixture();
    await receiving(world);
    const raw = Buffer.concat([Buffer.from('Subject: big\r\n\r\n'), Buffer.alloc(40 * 1024 * 1024, 'x\r\n')]);
    await expect(world.send({ to: ['a@x.test'], raw })).rejects.toMatchObject({ responseCode: 552 });
    expect(world.sandbox.ses.journal.mails()).toEqual([]);
  });
});

function asyncDisposable(value: Socket): { value: Socket; [Symbol.asyncDispose]: () => Promise<void> } {
  return {
    value,
    [Symbol.asyncDispose]: async () => {
      const closed = once(value, 'close');
      value.destroy();
      await closed;
    },
  };
}
