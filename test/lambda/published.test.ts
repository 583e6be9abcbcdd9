import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as library from '../../src/lambda/index.ts';
import { typeCheck } from '../support/type-check.ts';

/** The package as a stranger has it: packed, unpacked into `node_modules`, with nothing of the checkout around it. */
const ROOT = join(import.meta.dirname, '../..');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'published-'));
  const npm = (...args: string[]): string =>
    execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  npm('pack', '--pack-destination', folder);
  const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, string>;
  mkdirSync(join(folder, 'node_modules/ses-lambda-pipeline'), { recursive: true });
  mkdirSync(join(folder, 'node_modules/@types'));
  const tarball = join(folder, `${name}-${version}.tgz`);
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(folder, 'node_modules', name ?? '')]);
  for (const dependency of ['@aws-sdk', '@types/node', 'undici-types', 'postal-mime'])
    symlinkSync(join(ROOT, 'node_modules', dependency), join(folder, 'node_modules', dependency));
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

// Lambda switches the loading of ES modules by require() off.
const run = (file: string): unknown =>
  JSON.parse(
    execFileSync(process.execPath, ['--no-experimental-require-module', file], {
      cwd: folder,
      encoding: 'utf8',
      env: {},
      stdio: 'pipe', // what it says on standard error belongs to the failure, not to the test's output
    }),
  );

const BODY = `
const gate = sesHandler({
  invocationType: 'RequestResponse',
  onMessage: async (message) => {
    const { subject, attachments } = await message.parse();
    console.log(JSON.stringify({ subject, attachments: attachments.length, messageId: message.messageId }));
    return message.receipt.spamVerdict.status === 'FAIL' ? 'STOP_RULE_SET' : 'CONTINUE';
  },
});
void gate(testEvent('Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\\r\\n\\r\\nHi', {
  messageId: 'm',
  action: { invocationType: 'RequestResponse' },
}));
`;
const IMPORT = `import { sesHandler, testEvent } from 'ses-lambda-pipeline/lambda';`;
const REQUIRE = `const { sesHandler, testEvent } = require('ses-lambda-pipeline/lambda');`;
const PRINTED = { subject: 'Grüße', attachments: 0, messageId: 'm' };

describe('at run time', () => {
  test.each([
    ['import', 'a.mjs', IMPORT + BODY],
    ['require', 'a.cjs', REQUIRE + BODY],
  ])('works by %s', (_how, name, code) => {
    expect(run(write(name, code))).toEqual(PRINTED);
  });

  test.each([
    ['import', 'names.mjs', `import * as library from 'ses-lambda-pipeline/lambda';`],
    ['require', 'names.cjs', `const library = require('ses-lambda-pipeline/lambda');`],
  ])('gives every function by %s', (_how, name, code) => {
    const file = write(name, `${code} console.log(JSON.stringify(Object.keys(library).sort()))`);

    expect(run(file)).toEqual(Object.keys(library).sort());
  });

  test.each(['esm', 'cjs'] as const)('works in a bundle of esbuild: %s', async (format) => {
    const outfile = join(folder, format === 'esm' ? 'bundle.mjs' : 'bundle.cjs');
    const entry = write('bundled.mjs', IMPORT + BODY);

    const { warnings } = await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format,
      external: ['@aws-sdk/*'],
      logLevel: 'silent',
    });

    expect(warnings).toEqual([]);
    expect(readFileSync(outfile, 'utf8')).toContain('postal'); // brought along, not left outside
    expect(run(outfile)).toEqual(PRINTED);
  });

  test('is bundled without postal-mime too, and says what is missing when it is needed', async () => {
    const outfile = join(folder, 'alone/bundle.mjs');
    const lonely = write('alone/index.mjs', IMPORT + BODY.replace('void gate(', 'await gate('));
    rmSync(join(folder, 'node_modules/postal-mime'));
    try {
      await build({
        entryPoints: [lonely],
        outfile,
        bundle: true,
        platform: 'node',
        format: 'esm',
        external: ['@aws-sdk/*'],
        logLevel: 'silent',
      });

      expect(() => run(outfile)).toThrow('needs the package postal-mime in the code of the function');
    } finally {
      symlinkSync(join(ROOT, 'node_modules/postal-mime'), join(folder, 'node_modules/postal-mime'));
    }
  });
});

describe('for TypeScript', () => {
  const TYPED = `
import type { Discovery, SesContext, SesMessage } from 'ses-lambda-pipeline/lambda';
export const handler = sesHandler({
  onMessage: async (message: SesMessage, { discovery, log, signal }: SesContext) => {
    const known: Discovery = discovery;
    const stream = await message.body({ maxBytes: 1024 });
    for await (const chunk of stream) log.debug('chunk', { chunk, known, aborted: signal.aborted });
    const { attachments } = await message.parse();
    const bytes: Uint8Array | undefined = attachments[0]?.content;
    log.child({ bytes: bytes?.byteLength }).info('done');
  },
});
export const answered: Promise<void> = handler(testEvent('Subject: x\\n\\nHi'));
// @ts-expect-error: SES knows no such word
sesHandler({ invocationType: 'RequestResponse', onMessage: async () => 'STOP' });
`;
  test.each([
    ['nodenext, an ES module', 'module.mts', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['nodenext, a CommonJS module', 'common.cts', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['node20, a CommonJS module', 'common.cts', { module: 'node20' }],
    ['bundler', 'bundled.ts', { module: 'esnext', moduleResolution: 'bundler' }],
  ])('has types under %s', (_name, file, options) => {
    write(file, IMPORT + TYPED);

    expect(typeCheck(folder, [file], options)).toBe('');
  });
});
