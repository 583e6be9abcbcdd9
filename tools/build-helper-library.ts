import { readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

/** Files of the helper library, none of which imports another at run time. */
const SOURCES = ['ses-event', 'discovery', 'log'] as const;
const TARGET = new URL('../src/code/helper-library.generated.ts', import.meta.url);

/** The text of `src/code/helper-library.generated.ts`, made from `src/lambda`. */
export function buildHelperLibrary(): string {
  const code = SOURCES.map(withoutTypes).join('\n');
  const names = exportedNames(code);
  const commonJs = `${code.replaceAll(/^export /gm, '')}\nmodule.exports = { ${names.join(', ')} };\n`;
  return `// Made by tools/build-helper-library.ts from src/lambda. Do not edit.

/** The helper library as an ES module. */
export const HELPER_LIBRARY_ESM = ${literal(code)};

/** The helper library as a CommonJS module. */
export const HELPER_LIBRARY_COMMON_JS = ${literal(commonJs)};
`;
}

function withoutTypes(name: string): string {
  const url = new URL(`../src/lambda/${name}.ts`, import.meta.url);
  const source = readFileSync(url, 'utf8');
  if (/\S {2}/.test(source)) throw new Error(`${url.pathname} has two spaces inside a line: they would not survive.`);
  const code = stripTypeScriptTypes(source)
    .replaceAll(/\/\*\*[\s\S]*?\*\//g, '')
    .replaceAll(/(?<=\S) {2,}(?=[,;)])/g, '')
    .replaceAll(/(?<=\S) {2,}/g, ' ')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
  if (/^import\b/m.test(code)) throw new Error(`${url.pathname} imports something: the helper library is one file.`);
  return `${code}\n`;
}

function exportedNames(code: string): string[] {
  return [...code.matchAll(/^export (?:function|const|class) (\w+)/gm)].map(([, name = '']) => name).sort();
}

function literal(text: string): string {
  return `\`${text.replaceAll(/[\\`]|\$\{/g, '\\$&')}\``;
}

if (import.meta.main) writeFileSync(TARGET, buildHelperLibrary());
