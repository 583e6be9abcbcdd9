import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { generatedFiles } from '../tools/generate.ts';
import { cli } from './cli/support.ts';

test.each(generatedFiles())('$path is current; otherwise run npm run generate', ({ path, text }) => {
  const committed = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

  expect(committed).toBe(text);
});

test('the command line prints the same definition as the file holds', async () => {
  const file = generatedFiles().find(({ path }) => path.startsWith('crds/'))?.text ?? '';
  const { out } = await cli(['crd']);

  expect(loadAll(out)).toEqual(loadAll(file));
});
