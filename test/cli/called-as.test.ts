import { expect, test } from 'vitest';
import { PROGRAM } from '../../src/cli/cli.ts';
import { fileOf, pipeline } from '../support/manifests.ts';
import { place } from './place.ts';
import { cli, folder } from './support.ts';

const PLUGIN = 'kubectl slp';
const VERBS = ['get', 'explain', 'trace', 'doctor', 'reconcile', 'apply', 'completion', 'crd', 'sandbox', 'dev'];

/** What the program says about how to call it, started under a name. */
async function hintsOf(program: string): Promise<readonly string[]> {
  const as = (...args: readonly string[]) => cli(args, { program });
  const helps = await Promise.all([as('--help'), ...VERBS.map((verb) => as(verb, '--help'))]);
  const { sandbox } = await place();
  const file = folder({ 'pipeline.yaml': fileOf([pipeline({ suspend: true }), pipeline({ name: 'new' })]) });
  const traces = ['app', 'new'].map((name) =>
    as('trace', name, '-f', file, '-n', 'mail', '--endpoint-url', sandbox.url, '--ses-calls-per-second', '1000'),
  );
  const runs = await Promise.all([
    ...traces,
    as('tarce'),
    as('trace'),
    as('plan', '--nope'),
    as('sandbox', '--port', '0', '--smtp-port', '0'),
    as('sandbox', 'show', 'nope', '--endpoint-url', sandbox.url),
  ]);
  return [...helps, ...runs].map(({ out, err }) => `${out}\n${err}`);
}

test('every hint, usage and example has the name that was typed', async () => {
  const asPlugin = await hintsOf(PLUGIN);
  const otherName = new RegExp(
    `ses-lambda-pipeline (${[...VERBS, 'resume', 'plan', '__complete'].join('|')})\\b.*`,
    'g',
  );

  expect(asPlugin.flatMap((text) => text.match(otherName) ?? [])).toEqual([]);
  const all = asPlugin.join('\n');
  for (const hint of [
    'Usage: kubectl slp ',
    '$ kubectl slp trace app -n mail',
    'source <(kubectl slp completion bash)',
    'or: kubectl slp resume app -n mail',
    'Bring AWS in line: kubectl slp apply, with the same -f',
    'Try:  kubectl slp apply -f examples/echo',
    'kubectl slp sandbox mails lists those that are kept',
  ])
    expect(all).toContain(hint);
});

test('which is that of the program without kubectl', async () => {
  const all = (await hintsOf(PROGRAM)).join('\n');

  expect(all).not.toContain(PLUGIN);
  expect(all).toContain('or: ses-lambda-pipeline resume app -n mail');
});
