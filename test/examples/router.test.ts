import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startExample } from './example.ts';

const FROM = 'Jane Doe <jane@elsewhere.test>';
const INVOICE = {
  from: FROM,
  subject: '=?UTF-8?Q?Rechnung_f=C3=BCr_November?=',
  text: 'Anbei.',
  attachments: [{ filename: 'Rechnung.pdf', content: '%PDF-1.7' }],
};

describe('the example router', () => {
  test('runs the handler of the label, whatever its case', async () => {
    const { send, lastId, keys, read, world } = await startExample('router');

    await send({ ...INVOICE, to: 'app+Invoices@example.com' });

    const key = `invoices/${new Date().toISOString().slice(0, 7)}/${lastId()}.eml`;
    expect((await keys()).toSorted()).toEqual([key, `mail/${lastId()}`]);
    expect(await read(key)).toEqual(await read(`mail/${lastId()}`));
    expect(await world.log()).toMatchObject([{ msg: 'filed an invoice', label: 'invoices', key }]);
  });

  test('runs the handlers of several labels once each, and says that it lacks one', async () => {
    const { send, keys, read, lastId, world } = await startExample('router');

    await send({
      ...INVOICE,
      to: 'app+unsubscribe@example.com, app+invoices@example.com',
      cc: 'app+nothing@example.com',
    });
    await send({ from: FROM, to: 'app@example.com', text: 'Hello' });

    const sender = createHash('sha256').update('jane@elsewhere.test').digest('hex');
    const filed = (await keys()).flatMap((key) => (key.startsWith('mail/') ? [] : [key.replace(/\/.*/, '')]));
    expect(new Set(filed)).toEqual(new Set(['invoices', 'unsubscribed']));
    expect(filed).toHaveLength(2);
    const mark = JSON.parse(String(await read(`unsubscribed/${sender}.json`))) as { readonly messageId: string };
    expect(mark.messageId).not.toBe(lastId());
    const log = (await world.log()).map(({ msg, label }) => `${String(label)}: ${String(msg)}`);
    expect(log.toSorted()).toEqual([
      ': no handler has this label',
      'invoices: filed an invoice',
      'nothing: no handler has this label',
      'unsubscribe: unsubscribed the sender',
    ]);
    expect(JSON.stringify(await world.log())).not.toContain('jane@');
  });

  test('has no handler that is only a name of JavaScript', async () => {
    const { send, world } = await startExample('router');

    await send({ from: FROM, to: 'app+constructor@example.com', text: 'Hello' });

    expect(await world.log()).toMatchObject([{ msg: 'no handler has this label', label: 'constructor' }]);
  });
});
