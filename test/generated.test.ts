import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generatedFiles } from '../tools/generate.ts';

test.each(generatedFiles())('$path is current; otherwise run npm run generate', ({ path, text }) => {
  const committed = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

  expect(committed).toBe(text);
});
