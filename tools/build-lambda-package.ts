/**
 * Makes `ses-lambda-pipeline/lambda` loadable by `require`: behind `tsc`, which writes the ES modules and their types to
 * `dist/lambda`, it adds one CommonJS file and the same types under the endings that CommonJS has.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { bundleHelperLibrary } from './build-helper-library.ts';

const FOLDER = new URL('../dist/lambda/', import.meta.url);

writeFileSync(new URL('index.cjs', FOLDER), bundleHelperLibrary('cjs'));
for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.d.ts'))) {
  const types = readFileSync(new URL(name, FOLDER), 'utf8');
  const endings = types.replaceAll(/(?<=from '\.\/[^']+)\.ts(?=')/g, '.cts');
  writeFileSync(new URL(name.replace(/\.ts$/, '.cts'), FOLDER), endings);
}
