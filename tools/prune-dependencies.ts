import { readdirSync, rmSync, rmdirSync } from 'node:fs';
import { extname, join } from 'node:path';

/** The only files that Node loads from a package, beside licences, which go with the code. */
const LOADABLE = new Set(['.js', '.cjs', '.mjs', '.json', '.node', '.wasm']);
const LICENCE = /^(licen[cs]e|notice|copying)/i;

/**
 * Folders whose JavaScript Node never reaches. `dist-es` of the AWS SDK is for bundlers: its package.json sends Node to
 * `dist-cjs`.
 */
const UNREACHED = new Set([
  'dist-es',
  'test',
  'tests',
  '__tests__',
  'example',
  'examples',
  'benchmark',
  'benchmarks',
  'docs',
]);

/**
 * Takes out of a `node_modules` folder what Node cannot load or never reaches: types and TypeScript (which Node does not
 * run from there), source maps, documents, tests, scripts, files that begin with a dot.
 */
export function pruneDependencies(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !isUnreached(entry.name)) {
      pruneDependencies(path);
      if (readdirSync(path).length === 0) rmdirSync(path);
    } else if (entry.isDirectory() || !isKept(entry.name)) rmSync(path, { recursive: true });
  }
}

const isUnreached = (name: string): boolean => UNREACHED.has(name) || name.startsWith('.');

const isKept = (name: string): boolean =>
  !name.startsWith('.') && !name.endsWith('.min.js') && (LOADABLE.has(extname(name)) || LICENCE.test(name));

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('Which folder? node tools/prune-dependencies.ts node_modules');
  pruneDependencies(folder);
}
