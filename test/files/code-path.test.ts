import { symlinkSync, truncateSync } from 'node:fs';
import { createServer } from 'node:net';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { readCodePath } from '../../src/files/code-path.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { refusal } from '../code/refusal.ts';

const folder = temporaryFolder();

async function namesOf(path: string): Promise<string[]> {
  const read = await readCodePath(folder.path(), path);
  return read.kind === 'files' ? [...read.files.keys()] : [...read.zip.fileNames];
}

describe('readCodePath', () => {
  test('takes all files below a folder, node_modules too, without what is never part of a function', async () => {
    folder.write('code/index.mjs', '');
    folder.write('code/.config', '');
    folder.write('code/lib/b.mjs', '');
    folder.write('code/node_modules/a/index.js', '');
    folder.write('code/node_modules/.bin/a', '');
    folder.write('code/.git/HEAD', '');
    folder.write('code/.DS_Store', '');
    folder.write('code/lib/.DS_Store', '');
    folder.write('code/lib/__pycache__/index.cpython-313.pyc', '');

    expect(await namesOf('code')).toEqual(['.config', 'index.mjs', 'lib/b.mjs', 'node_modules/a/index.js']);
  });

  test('passes over the links of node_modules/.bin', async () => {
    folder.write('code/index.mjs', '');
    folder.write('code/node_modules/.bin/other', '');
    symlinkSync('../a/cli.js', folder.path('code/node_modules/.bin/a'));

    expect(await namesOf('code')).toEqual(['index.mjs']);
  });

  test('takes one file under its base name', async () => {
    folder.write('code/handlers/index.mjs', 'x');

    expect(await readCodePath(folder.path('code'), 'handlers/index.mjs')).toEqual({
      kind: 'files',
      files: new Map([['index.mjs', Buffer.from('x')]]),
    });
  });

  test('takes a zip as it is', async () => {
    const bytes = Buffer.from(zipSync({ 'index.mjs': strToU8('x') }));
    folder.write('build.ZIP', bytes);

    expect(await readCodePath(folder.path(), 'build.ZIP')).toMatchObject({
      kind: 'zip',
      zip: { code: { kind: 'zip', bytes }, fileNames: ['index.mjs'] },
    });
  });

  test('takes an absolute path', async () => {
    expect(await namesOf(folder.write('index.mjs', ''))).toEqual(['index.mjs']);
  });

  test.each([
    ['a path that does not exist', 'missing', 'missing does not exist.'],
    ['a link to a file', 'link.mjs', 'link.mjs is a symbolic link'],
    ['a link to a folder', 'link', 'link is a symbolic link'],
    ['a folder that holds a link', 'holder', 'holder/secret is a symbolic link'],
    ['a zip that is none', 'fake.zip', 'not a zip'],
    ['a file over 250 MB', 'huge.bin', '251 MB unzipped'],
    ['a folder over 250 MB', 'large', '300 MB unzipped'],
    ['a zip over 50 MB', 'huge.zip', 'takes 51 MB'],
  ])('refuses %s', async (_name, path, words) => {
    folder.write('real/index.mjs', '');
    symlinkSync('real/index.mjs', folder.path('link.mjs'));
    symlinkSync('real', folder.path('link'));
    folder.write('holder/index.mjs', '');
    symlinkSync('/etc/passwd', folder.path('holder/secret'));
    folder.write('fake.zip', 'no zip');
    const megabytes = (name: string, count: number): void => truncateSync(folder.write(name, ''), count * 1024 * 1024);
    megabytes('huge.bin', 251);
    megabytes('huge.zip', 51);
    megabytes('large/a', 150);
    megabytes('large/b', 150);

    expect(await refusal(() => readCodePath(folder.path(), path))).toContain(words);
  });

  test('finds nothing in a folder that holds no code', async () => {
    folder.write('empty/.DS_Store', '');

    expect(await namesOf('empty')).toEqual([]);
  });

  test('refuses a socket', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(folder.path('socket'), resolve));
    try {
      expect(await refusal(() => readCodePath(folder.path(), 'socket'))).toContain('neither a file nor a folder');
    } finally {
      server.close();
    }
  });
});
