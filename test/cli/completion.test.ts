import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileOf, pipeline } from '../support/manifests.ts';
import { cli, folder } from './support.ts';

/** What may stand where the last word is. */
async function offered(
  ...words: readonly string[]
): Promise<{ readonly values: readonly string[]; readonly files: boolean }> {
  const { code, out } = await cli(['__complete', '--', ...words]);
  expect(code).toBe(0);
  const lines = out.split('\n');
  return { values: lines.slice(0, -1).map((line) => line.split('\t')[0] ?? ''), files: lines.at(-1) === ':0' };
}

describe('what is offered', () => {
  test.each<[string, string[], string[]]>([
    ['verbs', ['t'], ['trace']],
    ['verbs of a verb', ['sandbox', 'm'], ['mails']],
    ['options', ['plan', '--pr'], ['--profile', '--prune']],
    ['choices of an option', ['get', '-o', ''], ['text', 'json', 'yaml']],
    ['choices behind an equals sign', ['get', '--output=j'], ['--output=json']],
    ['choices of an argument', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['nothing for a value that can be anything', ['get', '--region', ''], []],
    ['nothing for an option that does not exist', ['get', '--nope=', ''], []],
    ['no hidden verb', ['__'], []],
  ])('%s', async (_, words, values) => {
    expect(await offered(...words)).toEqual({ values, files: false });
  });

  test('files where a path is wanted', async () => {
    expect(await offered('plan', '-f', '')).toEqual({ values: [], files: true });
    expect(await offered('plan', '--filename=')).toEqual({ values: [], files: true });
  });

  test('every verb, but those that are hidden', async () => {
    const { out } = await cli(['--help']);
    const verbs = [...out.matchAll(/^ {2}([a-z]+) /gm)].map(([, verb]) => verb);

    const { values } = await offered('');
    expect(new Set([...values, 'help'])).toEqual(new Set(verbs));
  });

  test('names of the pipelines in the given files', async () => {
    const path = join(folder({ 'p.yaml': fileOf([pipeline(), pipeline({ name: 'orders' })]) }), 'p.yaml');

    expect((await offered('trace', '-f', path, '')).values).toEqual(['app', 'orders']);
    expect((await offered('trace', '-f', path, 'or')).values).toEqual(['orders']);
  });

  test('no names, and no error, without a cluster or with a file that cannot be read', async () => {
    expect(await offered('trace', '')).toEqual({ values: [], files: false });
    expect(await offered('trace', '-f', '/nowhere', '')).toEqual({ values: [], files: false });
  });
});
