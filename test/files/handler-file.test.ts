import { describe, expect, test } from 'vitest';
import { handlerFileProblem } from '../../src/files/handler-file.ts';

describe('handlerFileProblem', () => {
  test.each([
    ['an ES module', 'index.handler', 'nodejs24.x', ['index.mjs']],
    ['a CommonJS module', 'index.handler', 'nodejs22.x', ['index.cjs', 'a.txt']],
    ['a file below a folder', 'src/app.handler', 'nodejs24.x', ['src/app.js']],
    ['an export below an export', 'index.handlers.mail', 'nodejs24.x', ['index.js']],
    ['a file in a folder with a dot', 'v1.2/index.handler', 'nodejs24.x', ['v1.2/index.mjs']],
    ['a module that is a folder', 'app.handler', 'nodejs24.x', ['app/index.js']],
    ['JavaScript beside TypeScript', 'index.handler', 'nodejs24.x', ['index.ts', 'index.mjs']],
    ['another runtime, which looks elsewhere', 'index.handler', 'python3.14', ['index.py']],
    ['a runtime of the user', 'ignored', 'provided.al2023', ['bootstrap']],
  ])('finds nothing wrong with %s', (_name, handler, runtime, names) => {
    expect(handlerFileProblem(handler, runtime, names)).toBeUndefined();
  });

  test.each([
    ['TypeScript only', 'index.handler', ['index.ts'], 'index.ts is TypeScript'],
    ['TypeScript of another ending', 'src/app.handler', ['src/app.mts'], 'src/app.mts is TypeScript'],
    [
      'the wrong file',
      'index.handler',
      ['main.mjs'],
      'needs index.mjs, index.js or index.cjs, and the code holds main.mjs',
    ],
    ['a folder inside the zip', 'index.handler', ['dist/index.mjs'], 'the code holds dist/index.mjs'],
    ['many files', 'index.handler', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'holds a, b, c, d, e and 2 more'],
    ['a handler without export', 'index', ['index.mjs'], 'names no export'],
  ])('names what is wrong with %s', (_name, handler, names, words) => {
    expect(handlerFileProblem(handler, 'nodejs24.x', names)).toContain(words);
  });
});
