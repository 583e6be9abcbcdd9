import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { describe, expect, onTestFinished, test } from 'vitest';
import { forwardedMail } from '../../examples/forward/code/forwarded-mail.ts';
import { temporaryFolder } from '../sandbox/support/temporary-folder.ts';
import { EXAMPLES } from './example-names.ts';
import { startExample } from './example.ts';

const MAIL = {
  from: { name: 'Groß, Jürgen', address: 'juergen@elsewhere.test' },
  to: 'jane@example.com',
  cc: 'team@elsewhere.test',
  subject: 'Mittagessen? Überraschung!',
  text: 'Um zwölf',
  html: '<p>Um <b>zwölf</b></p>',
  attachments: [{ filename: 'Karte.pdf', content: Buffer.from([0, 255, 10, 13, 10, 128]) }],
};

/** Takes the place of SES, which the sandbox has for receiving only: keeps what it is asked to send. */
async function fakeSes() {
  const requests: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push(new URLSearchParams(body));
      const result = '<SendRawEmailResult><MessageId>sent-1</MessageId></SendRawEmailResult>';
      response.end(`<SendRawEmailResponse>${result}</SendRawEmailResponse>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** The example with other variables than it is published with. */
function exampleWith(variables: string): string {
  const folder = temporaryFolder();
  cpSync(join(EXAMPLES, 'forward'), folder, { recursive: true });
  symlinkSync(join(EXAMPLES, '../node_modules'), join(folder, 'node_modules'));
  const manifest = join(folder, 'pipeline.yaml');
  const published = readFileSync(manifest, 'utf8');
  const changed = published.replace(/OUTGOING: .*/, variables);
  if (changed === published) throw new Error('the manifest has no OUTGOING');
  writeFileSync(manifest, changed);
  return folder;
}

describe('the example forward', () => {
  test('puts into its outbox what it would send, and sends nothing', async () => {
    const { send, lastId, keys, read, world } = await startExample('forward');

    await send(MAIL);

    expect((await keys()).toSorted()).toEqual([`mail/${lastId()}`, `outbox/${lastId()}.eml`]);
    const mail = await PostalMime.parse(await read(`outbox/${lastId()}.eml`));
    expect(mail).toMatchObject({
      from: { name: 'Groß, Jürgen', address: 'forwarder@example.com' },
      replyTo: [{ address: 'juergen@elsewhere.test' }],
      to: [{ address: 'jane@example.com' }],
      cc: [{ address: 'team@elsewhere.test' }],
      subject: MAIL.subject,
      text: expect.stringContaining('Um zwölf'),
      html: expect.stringContaining('<b>zwölf</b>'),
    });
    expect(mail.attachments[0]?.content).toEqual(new Uint8Array(MAIL.attachments[0]?.content ?? []).buffer);
    expect(await world.log()).toMatchObject([{ msg: 'forwarded', as: `outbox/${lastId()}.eml` }]);
  });

  test('hands the same over to SES where that is asked for (SES is faked here)', async () => {
    const ses = await fakeSes();
    const folder = exampleWith(`OUTGOING: ses\n      AWS_ENDPOINT_URL_SES: ${ses.url}`);
    const { send, keys, lastId, world } = await startExample('forward', folder);

    await send({
      envelope: { from: 'juergen@elsewhere.test', to: MAIL.to },
      raw: readFileSync(join(EXAMPLES, 'forward/mail.eml')),
    });

    const [request] = ses.requests;
    expect(Object.fromEntries(request ?? [])).toMatchObject({
      Action: 'SendRawEmail',
      Source: 'forwarder@example.com',
      'Destinations.member.1': 'jane@elsewhere.example',
    });
    const raw = Buffer.from(request?.get('RawMessage.Data') ?? '', 'base64').toString();
    expect(raw).toContain('\r\nFrom: =?UTF-8?Q?J=C3=BCrgen_Gro=C3=9F?= <forwarder@example.com>\r\n');
    expect(await keys()).toEqual([`mail/${lastId()}`]);
    expect(await world.log()).toMatchObject([{ msg: 'forwarded', as: 'sent-1' }]);
  });

  test('ends a loop', async () => {
    const { send, keys, lastId, world } = await startExample('forward');

    await send({ ...MAIL, headers: { 'X-Forwarded-By': 'forwarder@example.com' } });

    expect(await keys()).toEqual([`mail/${lastId()}`]);
    expect(await world.log()).toMatchObject([{ level: 'warn', msg: expect.stringContaining('forwarded from here') }]);
  });

  test('starts with no variable that it does not know', async () => {
    const { send, world } = await startExample('forward', exampleWith('OUTGOING: pigeon'));

    await send(MAIL);

    const { name } = await world.fn();
    const lines = world.sandbox.lambda.logs.lines(name).map((line) => line.text);
    expect(lines.join('\n')).toContain('OUTGOING is neither');
  });
});

const FORWARDER = 'forwarder@example.com';
const forward = (raw: string): string => {
  const mail = forwardedMail(Buffer.from(raw, 'latin1'), FORWARDER);
  return mail.kind === 'loop' ? mail.kind : mail.raw.toString('latin1');
};

describe('what is forwarded', () => {
  test.each([
    ['a plain address', 'jane@e.test', '<forwarder@example.com>'],
    ['an address in brackets', '<jane@e.test>', '<forwarder@example.com>'],
    ['a name', 'Jane Doe <jane@e.test>', 'Jane Doe <forwarder@example.com>'],
    ['a quoted name', '"Doe, \\"J\\" <jane>" <jane@e.test>', '"Doe, \\"J\\" <jane>" <forwarder@example.com>'],
    [
      'an encoded name over two lines',
      '=?utf-8?Q?J=C3=A9?=\r\n =?utf-8?Q?r?= <j@e.test>',
      '=?utf-8?Q?J=C3=A9?= =?utf-8?Q?r?= <forwarder@example.com>',
    ],
    ['several senders', 'A <a@e.test>, B <b@e.test>', '<forwarder@example.com>'],
  ])('comes from us in the name of %s', (_name, from, expected) => {
    expect(forward(`From: ${from}\r\n\r\nBody`)).toBe(
      `X-Forwarded-By: ${FORWARDER}\r\nFrom: ${expected}\r\nReply-To: ${from}\r\n\r\nBody`,
    );
  });

  test('keeps where replies go, every other header and the body as they were written', () => {
    const body = '\r\nFrom: not a header\r\n\r\n\xe9\x00\xff\n';
    const kept = 'Reply-To: list@e.test\r\nSUBJECT:  a\r\n\tb\r\nReceived: x\r\n';
    const dropped =
      'Return-Path: <a@e.test>\r\nDKIM-Signature: v=1;\r\n b=\r\n\tabc\r\nSender: x@e.test\r\nMessage-ID: <1>\r\n';

    expect(forward(`${dropped}${kept}from: a@e.test\r\n${body}`)).toBe(
      `X-Forwarded-By: ${FORWARDER}\r\nFrom: <${FORWARDER}>\r\n${kept}${body}`,
    );
  });

  test.each([
    ['without a sender', 'Subject: a\r\n\r\nBody', 'Subject: a\r\n\r\nBody'],
    ['with line feeds alone', 'Subject: a\n\nBody\n\nEnd', 'Subject: a\n\nBody\n\nEnd'],
    ['without a body', 'Subject: a\r\n', 'Subject: a\r\n'],
    ['marked by somebody else', 'X-Forwarded-By: b@e.test\r\n\r\n', 'X-Forwarded-By: b@e.test\r\n\r\n'],
  ])('may be a mail %s', (_name, raw, rest) => {
    expect(forward(raw)).toBe(`X-Forwarded-By: ${FORWARDER}\r\nFrom: <${FORWARDER}>\r\n${rest}`);
  });

  test('has one mark of ours only', () => {
    expect(forward(forward('From: a@e.test\r\n\r\n'))).toBe('loop');
  });
});
