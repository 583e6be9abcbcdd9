import { strToU8, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { createSyntaxCheck } from '../../src/sandbox/code-syntax.ts';
import { createPythonFinder } from '../../src/sandbox/lambda-python.ts';

const NODE = 'nodejs24.x';
const check = (files: Readonly<Record<string, string>>, runtime = NODE, syntax = createSyntaxCheck()) =>
  syntax.problemOf({
    zip: zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))),
    sha256: JSON.stringify(files),
    runtime,
  });
const hasPython = (await createPythonFinder()('python3')) !== undefined;

describe('the syntax of code', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['a module', { 'index.mjs': `import fs from 'node:fs'; export const handler = async () => await fs` }],
    ['a module whose import is not there', { 'index.mjs': `import 'nope'` }],
    ['a module by what it says', { 'index.js': `export const handler = () => import.meta.url` }],
    ['CommonJS', { 'index.js': `#!/usr/bin/env node\nif (require) return; exports.handler = () => {}` }],
    ['what nobody runs', { 'index.mjs': '', 'notes.txt': '(((', 'node_modules/x/index.js': '(((' }],
    ['no code at all', { 'notes.txt': '' }],
  ])('is fine for %s', async (_what, files) => {
    expect(await check(files)).toBeUndefined();
  });

  test.each<[string, Readonly<Record<string, string>>, string, string]>([
    [
      'a module',
      { 'index.mjs': `\nconsole.log('x';` },
      NODE,
      'index.mjs:2: SyntaxError: missing ) after argument list',
    ],
    [
      'CommonJS',
      { 'lib/a.cjs': `const a = 1;\nconst a = 2;` },
      NODE,
      `lib/a.cjs:2: SyntaxError: Identifier 'a' has already been declared`,
    ],
    [
      'a file beside the handler',
      { 'index.mjs': '', 'b.mjs': 'export {' },
      NODE,
      'b.mjs:1: SyntaxError: Unexpected end of input',
    ],
  ])('is told of %s, with file and line', async (_what, files, runtime, expected) => {
    expect(await check(files, runtime)).toBe(expected);
  });

  test.skipIf(!hasPython)('is told of Python', async () => {
    expect(await check({ 'a.py': 'def handler(:' }, 'python3.13')).toMatch(/^a\.py:1: SyntaxError: /);
    expect(await check({ 'a.py': 'import nope' }, 'python3.13')).toBeUndefined();
  });

  test("is nobody's business where nobody can be asked", async () => {
    const syntax = createSyntaxCheck(() => Promise.resolve(undefined));
    expect(await check({ 'a.py': '(((' }, 'python3.13', syntax)).toBeUndefined();
    expect(await check({ bootstrap: '(((' }, 'provided.al2023')).toBeUndefined();
  });
});
