import { describe, expect, test } from 'vitest';
import { handlerWarning, typescriptHandler } from '../../src/code/handler-check.ts';

const holding = (...names: string[]) => new Map(names.map((name) => [name, undefined]));

describe('handlerWarning', () => {
  test.each([
    ['an ES module', 'index.handler', 'nodejs24.x', ['index.mjs']],
    ['a CommonJS module', 'index.handler', 'nodejs22.x', ['index.cjs', 'a.txt']],
    ['a file below a folder', 'src/app.handler', 'nodejs24.x', ['src/app.js']],
    ['an export below an export', 'index.handlers.mail', 'nodejs24.x', ['index.js']],
    ['a file in a folder with a dot', 'v1.2/index.handler', 'nodejs24.x', ['v1.2/index.mjs']],
    ['a module that is a folder', 'app.handler', 'nodejs24.x', ['app/index.js']],
    ['a handler of a layer', '/opt/nodejs/wrap.handler', 'nodejs24.x', ['index.mjs']],
    ['Python', 'index.handler', 'python3.14', ['index.py']],
    ['Python in a package', 'app.mail.handler', 'python3.13', ['app/mail.py']],
    ['a package of Python', 'app.handler', 'python3.13', ['app/__init__.py']],
    ['a runtime of the user', 'ignored', 'provided.al2023', ['bootstrap']],
    ['a runtime that is looked at by nobody', 'index.handler', 'ruby3.4', ['main.rb']],
  ])('finds nothing wrong with %s', (_name, handler, runtime, names) => {
    expect(handlerWarning(handler, runtime, holding(...names))).toBeUndefined();
  });

  test.each([
    [
      'the wrong file',
      'index.handler',
      'nodejs24.x',
      ['main.mjs'],
      'needs index.mjs, index.js or index.cjs, and the code holds main.mjs',
    ],
    ['a folder inside the zip', 'index.handler', 'nodejs24.x', ['dist/index.mjs'], 'the code holds dist/index.mjs'],
    ['many files', 'index.handler', 'nodejs24.x', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'a, b, c, d, e and 2 more'],
    ['a handler without export', 'index', 'nodejs24.x', ['index.mjs'], 'names no export'],
    ['Python without the file', 'index.handler', 'python3.14', ['main.py'], 'needs index.py'],
    ['Python without function', 'index', 'python3.14', ['index.py'], 'names no function'],
    ['a runtime of the user without its start', 'x', 'provided.al2023', ['main'], 'starts the file bootstrap'],
  ])('names what is wrong with %s', (_name, handler, runtime, names, words) => {
    expect(handlerWarning(handler, runtime, holding(...names))).toMatch(/^spec\.function\.handler: /);
    expect(handlerWarning(handler, runtime, holding(...names))).toContain(words);
  });

  test('names an export that is not there', () => {
    const files = new Map([['index.mjs', Buffer.from('export const main = async () => {};\n')]]);

    expect(handlerWarning('index.handler', 'nodejs24.x', files)).toBe(
      'spec.function.handler: index.mjs seems to export no handler, which the handler index.handler names',
    );
    expect(handlerWarning('index.main', 'nodejs24.x', files)).toBeUndefined();
  });
});

describe('typescriptHandler', () => {
  test.each([
    ['TypeScript', 'index.handler', ['index.ts'], 'index.ts'],
    ['TypeScript of another ending', 'src/app.handler', ['src/app.mts', 'src/x.js'], 'src/app.mts'],
    ['JavaScript beside TypeScript', 'index.handler', ['index.ts', 'index.mjs'], undefined],
    ['TypeScript of another name', 'index.handler', ['main.ts'], undefined],
  ])('finds the file of a handler: %s', (_name, handler, names, expected) => {
    expect(typescriptHandler(handler, 'nodejs24.x', names)).toBe(expected);
    expect(typescriptHandler(handler, 'python3.14', names)).toBeUndefined();
  });
});
