import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { describe, expect, onTestFinished, test } from 'vitest';
import { KIND, parseManifest } from '../../src/core/manifest.ts';
import { parseTenancy } from '../../src/core/tenancy.ts';
import { typeCheck } from '../support/type-check.ts';
import { codeBlocksOf, PAGES, placeOf, ROOT, type CodeBlock } from './code-blocks.ts';
import { WALKS } from './walks.ts';

const BLOCKS = PAGES.flatMap(codeBlocksOf);
const SHOWN = new Set(['text', 'python']);
const CHECKED = new Set(['yaml', 'json', 'ts']);

const inLanguage = (...languages: string[]): (readonly [string, CodeBlock])[] =>
  BLOCKS.filter(({ language, mark }) => languages.includes(language) && !mark.startsWith('Not checked: ')).map(
    (block) => [placeOf(block), block],
  );

test('every command is run by a test, or the page says why it is not', () => {
  const commands = BLOCKS.filter(({ language, text }) => /^(sh|console)?$/.test(language) && !isOutput(language, text));
  const left = commands.filter(
    ({ page, language, mark }) =>
      !(language === 'sh' && page in WALKS) && !/^(Not run: \S.*|A test runs these lines.*)$/.test(mark),
  );

  expect(left.map(placeOf)).toEqual([]);
});

test('every other block has a language that is checked', () => {
  const others = BLOCKS.filter(({ language }) => !/^(sh|console)?$/.test(language));
  const left = others.filter(({ language }) => !SHOWN.has(language) && !CHECKED.has(language));

  expect(left.map(placeOf)).toEqual([]);
});

describe('YAML', () => {
  test.each(inLanguage('yaml'))('%s is what the schema takes', (_place, { text }) => {
    const documents = loadAll(text);

    expect(documents.length).toBeGreaterThan(0);
    expect(documents.flatMap(issuesOf)).toEqual([]);
  });
});

describe('JSON', () => {
  test.each(inLanguage('json'))('%s can be read', (_place, { text }) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
  });
});

test('TypeScript compiles as a careful user has it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const files = inLanguage('ts').map(([place, { text }]) => {
    const file = `${place.replaceAll(/\W/g, '-')}.mts`;
    writeFileSync(join(folder, file), text);
    return file;
  });

  expect(files.length).toBeGreaterThan(4);
  expect(typeCheck(folder, files, FROM_THE_SOURCES)).toBe('');
});

const FROM_THE_SOURCES = {
  module: 'nodenext',
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  paths: { 'ses-lambda-pipeline/lambda': [join(ROOT, 'src/lambda/index.ts')] },
};

/** What is printed has no prompt; a block without a language that begins with one is typed. */
const isOutput = (language: string, text: string): boolean => language === '' && !text.startsWith('$ ');

type Fragment = { readonly kind?: string; readonly tenants?: unknown; readonly spec?: object };

/** What is wrong with a document. A part of a manifest is put into a whole one first. */
function issuesOf(document: unknown): readonly string[] {
  const fragment = document as Fragment;
  if ('tenants' in fragment) {
    const parsed = parseTenancy(document);
    return parsed.ok ? [] : parsed.issues.map(({ message }) => message);
  }
  if (fragment.kind !== undefined && fragment.kind !== KIND) return [];
  if (fragment.kind === undefined && fragment.spec === undefined && !('metadata' in fragment)) return [];
  const parsed = parseManifest(fragment.kind === undefined ? completed(fragment) : document);
  return parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const completed = ({ spec, ...rest }: Fragment): object => ({
  apiVersion: 'ses-lambda-pipeline.dev/v1alpha1',
  kind: KIND,
  metadata: { name: 'support' },
  ...rest,
  spec: {
    region: 'us-west-2',
    messageBodyStorage: { logicalName: 'Inbox' },
    function: { handler: 'index.handler', code: { inline: 'export const handler = () => {};' } },
    receiptRules: [],
    ...spec,
  },
});
