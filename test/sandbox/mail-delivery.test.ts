import { expect, onTestFinished, test } from 'vitest';
import { createMessageStore } from '../../src/sandbox/message-store.ts';
import { activateRules, BUCKET, createMailBucket, startFixture, startStoring, type Fixture } from './mail-fixture.ts';

async function storing(): Promise<Fixture> {
  const world = await startStoring();
  onTestFinished(() => world[Symbol.asyncDispose]());
  return world;
}

async function post({ sandbox }: Fixture, path: string, body = '') {
  const response = await fetch(`${sandbox.url}/_sandbox/mails${path}`, { method: 'POST', body });
  await sandbox.idle();
  return { status: response.status, answer: (await response.json()) as { mails: { id: string }[]; message?: string } };
}

const bodyOf = ({ sandbox }: Fixture, id: string): string =>
  Buffer.from(sandbox.s3.readObject(BUCKET, id) ?? []).toString();

test('a mail that comes over HTTP is the mail that would have come over SMTP', async () => {
  const world = await storing();
  const { answer } = await post(world, '?from=a@x.test&to=b@y.test&tls=true', 'Subject: Hi\r\n\r\nBody\r\n');
  const [{ id } = { id: '' }] = answer.mails;
  expect(answer).toEqual({ mails: [{ id, account: '123456789012', region: 'us-west-2' }], refused: [] });
  expect(bodyOf(world, id)).toMatch(
    /^Return-Path: <a@x\.test>\r\nReceived: .*\r\n.*ESMTPS[^]*\r\nSubject: Hi\r\n\r\nBody\r\n$/,
  );
  expect(world.sandbox.ses.journal.mail(id)).toMatchObject({ subject: 'Hi', account: '123456789012', tls: true });
});

test('what came in is taken in once more as the sender had sent it', async () => {
  const world = await storing();
  await world.send({ from: 'a@x.test', to: ['b@y.test'], raw: 'Subject: Hi\r\n\r\nBody\r\n' });
  await world.sandbox.idle();
  const [first] = world.sandbox.ses.journal.mails();
  const { answer } = await post(world, `/${first?.id}/replay`);
  const [again] = answer.mails;
  expect(again?.id).not.toBe(first?.id);
  const withoutTrace = (id = '') => bodyOf(world, id).replace(/^Return-Path[^]*?(?=Subject)/, '');
  expect(withoutTrace(again?.id)).toBe(withoutTrace(first?.id));
  expect(bodyOf(world, again?.id ?? '').match(/^Return-Path/gm)).toHaveLength(1);
});

test('a recipient that nobody receives for is refused, and the others are not', async () => {
  await using world = await startFixture();
  await createMailBucket(world);
  await activateRules(world, [{ Name: 'y', Recipients: ['y.test'], Actions: [{ S3Action: { BucketName: BUCKET } }] }]);
  const { answer } = await post(world, '?to=b@y.test&to=c@z.test');
  expect(answer).toMatchObject({ mails: [{ region: 'us-west-2' }], refused: [{ recipient: 'c@z.test' }] });
  expect(world.sandbox.ses.journal.refusals()).toMatchObject([{ recipient: 'c@z.test' }]);
});

test.each([
  ['', 400, 'Say who the mail is for: ?to=ADDRESS.'],
  ['/none/replay', 404, 'No mail none was received, or it was too long ago.'],
])('POST %s is answered with %i', async (path, status, message) => {
  const world = await storing();
  expect(await post(world, path)).toMatchObject({ status, answer: { message } });
});

test('the oldest messages go when all are too large together', () => {
  const store = createMessageStore(10);
  for (const id of ['a', 'b', 'c']) store.put(id, Buffer.alloc(4));
  expect(['a', 'b', 'c'].map((id) => store.get(id)?.byteLength)).toEqual([undefined, 4, 4]);
});
