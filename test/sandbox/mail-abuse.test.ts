import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createJournal } from '../../src/sandbox/mail-journal.ts';
import { startMailDoor } from '../../src/sandbox/mail-door.ts';
import { BUCKET, manualClock, startFixture, startStoring, type Fixture } from './mail-fixture.ts';

let world: Fixture;
beforeAll(async () => {
  world = await startStoring();
});
afterAll(() => world[Symbol.asyncDispose]());

/** A connection that is closed with the test; `said` grows with what the door answers. */
function call(port = world.sandbox.smtpPort): { readonly socket: Socket; readonly said: () => string } {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let said = '';
  socket.on('data', (chunk) => (said += String(chunk)));
  socket.on('error', () => undefined); // to be cut off is what is expected
  return { socket, said: () => said };
}

async function takesMail(): Promise<void> {
  const { response } = await world.send({ to: ['b@y.test'] });
  expect(response).toMatch(/^250 OK [0-9a-v]{40}$/);
}

describe('the mail door answers or closes, and goes on', () => {
  test.each([
    ['random bytes', () => randomBytes(100_000)],
    ['a line that never ends', () => Buffer.alloc(1_000_000, 'x')],
    ['a browser', () => Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')],
    ['a TLS handshake', () => Buffer.from('16030100c8010000c40303', 'hex')],
    ['commands out of order', () => Buffer.from('DATA\r\nRCPT TO:<a@x>\r\nMAIL FROM:<\u0000>\r\n.\r\n')],
    ['ten thousand commands at once', () => Buffer.from('NOOP\r\n'.repeat(10_000))],
  ])('on %s', async (_what, bytes) => {
    const { socket, said } = call();
    await once(socket, 'data');
    socket.write(bytes());
    socket.write('\r\nQUIT\r\n');
    // Whether it could make sense of anything or not: the connection ends, and the last word is an answer.
    await once(socket, 'close');
    expect(said()).toMatch(/^220 [^]*^(?:221|421|5\d\d) .*\r\n$/m);
    await takesMail();
  });

  // What ends a mail for one server and not for the next carries a second mail past the first ("SMTP smuggling").
  test.each(['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r\n.\r'])(
    'on %j, which does not end a mail',
    async (lookalike) => {
      const before = world.sandbox.ses.journal.mails().length;
      const { socket, said } = call();
      await once(socket, 'data');
      const second = 'MAIL FROM:<evil@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\nSubject: second\r\n\r\n';
      socket.write('EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n');
      socket.write(`Subject: first\r\n\r\nbody${lookalike}${second}.\r\nQUIT\r\n`);
      await once(socket, 'close');
      expect(said().match(/^250 OK /gm)).toHaveLength(1);
      const mails = world.sandbox.ses.journal.mails().slice(before);
      expect(mails.map(({ subject, envelope }) => [subject, envelope.from])).toEqual([['first', 'a@x.test']]);
    },
  );

  test('on 10,000 headers, which are stored as they came', async () => {
    const before = world.sandbox.ses.journal.mails().length;
    const headers = Array.from({ length: 10_000 }, (_, index) => `X-${index}: y\r\n`).join('');
    const { socket } = call();
    await once(socket, 'data');
    socket.write('EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n');
    socket.write(`Subject: many\r\n${headers}\r\nbody\r\n.\r\nQUIT\r\n`);
    await once(socket, 'close');
    await world.sandbox.idle();
    const [record] = world.sandbox.ses.journal.mails().slice(before);
    expect(record).toMatchObject({ subject: 'many', state: 'done' });
    const stored = Buffer.from(world.sandbox.s3.readObject(BUCKET, record?.id ?? '') ?? []).toString();
    expect(stored.endsWith(`Subject: many\r\n${headers}\r\nbody\r\n`)).toBe(true);
  });

  test('on what is slipped in behind STARTTLS', async () => {
    const { socket, said } = call();
    await once(socket, 'data');
    const before = world.sandbox.ses.journal.mails().length;
    socket.write(
      'EHLO x\r\nSTARTTLS\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\nSubject: in\r\n\r\n.\r\n',
    );
    await expect.poll(said).toMatch(/220 Ready to start TLS\r\n$/);
    socket.destroy();
    await takesMail();
    const subjects = world.sandbox.ses.journal.mails().slice(before);
    expect(subjects.map(({ subject }) => subject)).toEqual(['Hello']);
  });

  test('on a mail that is announced as too large, before it is sent', async () => {
    const { socket, said } = call();
    await once(socket, 'data');
    socket.write(`EHLO x\r\nMAIL FROM:<a@x.test> SIZE=${40 * 1024 * 1024 + 1}\r\nQUIT\r\n`);
    await once(socket, 'close');
    expect(said()).toContain('\r\n552 ');
  });

  test('on two hundred clients at once', async () => {
    const mails = Array.from({ length: 200 }, () => world.send({ to: ['b@y.test'] }));
    const answers = new Set((await Promise.all(mails)).map(({ response }) => response));
    expect(answers.size).toBe(200);
    await world.sandbox.idle();
    const keys = new Set(world.sandbox.s3.objects(BUCKET).map(({ key }) => `250 OK ${key}`));
    expect([...answers].filter((answer) => !keys.has(answer))).toEqual([]);
  });

  test('on a thousand recipients', async () => {
    const to = Array.from({ length: 1000 }, (_, index) => `r${index}@y.test`);
    await world.send({ to });
    expect(world.sandbox.ses.journal.mails().at(-1)?.envelope.recipients).toEqual(to);
  });
});

test('sends a client away that says nothing, in the middle of a mail or before', async () => {
  const journal = createJournal();
  const receive = () => {
    throw new Error('no mail is expected');
  };
  const ses = { journal, receive, acceptsRecipient: () => ({ accepted: true }) as const };
  const door = await startMailDoor({ ses, clock: manualClock(), host: '127.0.0.1', port: 0, silenceLimitMs: 500 });
  onTestFinished(() => door.stop());

  const silent = call(door.port);
  const halfway = call(door.port);
  await once(halfway.socket, 'data');
  halfway.socket.write('EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\nSubject: half\r\n');

  await Promise.all([once(silent.socket, 'close'), once(halfway.socket, 'close')]);
  expect([silent.said(), halfway.said()]).toEqual([
    expect.stringMatching(/\r\n421 .*\r\n$/),
    expect.stringMatching(/\r\n354 .*\r\n421 .*\r\n$/),
  ]);
});

test('tells a client that its mail could not be kept, and why', async () => {
  const journal = createJournal();
  const receive = () => {
    throw new Error('the disk is full: make room.');
  };
  const ses = { journal, receive, acceptsRecipient: () => ({ accepted: true }) as const };
  const door = await startMailDoor({ ses, clock: manualClock(), host: '127.0.0.1', port: 0 });
  onTestFinished(() => door.stop());

  const { socket, said } = call(door.port);
  await once(socket, 'data');
  socket.write('EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n\r\n.\r\nQUIT\r\n');
  await once(socket, 'close');
  expect(said()).toContain('\r\n451 4.3.0 the disk is full: make room.\r\n');
});

test('stops at once although a client is connected', async () => {
  await using other = await startFixture();
  const { socket, said } = call(other.sandbox.smtpPort);
  await once(socket, 'data');
  await Promise.all([other.sandbox.stop(), once(socket, 'close')]);
  expect(said()).toMatch(/\r\n421 /);
});
