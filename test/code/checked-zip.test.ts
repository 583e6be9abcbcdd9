import { strToU8, type Zippable, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { checkedZip } from '../../src/code/checked-zip.ts';
import { refusal } from './refusal.ts';

const file = strToU8('export const handler = () => {};');

/** A zip whose entry `from` is called `to`: names that fflate would not write. */
function renamed(from: string, to: string, entries: Zippable): Uint8Array {
  return Buffer.from(Buffer.from(zipSync(entries)).toString('latin1').replaceAll(from, to), 'latin1');
}

describe('checkedZip', () => {
  test('takes a zip byte for byte and lists its files without folders', () => {
    const bytes = zipSync({ 'index.mjs': file, lib: { 'a.mjs': file }, 'empty/': new Uint8Array() });

    const { code, fileNames } = checkedZip(bytes);

    expect(code.bytes).toBe(bytes);
    expect([...fileNames].sort()).toEqual(['index.mjs', 'lib/a.mjs']);
  });

  test.each([
    ['text', strToU8('this is no zip'), 'not a zip'],
    ['an empty file', new Uint8Array(), 'not a zip'],
    ['a zip that was cut off', zipSync({ 'index.mjs': file }).subarray(0, 60), 'not a zip'],
    ['a zip without files', zipSync({}), 'holds no file'],
    ['a zip of folders only', zipSync({ 'lib/': new Uint8Array() }), 'holds no file'],
    ['an entry that leaves the folder', zipSync({ '../index.mjs': file }), '".."'],
    ['a folder that leaves the folder', zipSync({ 'index.mjs': file, '../x/': new Uint8Array() }), '".."'],
    ['an absolute entry', zipSync({ '/etc/passwd': file }), 'absolute'],
    ['an entry that is there twice', renamed('b.mjs', 'a.mjs', { 'a.mjs': file, 'b.mjs': file }), 'twice'],
    ['a zip over 50 MB', Buffer.alloc(50 * 1024 * 1024 + 1), 'at most 50'],
    ['a bomb', zipSync({ 'index.mjs': new Uint8Array(20 * 1024 * 1024) }), '200 times'],
  ])('refuses %s', async (_name, bytes, words) => {
    expect(await refusal(() => checkedZip(bytes))).toContain(words);
  });
});
