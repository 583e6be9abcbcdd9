import { describe, expect, test } from 'vitest';
import { pipeline, rule } from '../support/manifests.ts';
import { startWorld } from '../support/world.ts';

const inline = (code: string, more: object = {}) => ({
  ...more,
  code: { inline: { 'index.mjs': `import { sesHandler } from 'ses-lambda-pipeline/lambda';\n${code}` } },
});

describe('sesHandler in a function that really runs', () => {
  test('reads the body where the pipeline stores it, by the rights of its role', async () => {
    const world = await startWorld();
    const code = inline(`
      import { text } from 'node:stream/consumers';
      export const handler = sesHandler({
        onMessage: async (message, { log, discovery }) => {
          const { key, sizeBytes } = await message.head();
          const raw = await text(await message.body());
          log.info('read', { key, complete: raw.length === sizeBytes, end: raw.slice(-11), handler: discovery.handlerFunc });
        },
      });`);
    await world.mustApply(pipeline({ storage: { objectKeyPrefix: 'in' }, function: code }));

    await world.send({ to: 'first@example.com', raw: 'From: a@b.test\r\nSubject: Hi\r\n\r\nAll there\r\n' });

    const [mail] = world.sandbox.ses.journal.mails();
    expect(await world.log()).toEqual([
      {
        level: 'info',
        msg: 'read',
        messageId: mail?.id,
        requestId: expect.any(String),
        key: `in/${mail?.id}`,
        complete: true,
        end: 'All there\r\n',
        handler: 'index.handler',
      },
    ]);
  });

  test('ends the evaluation for SES', async () => {
    const world = await startWorld();
    const code = inline(`
      export const handler = sesHandler({
        invocationType: 'RequestResponse',
        onMessage: async ({ receipt }) => (receipt.spamVerdict.status === 'FAIL' ? 'STOP_RULE_SET' : 'CONTINUE'),
      });`);
    const rules = [rule('First', 'example.com'), rule('Second', 'example.com')];
    await world.mustApply(pipeline({ rules, invocationType: 'RequestResponse', function: code }));

    await world.send({ to: 'a@example.com', raw: 'X-Sandbox-Spam-Verdict: FAIL\r\n\r\nBuy' });
    await world.send({ to: 'a@example.com', raw: 'Subject: Hi\r\n\r\nHi' });

    const stoppedBy = world.sandbox.ses.journal.mails().map((mail) => mail.stoppedBy?.replace(/^.*_/, '') ?? 'nobody');
    expect(new Set(stoppedBy)).toEqual(new Set(['First', 'nobody']));
  });

  test('is cut short before the function would be, and says which mail it was', async () => {
    const world = await startWorld();
    const code = inline(
      `import { setTimeout } from 'node:timers/promises';
       export const handler = sesHandler({
         onMessage: (_message, { signal }) => setTimeout(60_000, undefined, { signal }),
         onError: async () => 'DROP',
       });`,
      { timeout: 1 },
    );
    await world.mustApply(pipeline({ function: code }));

    await world.send({ to: 'first@example.com' });

    const [mail] = world.sandbox.ses.journal.mails();
    expect(await world.log()).toMatchObject([
      { level: 'warn', msg: expect.stringContaining('nearly over'), messageId: mail?.id },
      { level: 'error', msg: 'The message failed', messageId: mail?.id },
    ]);
  });
});
