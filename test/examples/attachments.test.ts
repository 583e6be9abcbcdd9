import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, constantFrom, property, record, string, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attachmentObject } from '../../examples/attachments/code/attachment-object.ts';
import { EXAMPLES } from './example-names.ts';
import { startExample } from './example.ts';

const PDF = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))]);
const ENVELOPE = { from: 'jane@elsewhere.test', to: 'files@example.com' };

describe('the example attachments', () => {
  test('makes an object of each attachment, byte for byte, with what the mail says about it', async () => {
    const { send, lastId, keys, head, read, world } = await startExample('attachments');

    await send({
      ...ENVELOPE,
      subject: 'Angebot für März',
      text: 'Siehe Anhang.',
      html: '<p>Siehe <img src="cid:logo@elsewhere"></p>',
      attachments: [
        { filename: 'Übersicht (2026).pdf', content: PDF, contentType: 'application/pdf' },
        { filename: '../../etc/passwd', content: 'root', contentType: 'text/plain' },
        { filename: 'logo.png', content: Buffer.from('PNG'), cid: 'logo@elsewhere' },
      ],
    });

    const at = `attachments/${lastId()}`;
    const names = [`${at}/01-logo.png`, `${at}/02-Übersicht_2026_.pdf`, `${at}/03-.._.._etc_passwd`];
    expect((await keys()).toSorted()).toEqual([...names, `mail/${lastId()}`]);
    expect(await read(names[1] ?? '')).toEqual(PDF);
    expect(await head(names[1] ?? '')).toMatchObject({
      ContentType: 'application/pdf',
      ContentDisposition: "attachment; filename*=UTF-8''%C3%9Cbersicht%20%282026%29.pdf",
      Metadata: { 'message-id': lastId(), filename: '%C3%9Cbersicht%20%282026%29.pdf' },
    });
    expect((await head(names[0] ?? '')).Metadata).toMatchObject({ 'content-id': 'logo@elsewhere' });
    expect(await world.log()).toMatchObject(
      names.map((key) => ({ level: 'info', msg: 'stored an attachment', key, messageId: lastId() })),
    );
  });

  test('finds what a mail in its folder brings, and nothing in a mail without', async () => {
    const { send, lastId, keys, world } = await startExample('attachments');

    await send({ envelope: ENVELOPE, raw: readFileSync(join(EXAMPLES, 'attachments/mail.eml')) });
    const found = (await keys()).filter((key) => key.startsWith(`attachments/${lastId()}/`));
    await send({ ...ENVELOPE, subject: 'Hello', text: 'Nothing here' });

    expect(found.map((key) => key.split('/').at(-1))).toEqual(['01-Café_menu.txt', '02-notes.csv']);
    expect((await world.log()).at(-1)).toMatchObject({ msg: 'nothing is attached' });
  });

  test('gives S3 keys and headers that it takes, whatever a stranger writes', () => {
    const words = string({
      unit: constantFrom('a', 'é', '\r\n', '/', '..', "'", '\u{1F600}', '\uD800', '\0'),
      maxLength: 300,
    });
    const attachment = record({ filename: words, contentType: words, contentId: words, content: uint8Array() });

    assert(
      property(attachment, (given) => {
        const { Key, Metadata = {}, ContentType, ContentDisposition } = attachmentObject('id', 0, given);

        expect(Key).toMatch(/^attachments\/id\/01-[^/\p{C}]*$/u);
        expect(Buffer.byteLength(Key)).toBeLessThanOrEqual(1024);
        for (const header of [ContentType, ContentDisposition, ...Object.values(Metadata)])
          expect(header).toMatch(/^[ -~]*$/);
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
        expect(Object.entries(Metadata).flat().join('').length).toBeLessThanOrEqual(2048);
      }),
    );
  });
});
