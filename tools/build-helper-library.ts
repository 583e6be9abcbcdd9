import { writeFileSync } from 'node:fs';
import { buildSync, type Format } from 'esbuild';

const ROOT = new URL('..', import.meta.url).pathname;
const TARGET = new URL('../src/code/helper-library.generated.ts', import.meta.url);

/** The helper library as one file of JavaScript that a person can read, the same bytes on every machine. */
export function bundleHelperLibrary(format: Format & ('esm' | 'cjs')): string {
  const { outputFiles } = buildSync({
    entryPoints: ['src/lambda/index.ts'],
    absWorkingDir: ROOT, // paths in comments start here
    bundle: true,
    write: false,
    format,
    platform: 'node',
    target: 'node20', // the oldest runtime of Lambda that still gets updates
    packages: 'external',
    charset: 'utf8',
    legalComments: 'none',
    tsconfigRaw: '{}',
    logLevel: 'silent', // it throws what it has to say
  });
  return outputFiles[0]?.text ?? '';
}

/** The text of `src/code/helper-library.generated.ts`, made from `src/lambda`. */
export function buildHelperLibrary(): string {
  return `// Made by tools/build-helper-library.ts from src/lambda. Do not edit.

/** The helper library as an ES module. */
export const HELPER_LIBRARY_ESM = ${literal(bundleHelperLibrary('esm'))};

/** The helper library as a CommonJS module. */
export const HELPER_LIBRARY_COMMON_JS = ${literal(bundleHelperLibrary('cjs'))};
`;
}

function literal(text: string): string {
  return `\`${text.replaceAll(/[\\`]|\$\{/g, '\\$&')}\``;
}

if (import.meta.main) writeFileSync(TARGET, buildHelperLibrary());
