import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder } from '../cli/support.ts';
import { run } from '../control-plane/run.ts';

const BIN = new URL('../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;

/** A folder on the PATH in which the program is called as people call it. */
function asInstalled(): { readonly path: string; readonly home: string } {
  const home = folder();
  symlinkSync(BIN, join(home, 'ses-lambda-pipeline'));
  return { home, path: [home, dirname(process.execPath), process.env['PATH']].join(delimiter) };
}

/** A shell that is not there is told as loudly as a failure: Debian has packages of all three. */
async function shell(name: 'bash' | 'zsh' | 'fish', script: string): Promise<readonly string[]> {
  const { path, home } = asInstalled();
  const file = join(home, 'script');
  writeFileSync(file, script);
  chmodSync(file, 0o755);
  const env = { PATH: path, HOME: home, TERM: 'dumb' };
  const { code, out, err } = await run(name, name === 'fish' ? ['--no-config', file] : [file], { env }).catch(() => {
    throw new Error(`${name} is not installed: apt-get install ${name}`);
  });
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${err}`);
  expect(err).toBe('');
  return out.split('\n').filter((line) => line !== '');
}

describe('the script', { timeout: 60_000 }, () => {
  const LINES: readonly (readonly [string, readonly string[]])[] = [
    ['ses-lambda-pipeline tra', ['trace']],
    ['ses-lambda-pipeline sandbox ma', ['mails']],
    ['ses-lambda-pipeline plan --pr', ['--profile', '--prune']],
    ['ses-lambda-pipeline get -o js', ['json']],
  ];

  test('for bash is loaded by bash, and completes', async () => {
    const ask = (line: string): string =>
      `COMP_LINE='${line}' COMP_POINT=${line.length}; _ses_lambda_pipeline; printf '%s\\n' "\${COMPREPLY[@]}"; echo --`;
    const out = await shell(
      'bash',
      [
        'source <(ses-lambda-pipeline completion bash)',
        'complete -p ses-lambda-pipeline',
        ...LINES.map(([line]) => ask(line)),
        ask('ses-lambda-pipeline get --output=j'),
      ].join('\n'),
    );

    expect(out).toEqual([
      'complete -F _ses_lambda_pipeline ses-lambda-pipeline',
      ...LINES.flatMap(([, values]) => [...values, '--']),
      'json', // bash has the part before the equals sign as a word of its own
      '--',
    ]);
  });

  test('for zsh is loaded by zsh, and completes', async () => {
    // Outside of a prompt the two widgets that draw are replaced by some that print.
    const out = await shell(
      'zsh',
      [
        'autoload -Uz compinit && compinit -D -u',
        'source <(ses-lambda-pipeline completion zsh)',
        'echo ${_comps[ses-lambda-pipeline]}',
        'compadd() { local -a offered; offered=("${(@)${(P)@[-1]}}"); print -l -- $offered; }',
        '_files() { print files; }',
        ...LINES.map(([line]) => {
          const words = line.split(' ');
          return `words=(${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length}; _ses_lambda_pipeline; echo --`;
        }),
        `words=('ses-lambda-pipeline' 'plan' '-f' ''); CURRENT=4; _ses_lambda_pipeline`,
      ].join('\n'),
    );

    expect(out).toEqual(['_ses_lambda_pipeline', ...LINES.flatMap(([, values]) => [...values, '--']), 'files']);
  });

  test('for fish is loaded by fish, and completes', async () => {
    const out = await shell(
      'fish',
      [
        'ses-lambda-pipeline completion fish | source',
        ...LINES.map(([line]) => `complete -C '${line}' | cut -f1; echo end`),
      ].join('\n'),
    );

    expect(out).toEqual(LINES.flatMap(([, values]) => [...values.toSorted(), 'end']));
  });
});
