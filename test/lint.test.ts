import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

/** What keeps the layers apart is a linter's configuration: here it is shown that it would speak up. */
const ROOT = join(import.meta.dirname, '..');

type Planted = { readonly file: string; readonly code: string; readonly rule: string };

const imports = (file: string, code: string): Planted => ({ file, code, rule: 'eslint(no-restricted-imports)' });
const bringIn = (from: string): string => `import { x } from '${from}';\nexport const y = x;\n`;

const FORBIDDEN: readonly Planted[] = [
  imports('src/core/aws.ts', bringIn('../aws/x.ts')),
  imports('src/core/aws-type.ts', "import type { x } from '../aws/x.ts';\nexport type Y = typeof x;\n"),
  imports('src/core/aws-again.ts', "export { x } from '../aws/x.ts';\n"),
  imports('src/core/aws-all.ts', "export * from '../aws/x.ts';\n"),
  imports('src/core/aws-late.ts', "export const y = () => import('../aws/x.ts');\n"),
  imports('src/core/file-system.ts', "import { readFileSync } from 'node:fs';\nexport const y = readFileSync;\n"),
  imports('src/core/sdk.ts', "import { S3Client } from '@aws-sdk/client-s3';\nexport const y = S3Client;\n"),
  { file: 'src/core/time.ts', code: 'export const y = () => Date.now();\n', rule: 'eslint(no-restricted-globals)' },
  { file: 'src/core/timer.ts', code: 'export const y = setTimeout;\n', rule: 'eslint(no-restricted-globals)' },
  { file: 'src/core/environment.ts', code: 'export const y = process;\n', rule: 'eslint(no-restricted-globals)' },
  {
    file: 'src/core/chance.ts',
    code: 'export const y = () => Math.random();\n',
    rule: 'eslint(no-restricted-properties)',
  },
  imports('src/aws/kubernetes.ts', bringIn('../kubernetes/x.ts')),
  imports('src/aws/files.ts', bringIn('../files/x.ts')),
  imports('src/aws/cli.ts', bringIn('../cli/x.ts')),
  imports('src/files/aws.ts', bringIn('../aws/x.ts')),
  imports('src/diagnosis/kubernetes.ts', bringIn('../kubernetes/x.ts')),
  imports('src/diagnosis/controller.ts', bringIn('../controller/x.ts')),
  imports('src/cli/kubernetes.ts', bringIn('../kubernetes/x.ts')),
  imports('src/lambda/core.ts', bringIn('../core/x.ts')),
  imports('src/sandbox/core.ts', bringIn('../core/x.ts')),
  imports('src/sandbox/aws.ts', bringIn('../aws/x.ts')),
  imports('src/sandbox/policy/core.ts', bringIn('../../core/x.ts')),
];

const ALLOWED: Readonly<Record<string, string>> = {
  'src/core/x.ts': "import { createHash } from 'node:crypto';\nexport const x = createHash;\n",
  'src/core/sibling.ts': bringIn('./x.ts'),
  'src/aws/x.ts': bringIn('../core/x.ts').replace('const y', 'const x2').concat("export const x = 'aws';\n"),
  'src/files/x.ts': "export const x = 'files';\n",
  'src/diagnosis/x.ts': bringIn('../core/x.ts')
    .replace('const y', 'const x2')
    .concat("export const x = 'diagnosis';\n"),
  'src/cli/diagnosis.ts': bringIn('../diagnosis/x.ts'),
  'src/kubernetes/x.ts': "export const x = 'kubernetes';\n",
  'src/cli/x.ts': "export const x = 'cli';\n",
  'src/sandbox/x.ts': "import { match } from './policy/match.ts';\nexport const x = match;\n",
  'src/sandbox/policy/match.ts': "export const match = 'policy';\n",
  'src/lambda/x.ts': "import { readFileSync } from 'node:fs';\nexport const x = readFileSync;\n",
};

let folder = '';
const found = new Map<string, readonly string[]>();

beforeAll(async () => {
  folder = project();
  for (const [file, code] of [
    ...Object.entries(ALLOWED),
    ...FORBIDDEN.map(({ file, code }) => [file, code] as const),
  ]) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
  for (const { filename, code } of await diagnostics(folder))
    found.set(filename, [...(found.get(filename) ?? []), code]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder with the project's own rules; those that need types are left out, which makes it fast. */
function project(): string {
  const path = mkdtempSync(join(tmpdir(), 'lint-'));
  const config = JSON.parse(readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8')) as object;
  writeFileSync(join(path, '.oxlintrc.json'), JSON.stringify({ ...config, options: { typeAware: false } }));
  symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'));
  return path;
}

type Diagnostic = { readonly filename: string; readonly code: string };

async function diagnostics(cwd: string): Promise<readonly Diagnostic[]> {
  const run = promisify(execFile)(join(ROOT, 'node_modules/.bin/oxlint'), ['--format', 'json', 'src'], {
    cwd,
    maxBuffer: 2 ** 26,
  });
  // A linter that finds something ends with 1, and says on standard output what.
  const { stdout } = await run.catch((error: { readonly stdout: string }) => error);
  return (JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] }).diagnostics;
}

describe('the linter refuses', () => {
  test.each(FORBIDDEN)('$file', ({ file, rule }) => {
    expect(found.get(file)).toContain(rule);
  });

  test('nothing that the layers allow', () => {
    expect(Object.keys(ALLOWED).filter((file) => found.has(file))).toEqual([]);
  });
});

describe('the sources', () => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );

  test('keep to the layers', async () => {
    const layers = ['no-restricted-imports', 'no-restricted-globals', 'no-restricted-properties', 'no-cycle'];
    const copy = project();
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
    cpSync(join(ROOT, 'src'), join(copy, 'src'), { recursive: true });

    const wrong = (await diagnostics(copy)).filter(({ code }) => layers.some((rule) => code.includes(rule)));

    expect(wrong.map(({ filename, code }) => `${filename}: ${code}`)).toEqual([]);
  });

  test('take no roundabout way that the linter does not see through', () => {
    const roundabout = /(?:from|import)\s*\(?\s*['"](?:\.\/\.|\.{1,2}\/(?:.*\/)?\.\/|[^'"]*[^./'"]\/\.\.\/)/;
    expect("import { x } from './../aws/x.ts'").toMatch(roundabout);
    expect("import('../core/../aws/x.ts')").toMatch(roundabout);

    expect(sources.filter((name) => roundabout.test(readFileSync(join(ROOT, 'src', name), 'utf8')))).toEqual([]);
  });

  test('of the core do not reach for globals through globalThis', () => {
    const core = sources.filter((name) => name.startsWith('core/'));
    expect(core.length).toBeGreaterThan(20);

    expect(core.filter((name) => /\bglobalThis\b/.test(readFileSync(join(ROOT, 'src', name), 'utf8')))).toEqual([]);
  });
});
