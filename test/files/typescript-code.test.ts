import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readTypeScript } from '../../src/files/typescript-code.ts';
import { testEvent } from '../../src/lambda/index.ts';
import { refusal } from '../code/refusal.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
const OURS = join(import.meta.dirname, '../../node_modules');
const NODE = { handler: 'index.handler', runtime: 'nodejs24.x' };

/** A user's project with some packages installed. */
function install(...packages: readonly string[]): void {
  mkdirSync(folder.path('node_modules'), { recursive: true });
  for (const name of packages) symlinkSync(join(OURS, name), folder.path(`node_modules/${name}`));
}

const bundleOf = async (path: string, options = NODE) => {
  const files = await readTypeScript(folder.path(), path, options);
  return files === undefined
    ? undefined
    : Object.fromEntries([...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]));
};

type Handler = (event: unknown) => Promise<unknown>;
async function load(bundle: Readonly<Record<string, string>> | undefined): Promise<{ readonly handler: Handler }> {
  const [[name, text] = []] = Object.entries(bundle ?? {});
  if (name === undefined || text === undefined) throw new Error('there is no bundle');
  return (await import(pathToFileURL(folder.write(`out/${name}`, text)).href)) as { readonly handler: Handler };
}

const SOURCE = `import { greet } from './greet.ts';
type Event = { readonly name: string };
export const handler = async (event: Event): Promise<string> => greet(event.name);
`;
const GREET = 'export const greet = (name: string): string => `Hello ${name}`;\n';

describe('a handler in TypeScript', () => {
  test('becomes one module that runs', async () => {
    install('esbuild');
    folder.write('code/index.ts', SOURCE);
    folder.write('code/greet.ts', GREET);
    folder.write('code/left-out.ts', 'export {};');

    const bundle = await bundleOf('code');

    expect(Object.keys(bundle ?? {})).toEqual(['index.mjs']);
    expect(await (await load(bundle)).handler({ name: 'Jane' })).toBe('Hello Jane');
  });

  test.each([
    ['a file', 'code/index.ts', 'index.handler', 'index.mjs'],
    ['a file below the folder', '.', 'code/index.handler', 'code/index.mjs'],
  ])('is found as %s', async (_name, path, handler, expected) => {
    install('esbuild');
    folder.write('code/index.ts', SOURCE);
    folder.write('code/greet.ts', GREET);

    expect(Object.keys((await bundleOf(path, { ...NODE, handler })) ?? {})).toEqual([expected]);
  });

  test('gives the same bytes wherever the project lies', async () => {
    install('esbuild');
    folder.write('here/index.ts', SOURCE);
    folder.write('here/greet.ts', GREET);
    cpSync(folder.path('here'), folder.path('some/where/else'), { recursive: true });

    const bundles = await Promise.all(['here', 'some/where/else', 'here'].map((path) => bundleOf(path)));

    const hashes = bundles.map((bundle) => createHash('sha256').update(JSON.stringify(bundle)).digest('hex'));
    expect(new Set(hashes).size).toBe(1);
    expect(JSON.stringify(bundles)).not.toContain(folder.path());
  });

  test('has the helper library in its bundle, and the parser that the project brings', async () => {
    install('esbuild', 'postal-mime');
    folder.write(
      'index.ts',
      `import { sesHandler, type Disposition } from 'ses-lambda-pipeline/lambda';
       export const handler = sesHandler({
         invocationType: 'RequestResponse',
         onMessage: async (message): Promise<Disposition> =>
           (await message.parse()).subject === 'stop' ? 'STOP_RULE' : 'CONTINUE',
       });`,
    );

    const bundle = await bundleOf('index.ts');

    expect(Object.values(bundle ?? {}).join('')).not.toContain('ses-lambda-pipeline/lambda'); // not packed once more
    const { handler } = await load(bundle);
    const event = testEvent('Subject: stop\n\n', { action: { invocationType: 'RequestResponse' } });
    expect(await handler(event)).toEqual({ disposition: 'STOP_RULE' });
  });

  test('leaves the AWS SDK to Lambda, and lets a CommonJS package require what Node has', async () => {
    install('esbuild');
    folder.write('node_modules/old/index.js', "module.exports = require('node:path').sep;");
    folder.write(
      'index.ts',
      `import { S3Client } from '@aws-sdk/client-s3';
       import sep from 'old';
       export const handler = async () => [typeof S3Client, sep];`,
    );

    const bundle = await bundleOf('index.ts');

    expect(bundle?.['index.mjs']).toContain('from "@aws-sdk/client-s3"');
    install('@aws-sdk');
    expect(await (await load(bundle)).handler({})).toEqual(['function', '/']);
  });

  test('is refused with the place of an error', async () => {
    install('esbuild');
    folder.write('code/index.ts', "import { x } from 'nowhere';\nexport const handler = x;\n");

    expect(await refusal(() => bundleOf('code'))).toMatch(
      /^index\.ts:1:19 cannot be bundled: Could not resolve "nowhere"/,
    );
  });

  test('is refused with what to do where there is no esbuild', async () => {
    folder.write('code/index.ts', SOURCE);

    expect(await refusal(() => bundleOf('code'))).toContain('npm install --save-dev esbuild');
  });
});

describe('left to be packed as it is', () => {
  test.each([
    ['JavaScript beside TypeScript', { 'code/index.ts': '', 'code/index.mjs': '' }, NODE],
    ['TypeScript that is not the handler', { 'code/other.ts': '' }, NODE],
    ['another runtime', { 'code/index.ts': '' }, { ...NODE, runtime: 'python3.14' }],
    ['a folder that is not there', {}, NODE],
  ])('is %s', async (_name, files, options) => {
    for (const [name, text] of Object.entries(files)) folder.write(name, text);

    expect(await bundleOf('code', options)).toBeUndefined();
  });
});
