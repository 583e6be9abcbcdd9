import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { checkedZip } from '../../src/code/checked-zip.ts';
import { packCode } from '../../src/code/pack-code.ts';
import { faultOf } from '../../src/core/fault.ts';
import { bytes4, rawZip, type RawEntry } from './raw-zip.ts';
import { refusal } from './refusal.ts';

const TEXT = 'export const handler = () => {};';
const file = strToU8(TEXT);
const entry = (over: Partial<RawEntry> = {}): RawEntry => ({ name: 'index.mjs', text: TEXT, ...over });
const one = (over: Partial<RawEntry>) => rawZip([entry(over)]);
const named = (...names: readonly string[]) => rawZip(names.map((name) => entry({ name })));

/** A data descriptor: what the local header leaves open stands behind the data. */
const descriptor = Buffer.concat([bytes4(0x08074b50), bytes4(crc32(file)), bytes4(file.length), bytes4(file.length)]);
const open = { crc: 0, stored: 0, unzipped: 0 };

const SYMLINK = 0o120_777;
const quine = rawZip([entry(), entry({ name: 'b.mjs', central: { at: 0, name: 'index.mjs' } })]);

describe('checkedZip', () => {
  test('takes a zip byte for byte and lists its files without folders', () => {
    const bytes = zipSync({ 'index.mjs': file, lib: { 'a.mjs': file }, 'empty/': new Uint8Array() });

    const { code, fileNames } = checkedZip(bytes);

    expect(code.bytes).toBe(bytes);
    expect([...fileNames].sort()).toEqual(['index.mjs', 'lib/a.mjs']);
  });

  test.each<[string, Uint8Array, readonly string[]]>([
    ['stored', one({}), ['index.mjs']],
    ['deflated', one({ deflate: true }), ['index.mjs']],
    ['with sizes behind the data', one({ both: { flags: 8 }, local: open, behind: descriptor }), ['index.mjs']],
    [
      'with an empty file',
      rawZip([entry(), { name: 'empty' }, { name: 'deflated', deflate: true }]),
      ['index.mjs', 'empty', 'deflated'],
    ],
    ['with a comment', rawZip([entry()], { end: { comment: 'made by hand' } }), ['index.mjs']],
    ['made on Windows', one({ both: { madeBy: 0, mode: 0 } }), ['index.mjs']],
    ['with a name outside ASCII', named('ü.mjs'), ['ü.mjs']],
    ['with names that differ in case only', named('README.md', 'readme.md'), ['README.md', 'readme.md']],
    ['that we packed', packCode(new Map([['bootstrap', file]]), { runtime: 'provided.al2023' }).bytes, ['bootstrap']],
  ])('takes a zip %s', (_name, bytes, names) => {
    expect(checkedZip(bytes).fileNames).toEqual(names);
  });

  test.each<[string, Uint8Array, string]>([
    ['text', strToU8('this is no zip'), 'not a zip'],
    ['an empty file', new Uint8Array(), 'not a zip'],
    ['a zip that was cut off', zipSync({ 'index.mjs': file }).subarray(0, 60), 'not a zip'],
    ['the end of a zip alone', rawZip([]).subarray(-22), 'holds no file'],
    ['half of the end of a zip', one({}).subarray(0, -10), 'not a zip'],
    ['a zip without files', zipSync({}), 'holds no file'],
    ['a zip of folders only', zipSync({ 'lib/': new Uint8Array() }), 'holds no file'],
    ['something behind the end', rawZip([entry()], { behind: 'garbage' }), 'something behind its end'],
    ['something in front', Buffer.concat([Buffer.from('#!/bin/sh\n'), one({})]), 'is not where it says'],
    ['something before the end', rawZip([entry()], { beforeEnd: 'garbage' }), 'is not where it says'],
    ['a table of contents elsewhere', rawZip([entry()], { end: { start: 4 } }), 'is not where it says'],
    ['a table of contents that is too long', rawZip([entry()], { end: { size: 0x7fff_ffff } }), 'is not where it says'],
    [
      'more entries than it counts',
      rawZip([entry(), entry({ name: 'b' })], { end: { count: 1 } }),
      'more in its table',
    ],
    ['fewer entries than it counts', rawZip([entry()], { end: { count: 2 } }), 'not a zip'],
    ['one part of several', rawZip([entry()], { end: { disk: 1 } }), 'one part of several'],
    ['zip64 at the end', rawZip([entry()], { end: { count: 0xffff } }), 'zip64'],
    ['a zip64 size', one({ central: { unzipped: 0xffff_ffff } }), 'zip64'],
    ['a zip64 place', one({ central: { at: 0xffff_ffff } }), 'zip64'],
    ['an entry without data', one({ central: { at: 0x7fff_ffff } }), 'no data for "index.mjs"'],
    ['an entry that begins nowhere', one({ local: { signature: 0 } }), 'no data for "index.mjs"'],
    ['an entry that runs into the table', one({ both: { stored: 4096 } }), 'less data for "index.mjs"'],
    ['entries that lie over each other', quine, 'lie over each other'],
    [
      'an entry inside another',
      rawZip([entry({ data: one({}), text: '' }), entry({ name: 'b', central: { at: 0 } })]),
      'otherwise in another place',
    ],
    ['two names for one entry', one({ local: { name: 'other.mjs' } }), 'otherwise in another place'],
    ['two sizes for one entry', one({ local: { unzipped: 1 } }), 'two things about "index.mjs"'],
    ['two methods for one entry', one({ local: { method: 8 } }), 'two things about "index.mjs"'],
    ['a size that is too small', one({ deflate: true, both: { unzipped: 1 } }), 'not what its table of contents says'],
    [
      'a size that is too large',
      one({ deflate: true, both: { unzipped: 4096 } }),
      'not what its table of contents says',
    ],
    [
      'a bomb that says it is small',
      one({ deflate: true, text: '\0'.repeat(30 * 1024 * 1024), both: { unzipped: 10 } }),
      'not what its table of contents says',
    ],
    ['a wrong checksum', one({ both: { crc: 1 } }), 'not what its table of contents says'],
    ['deflated nonsense', one({ deflate: true, data: Buffer.from('nonsense') }), 'not what its table of contents says'],
    ['an encrypted entry', one({ both: { flags: 1 } }), 'is encrypted'],
    ['a method that Lambda does not know', one({ both: { method: 14 } }), 'packed by method 14'],
    ['a symbolic link', one({ text: '/etc/passwd', both: { mode: SYMLINK } }), 'a link or a device'],
    [
      'a folder that is a symbolic link',
      rawZip([entry(), { name: 'lib/', both: { mode: SYMLINK } }]),
      'a link or a device',
    ],
    ['a device', one({ both: { mode: 0o020_644 } }), 'a link or a device'],
    ['an entry that leaves the folder', named('../index.mjs'), '".."'],
    ['a folder that leaves the folder', named('index.mjs', '../x/'), '".."'],
    ['an absolute entry', named('/etc/passwd'), 'absolute'],
    ['a drive', named('C:/index.mjs'), 'absolute'],
    ['a backslash', named('..\\index.mjs'), 'backslash'],
    ['a NUL', named('index.mjs\0.txt'), 'NUL'],
    ['an empty name', named(''), 'is empty'],
    ['an entry that is there twice', named('a.mjs', 'a.mjs'), 'twice'],
    ['a file that is also a folder', named('lib', 'lib/a.mjs'), 'is a file and the folder'],
    ['a zip over 50 MB', Buffer.alloc(50 * 1024 * 1024 + 1), 'at most 50'],
    ['more than 250 MB in it', rawZip([entry({ both: { unzipped: 251 * 1024 * 1024 } })]), 'Lambda allows 250'],
    ['a bomb', zipSync({ 'index.mjs': new Uint8Array(20 * 1024 * 1024) }), '200 times'],
  ])('refuses %s', async (_name, bytes, words) => {
    expect(await refusal(() => checkedZip(bytes))).toContain(words);
  });

  test('takes or refuses whatever a valid zip is turned into, and never breaks down', () => {
    const valid = rawZip([entry(), entry({ name: 'lib/a.mjs', deflate: true }), { name: 'lib/' }]);
    const change = fc.record({ at: fc.nat(valid.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(valid);
        for (const { at, to } of changes) bytes[at] = to;
        expect(outcomeOf(bytes)).toMatch(/^(taken|invalid)$/);
      }),
      { numRuns: 500 },
    );
  });
});

function outcomeOf(bytes: Uint8Array): string {
  try {
    checkedZip(bytes);
    return 'taken';
  } catch (error) {
    return faultOf(error).class;
  }
}
