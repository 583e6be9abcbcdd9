import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { lacksExport } from '../../src/code/module-exports.ts';

describe('lacksExport takes for an export', () => {
  test.each([
    'export const handler = 1;',
    'export async function handler() {}',
    'export function* handler() {}',
    'export class handler {}',
    'export let handler',
    'export const a = 1,\n  handler = 2;',
    'export const { handler } = make();',
    'export const [a, handler] = make();',
    'const a = 1; export { a as handler };',
    "export { handler } from './x.mjs';",
    "export * from './x.mjs';",
    "export /* all */ * from './x.mjs';",
    'export{a as handler};',
    'export /* why */ const handler = 1;',
    String.raw`export const h\u0061ndler = 1;`,
    String.raw`const a = 1; export { a as h\u0061ndler };`,
    "const x = 'export'; export const a = 1; export const handler = 2;",
  ])('%s', (text) => {
    expect(lacksExport('index.mjs', text, 'handler')).toBe(false);
    expect(lacksExport('index.js', text, 'handler')).toBe(false);
  });

  test.each([
    'exports.handler = 1;',
    "exports['handler'] = 1;",
    'module.exports = { handler };',
    "module.exports = require('./x');",
    "module.exports = { ...require('./x') };",
    "Object.assign(module.exports, require('./x'));",
    'for (const name of names) exports[name] = 1;',
    String.raw`exports.h\u0061ndler = 1;`,
    "tslib.__exportStar(require('./x'), exports);",
    '/* export the\n export of all */ exports.handler = 1;',
  ])('%s', (text) => {
    expect(lacksExport('index.cjs', text, 'handler')).toBe(false);
    expect(lacksExport('index.js', text, 'handler')).toBe(false);
  });

  test('export default, and only for that name', () => {
    expect(lacksExport('index.mjs', 'export default () => {};', 'default')).toBe(false);
    expect(lacksExport('index.mjs', 'export default handler;', 'handler')).toBe(true);
  });

  test.each(['esm', 'cjs'] as const)('what esbuild makes of one, minified too: %s', async (format) => {
    for (const minify of [false, true]) {
      const contents = 'const a = async () => {}; export { a as handler };';
      const { outputFiles } = await build({ stdin: { contents }, format, minify, bundle: true, write: false });
      const text = outputFiles[0]?.text ?? '';

      expect(lacksExport(format === 'esm' ? 'a.mjs' : 'a.cjs', text, 'handler')).toBe(false);
    }
  });
});

describe('lacksExport is sure about', () => {
  test.each([
    ['index.mjs', 'export const main = () => {};'],
    ['index.mjs', 'const handler = () => {}; export const main = handler;'],
    ['index.mjs', 'export const handlers = 1;\nexport const $handler = 2;'],
    ['index.mjs', 'console.log(1);'],
    ['index.mjs', String.raw`const space = '\u0020'; export const main = () => '\u0020';`],
    ['index.mjs', '// how we export handler and main\nexport const main = 1;'],
    ['index.mjs', "const text = 'to export handler';\nexport const main = 1;"],
    ['index.js', 'export const main = () => {};'],
    ['index.cjs', "const s3 = require('@aws-sdk/client-s3');\nexports.main = () => s3;"],
    ['index.js', 'module.exports = { main: () => {} };'],
  ])('%s: %s', (file, text) => {
    expect(lacksExport(file, text, 'handler')).toBe(true);
  });
});
