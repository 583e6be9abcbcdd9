import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createTransport } from 'nodemailer';
import MailComposer from 'nodemailer/lib/mail-composer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailRecord } from '../../src/sandbox/mail-journal.ts';
import { BUCKET, startStoring, type Fixture } from './mail-fixture.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

type Mail = {
  readonly name: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly raw: Buffer;
};

/** Sends a mail and resolves when it was taken. */
type Client = { readonly name: string; readonly send: (port: number, mail: Required<Mail>) => Promise<void> };

const hasPython = canRun('python3', '--version');

function canRun(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const isAscii = (value: string): boolean => Buffer.byteLength(value) === value.length;

const nodemailer: Client = {
  name: 'nodemailer',
  send: async (port, { from, to, raw }) => {
    const transport = createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
    try {
      await transport.sendMail({ envelope: { from, to: [...to] }, raw });
    } finally {
      transport.close();
    }
  },
};

const PYTHON = new URL('support/send-mail.py', import.meta.url).pathname;

async function runPython(
  port: number,
  { from, to, raw }: Required<Mail>,
  ...options: readonly string[]
): Promise<string> {
  const utf8 = [from, ...to].every(isAscii) ? [] : ['--smtputf8'];
  const child = spawn('python3', [PYTHON, String(port), from, ...to, ...utf8, ...options]);
  child.stdin.end(raw);
  const [said, complained, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(complained);
  return said;
}

const smtplib: Client = { name: 'smtplib', send: async (port, mail) => void (await runPython(port, mail)) };

/** Waits for the greeting alone, then says everything in one go (RFC 2920). */
const pipelining: Client = {
  name: 'a pipelining socket',
  send: async (port, { from, to, raw }) => {
    const socket = connect(port, '127.0.0.1');
    const ended = once(socket, 'close');
    let said = '';
    socket.on('data', (chunk) => (said += String(chunk)));
    await once(socket, 'data');
    const utf8 = [from, ...to].every(isAscii) ? '' : ' SMTPUTF8';
    const stuffed = raw.toString('latin1').replaceAll(/(^|\n)\./g, '$1..');
    socket.write(
      ['EHLO socket.test', `MAIL FROM:<${from}>${utf8}`, ...to.map((each) => `RCPT TO:<${each}>`), 'DATA', ''].join(
        '\r\n',
      ),
    );
    socket.write(Buffer.from(`${stuffed}.\r\nQUIT\r\n`, 'latin1'));
    await ended;
    if (!said.includes('250 OK ')) throw new Error(said);
  },
};

const crlf = (...lines: readonly string[]): Buffer => Buffer.from(lines.join('\r\n'));

async function composed(options: ConstructorParameters<typeof MailComposer>[0]): Promise<Buffer> {
  return new MailComposer(options).compile().build();
}

const MAILS: readonly Mail[] = [
  {
    name: 'a multipart mail with attachments',
    raw: await composed({
      from: 'a@x.test',
      to: 'b@y.test',
      subject: 'Report',
      text: 'See the attachment.',
      html: '<p>See the attachment.</p>',
      attachments: [
        { filename: 'pixels.bin', content: Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 256)) },
        { filename: '\u00fcbersicht.txt', content: 'n\u00e4chste' },
      ],
    }),
  },
  {
    name: 'encoded headers',
    raw: crlf('Subject: =?utf-8?B?R3LDvMOfZQ==?=', ' =?utf-8?Q?_aus_K=C3=B6ln?=', '', 'x', ''),
  },
  {
    name: 'headers in 8 bit',
    raw: Buffer.from('Subject: Gr\u00fc\u00dfe\r\nX-Latin: \u00e9\r\n\r\nb\u00f6dy\r\n', 'latin1'),
  },
  { name: 'headers in UTF-8', raw: crlf('Subject: Gr\u00fc\u00dfe \u{1F4EE}', '', 'x', '') },
  {
    name: 'addresses in UTF-8',
    from: 'j\u00fcrgen@b\u00fccher.test',
    to: ['j\u00f6rg@b\u00fccher.test'],
    raw: crlf('Subject: utf8', '', 'x', ''),
  },
  { name: 'lines that begin with dots', raw: crlf('Subject: dots', '', '.', '..', '...three', '.\t', 'end.', '.', '') },
  { name: 'bytes of every value', raw: Buffer.concat([crlf('Subject: bytes', '', ''), everyByte(), crlf('', '')]) },
  { name: 'no body', raw: crlf('Subject: none', '', '') },
  { name: 'a line of 100,000 characters', raw: crlf('Subject: long', '', 'x'.repeat(100_000), '') },
  {
    name: 'a mail of 20 MB',
    raw: Buffer.concat([crlf('Subject: large', '', ''), Buffer.alloc(6 * 3_400_000, 'line\r\n')]),
  },
  {
    name: 'several recipients, one of them in no header',
    to: ['b@y.test', 'c@y.test', 'hidden@y.test'],
    raw: crlf('To: b@y.test', 'Cc: c@y.test', 'Subject: bcc', '', 'x', ''),
  },
  { name: 'an empty sender', from: '', raw: crlf('Subject: Undelivered Mail', '', 'x', '') },
];

/** But for line feeds, which mean something to a client. */
function everyByte(): Buffer {
  return Buffer.from(Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x0a && byte !== 0x0d));
}

/** nodemailer makes CRLF of them before it sends. */
const ODD_LINE_ENDS: readonly Mail[] = [
  { name: 'bare line feeds', raw: Buffer.from('Subject: lf\n\n.one\ntwo\n..\nthree\r\n') },
  { name: 'a carriage return alone', raw: Buffer.from('Subject: cr\r\n\r\none\rtwo\r\n\rthree\r\n') },
];

let world: Fixture;
beforeAll(async () => {
  world = await startStoring();
});
afterAll(() => world[Symbol.asyncDispose]());

/** The newest mail, and the bytes of it that came from the sender. */
function newest(): { readonly record: MailRecord; readonly added: string; readonly sent: Buffer } {
  const record = world.sandbox.ses.journal.mails().at(-1);
  if (record === undefined) throw new Error('No mail has come in.');
  const stored = Buffer.from(world.sandbox.s3.readObject(BUCKET, record.id) ?? []);
  // SES puts Return-Path and one folded Received in front.
  const front =
    /^Return-Path: .*\r\nReceived: .*\r\n(?:[ \t].*\r\n)*/.exec(stored.subarray(0, 2000).toString('latin1'))?.[0] ?? '';
  return { record, added: front, sent: stored.subarray(front.length) };
}

const CLIENTS: readonly Client[] = [nodemailer, ...(hasPython ? [smtplib] : []), pipelining];

describe.each(CLIENTS)('a mail sent by $name', (client) => {
  const mails = client === nodemailer ? MAILS : [...MAILS, ...ODD_LINE_ENDS];

  test.each(mails)('is stored as it was sent: $name', async ({ name, from = 'a@x.test', to = ['b@y.test'], raw }) => {
    await client.send(world.sandbox.smtpPort, { name, from, to, raw });
    await world.sandbox.idle();

    const { record, added, sent } = newest();
    expect(sent.equals(raw)).toBe(true);
    expect(added.startsWith(`Return-Path: <${Buffer.from(from).toString('latin1')}>\r\n`)).toBe(true);
    expect(record.envelope).toEqual({ from, recipients: to });
    expect(record.state).toBe('done');
  });
});

describe.runIf(hasPython)('over TLS', () => {
  test('a client may verify the certificate that the sandbox shows', async () => {
    const certificate = join(temporaryFolder(), 'sandbox.pem');
    writeFileSync(certificate, await (await fetch(`${world.sandbox.url}/_sandbox/certificate`)).text());
    const mail = { name: 'tls', from: 'a@x.test', to: ['b@y.test'], raw: crlf('Subject: tls', '', 'x', '') };

    await runPython(world.sandbox.smtpPort, mail, '--starttls', certificate);

    expect(newest().record).toMatchObject({ tls: true, subject: 'tls' });
  });
});

test('a connection that is lost within DATA, again and again, leaves nothing', async () => {
  const before = world.sandbox.ses.journal.mails().length;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const socket = connect(world.sandbox.smtpPort, '127.0.0.1');
    const closed = once(socket, 'close');
    socket.resume();
    socket.write('EHLO x\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n');
    socket.write(`Subject: half\r\n\r\n${'x'.repeat(attempt * 50_000)}`, () => socket.destroy());
    await closed;
  }
  // A whole mail behind them: whatever could have been stored would have been by now.
  await nodemailer.send(world.sandbox.smtpPort, {
    name: '',
    from: 'a@x.test',
    to: ['b@y.test'],
    raw: crlf('Subject: whole', '', ''),
  });
  await world.sandbox.idle();
  expect(
    world.sandbox.ses.journal
      .mails()
      .slice(before)
      .map(({ subject }) => subject),
  ).toEqual(['whole']);
});
