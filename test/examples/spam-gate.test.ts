import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXAMPLES } from './example-names.ts';
import { startExample } from './example.ts';

const ENVELOPE = { from: 'jane@elsewhere.test', to: 'info@example.com' };
const GTUBE = ['XJS*C4JDBQADN1.NSBN3*2IDNEN*', 'GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'].join('');

describe('the example spam-gate', () => {
  test.each([
    { name: 'spam', mail: { text: GTUBE }, reason: 'spam' },
    { name: 'a virus', mail: { headers: { 'X-Sandbox-Virus-Verdict': 'FAIL' } }, reason: 'virus' },
    {
      name: 'a sender whose domain asks to reject forgeries',
      mail: { headers: { 'X-Sandbox-Dmarc-Verdict': 'FAIL', 'X-Sandbox-Dmarc-Policy': 'reject' } },
      reason: 'forged sender',
    },
    {
      name: 'the mail in its folder',
      mail: { raw: readFileSync(join(EXAMPLES, 'spam-gate/mail.eml')) },
      reason: 'spam',
    },
  ])('stops $name before another pipeline sees or stores it', async ({ mail, reason }) => {
    const { send, keys, world } = await startExample('spam-gate');

    await send({ envelope: ENVELOPE, ...ENVELOPE, subject: 'Buy', ...mail });

    expect(world.sandbox.ses.journal.mails().at(-1)?.stoppedBy).toMatch(/_Gate$/);
    expect(await world.log()).toMatchObject([{ msg: 'judged', passes: false, reason }]);
    expect(await keys()).toEqual([]);
  });

  test.each([
    { name: 'good mail', headers: {} },
    { name: 'a scan that failed', headers: { 'X-Sandbox-Virus-Verdict': 'PROCESSING_FAILED' } },
    { name: 'a sender about whom nothing is sure', headers: { 'X-Sandbox-Spam-Verdict': 'GRAY' } },
    {
      name: 'a forgery that the domain lets pass',
      headers: { 'X-Sandbox-Dmarc-Verdict': 'FAIL', 'X-Sandbox-Dmarc-Policy': 'none' },
    },
  ])('lets $name through to the inbox', async ({ headers }) => {
    const { send, keys, lastId, world } = await startExample('spam-gate');

    await send({ ...ENVELOPE, subject: 'Grüße', text: 'Hello', headers });

    expect(await keys()).toEqual([lastId()]);
    expect(await world.log()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ msg: 'judged', passes: true }),
        expect.objectContaining({ msg: 'a mail has come', subject: 'Grüße' }),
      ]),
    );
  });

  test('stands in front of the inbox whatever their names', async () => {
    const { world } = await startExample('spam-gate');

    expect((await world.ruleNames()).map((name) => name.replace(/^slp_mail_/, ''))).toEqual([
      'spam-gate_Gate',
      'inbox_MessageBodyStorage',
      'inbox_Info',
    ]);
  });
});
