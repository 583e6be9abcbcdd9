import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { unzipSync } from 'fflate';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packCode } from '../../src/code/pack-code.ts';
import { refusal } from './refusal.ts';

const runtime = 'nodejs24.x';
const files = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([name, text]) => [name, Buffer.from(text)]));

/** The central directory: what an unzipper believes. */
function directoryOf(zip: Uint8Array): { name: string; mode: string; time: string }[] {
  const bytes = Buffer.from(zip);
  const entries = [];
  for (let at = bytes.indexOf('PK\u0001\u0002'); at !== -1; at = bytes.indexOf('PK\u0001\u0002', at + 4)) {
    const date = bytes.readUInt16LE(at + 14);
    entries.push({
      name: bytes.toString('utf8', at + 46, at + 46 + bytes.readUInt16LE(at + 28)),
      mode: (bytes.readUInt32LE(at + 38) >>> 16).toString(8),
      time: `${(date >> 9) + 1980}-${(date >> 5) & 15}-${date & 31} ${bytes.readUInt16LE(at + 12) >> 11}h`,
    });
  }
  return entries;
}

// Changing this hash makes Lambda see new code for every function that exists.
const GOLDEN = 'lB+WBaRUMMK9kfOqRDnLXem0+52M9MIaumg8AdAmzsg=';
const SAMPLE = {
  'lib/ü.mjs': 'export const a = 1;\n',
  'index.mjs': "import './lib/ü.mjs';\n".repeat(50),
  bootstrap: '#!',
};

/** The same bytes everywhere, which hardly get smaller. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = (state * 16_807) % 2_147_483_647) >>> 8);
}

describe('packCode', () => {
  test('gives back the files, under the hash that Lambda will report', () => {
    const packed = packCode(files(SAMPLE), { runtime });

    const unzipped = Object.entries(unzipSync(packed.bytes)).map(([name, bytes]) => [
      name,
      Buffer.from(bytes).toString(),
    ]);
    expect(Object.fromEntries(unzipped)).toEqual(SAMPLE);
    expect(packed.sha256).toBe(createHash('sha256').update(packed.bytes).digest('base64'));
  });

  test('sorts entries and gives all of them one time and fixed modes', () => {
    expect(directoryOf(packCode(files(SAMPLE), { runtime }).bytes)).toEqual([
      { name: 'bootstrap', mode: '100755', time: '1980-1-1 12h' },
      { name: 'index.mjs', mode: '100644', time: '1980-1-1 12h' },
      { name: 'lib/ü.mjs', mode: '100644', time: '1980-1-1 12h' },
    ]);
  });

  test.each([
    ['Pacific/Kiritimati', '000'],
    ['America/St_Johns', '077'],
    ['UTC', '022'],
  ])('gives the golden bytes in the time zone %s under the umask %s', (TZ, umask) => {
    // From a folder that this very process writes, since modes and times of files come from there.
    const script = `
      import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
      import { tmpdir } from 'node:os';
      import { dirname, join } from 'node:path';
      import { packCode } from './src/code/pack-code.ts';
      import { readCodePath } from './src/files/code-path.ts';
      process.umask(0o${umask});
      const folder = mkdtempSync(join(tmpdir(), 'pack-code-'));
      for (const [name, text] of Object.entries(${JSON.stringify(SAMPLE)})) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
      const { files } = await readCodePath('/', folder);
      rmSync(folder, { recursive: true });
      console.log(packCode(files, { runtime: 'nodejs24.x' }).sha256);`;

    const output = execFileSync(process.execPath, ['--input-type=module-typescript', '--eval', script], {
      env: { TZ },
      encoding: 'utf8',
    });

    expect(output.trim()).toBe(GOLDEN);
  });

  test.each([
    ['an empty file', new Uint8Array(), 'j+fe73bhU5oJw4TxGthsFv1+v1AFyuVfoHwvsKGJWM4='],
    ['what repeats', new Uint8Array(100_000).fill(7), 'jjr/nmqiwopp1W8BOT+k/4RDbraAzoWTsQHNoJJ5GRY='],
    ['what does not', noise(100_000), 'rIsfLVoNZf4l+VYph2DDpJfrdgTU6b+dgYpKR/VdUaI='],
  ])('gives %s the bytes that it has always had', (_name, bytes, golden) => {
    expect(packCode(new Map([['file', bytes]]), { runtime }).sha256).toBe(golden);
  });

  test('gives the same bytes whatever the order of the files', () => {
    const entry = fc.tuple(fc.stringMatching(/^[a-z0-9]{1,3}(\/[a-z0-9]{1,2})?$/), fc.uint8Array({ maxLength: 64 }));
    const unrelated = fc.uniqueArray(entry, { selector: ([name]) => name.split('/')[0], minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(unrelated, (entries) => {
        const forwards = packCode(new Map(entries), { runtime });
        const backwards = packCode(new Map(entries.toReversed()), { runtime });

        expect(backwards.sha256).toBe(forwards.sha256);
      }),
      { numRuns: 50 },
    );
  });

  test('adds the helper library when the code imports it', () => {
    const packed = packCode(files({ 'index.mjs': "import 'ses-lambda-pipeline/lambda';" }), { runtime });

    expect(directoryOf(packed.bytes).map(({ name }) => name)).toEqual([
      'index.mjs',
      'node_modules/ses-lambda-pipeline/lambda.cjs',
      'node_modules/ses-lambda-pipeline/lambda.mjs',
      'node_modules/ses-lambda-pipeline/package.json',
    ]);
  });

  test('lets names differ in case only', () => {
    expect(directoryOf(packCode(files({ 'README.md': '', 'readme.md': '' }), { runtime }).bytes)).toHaveLength(2);
  });

  test.each([
    ['an empty name', '', 'is empty'],
    ['a parent', '../index.mjs', '".."'],
    ['a parent further down', 'lib/../../index.mjs', '".."'],
    ['an absolute name', '/index.mjs', 'absolute'],
    ['a drive', 'C:index.mjs', 'absolute'],
    ['a backslash', 'lib\\index.mjs', 'backslash'],
    ['a NUL', 'index.mjs\0', 'NUL'],
    ['a current folder', './index.mjs', 'must be a name'],
    ['two slashes', 'lib//index.mjs', 'must be a name'],
    ['a folder', 'lib/', 'must be a name'],
    ['a prototype', '__proto__', '__proto__'],
    ['a name that is too long', 'x'.repeat(1025), '1024'],
  ])('refuses %s', async (_name, name, words) => {
    expect(await refusal(() => packCode(new Map([[name, Buffer.from('')]]), { runtime }))).toContain(words);
  });

  test('refuses a file that is also a folder', async () => {
    expect(await refusal(() => packCode(files({ lib: '', 'lib/a.mjs': '' }), { runtime }))).toContain(
      'is a file and the folder',
    );
  });

  test('refuses code without files', async () => {
    expect(await refusal(() => packCode(new Map(), { runtime }))).toContain('holds no file');
  });

  test('refuses more than 250 MB before it packs them', async () => {
    const block = new Uint8Array(64 * 1024 * 1024);
    const large = new Map(['a', 'b', 'c', 'd'].map((name) => [name, block]));

    expect(await refusal(() => packCode(large, { runtime }))).toBe(
      'The code takes 256 MB unzipped and Lambda allows 250; leave out what is not needed.',
    );
  });
});
