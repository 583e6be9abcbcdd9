import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { typeCheck } from '../support/type-check.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/lambda-helper.md'), 'utf8');
const SNIPPETS = [...PAGE.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

const FROM_THE_SOURCES = {
  module: 'nodenext',
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  paths: { 'ses-lambda-pipeline/lambda': [join(ROOT, 'src/lambda/index.ts')] },
};

test('every snippet of docs/lambda-helper.md compiles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'helper-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const files = SNIPPETS.map((_code, index) => `snippet-${index}.mts`);
  for (const [index, code] of SNIPPETS.entries()) writeFileSync(join(folder, `snippet-${index}.mts`), code);

  expect(files.length).toBeGreaterThan(4);
  expect(typeCheck(folder, files, FROM_THE_SOURCES)).toBe('');
});
