import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { helperLibraryFiles, wantsHelperLibrary } from '../../src/code/helper-library.ts';
import * as library from '../../src/lambda/index.ts';
import { buildHelperLibrary } from '../../tools/build-helper-library.ts';

const files = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([name, text]) => [name, Buffer.from(text)]));

test('the generated library is current; otherwise run node tools/build-helper-library.ts', () => {
  const committed = readFileSync(new URL('../../src/code/helper-library.generated.ts', import.meta.url), 'utf8');

  expect(committed).toBe(buildHelperLibrary());
});

describe('the packed library', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'helper-library-'));
    for (const [name, bytes] of helperLibraryFiles()) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const env = {
    PATH: process.env['PATH'] ?? '',
    SES_LAMBDA_PIPELINE_DISCOVERY: Buffer.from('{"handlerFunc":"index.handler"}').toString('base64'),
  };
  const print = `console.log(JSON.stringify([Object.keys(library).sort(), library.discover()]))`;

  // Lambda switches the loading of ES modules by require() off, so CommonJS needs a file of its own.
  test.each([
    ['import', 'index.mjs', `import * as library from 'ses-lambda-pipeline/lambda'; ${print}`],
    ['require', 'index.cjs', `const library = require('ses-lambda-pipeline/lambda'); ${print}`],
  ])('works by %s, and has every function of the source', (_how, name, code) => {
    writeFileSync(join(folder, name), code);

    const output = execFileSync(process.execPath, ['--no-experimental-require-module', join(folder, name)], {
      env,
      encoding: 'utf8',
    });

    expect(JSON.parse(output)).toEqual([Object.keys(library).sort(), { handlerFunc: 'index.handler' }]);
  });
});

describe('wantsHelperLibrary', () => {
  const importing = "import { log } from 'ses-lambda-pipeline/lambda';";
  test.each([
    ['a module that imports it', { 'index.mjs': importing }, 'nodejs24.x', true],
    [
      'a file below a folder that requires it',
      { 'lib/a.cjs': "require('ses-lambda-pipeline/lambda')" },
      'nodejs22.x',
      true,
    ],
    ['code that does not name it', { 'index.mjs': "import 'ses-lambda-pipeline';" }, 'nodejs24.x', false],
    ['a text that names it', { 'README.md': importing, 'index.mjs': '' }, 'nodejs24.x', false],
    ['another runtime', { 'index.js': importing }, 'python3.14', false],
    [
      'code that brings its own copy',
      { 'index.mjs': importing, 'node_modules/ses-lambda-pipeline/package.json': '{}' },
      'nodejs24.x',
      false,
    ],
  ])('decides for %s', (_name, entries, runtime, wanted) => {
    expect(wantsHelperLibrary(files(entries as Record<string, string>), runtime)).toBe(wanted);
  });
});
