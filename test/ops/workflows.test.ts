import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { findGoPrograms } from '../control-plane/go-programs.ts';
import { run } from '../control-plane/run.ts';

const WORKFLOWS = new URL('../../.github/workflows/', import.meta.url).pathname;

let actionlint: string;

beforeAll(async () => {
  const found = await findGoPrograms(
    {
      module: new URL('actionlint', import.meta.url).pathname,
      versionOf: 'github.com/rhysd/actionlint',
      packages: { actionlint: 'github.com/rhysd/actionlint/cmd/actionlint' },
      versionVariable: 'github.com/rhysd/actionlint.version',
      purpose: 'The check of the workflows',
    },
    process.env,
  );
  actionlint = found.actionlint;
}, 300_000);

/** What actionlint says of a file, with the shell in it read by ShellCheck. */
const judged = (file: string) => run(actionlint, ['-no-color', '-shellcheck=shellcheck', '-pyflakes=', file]);

test('ShellCheck is there, without which actionlint would say less', async () => {
  const found = await run('shellcheck', ['--version']).catch(() => undefined);
  expect(found?.code, 'apt-get install shellcheck').toBe(0);
});

test.for(readdirSync(WORKFLOWS))('actionlint has nothing to say of %s', async (file) => {
  expect(await judged(join(WORKFLOWS, file))).toEqual({ code: 0, out: '', err: '' });
});

test.for([
  ['an unknown key', 'runs-on:', 'run-on:', 'unexpected key "run-on"'],
  ['a job that is not there', 'needs: image', 'needs: picture', 'needs job "picture" which does not exist'],
  ['an output that no step has', 'steps.build.outputs', 'steps.builds.outputs', 'property "builds" is not defined'],
  ['an unquoted variable', '"$IMAGE@$DIGEST"', '$IMAGE@$DIGEST', 'SC2086'],
] as const)('actionlint would find %s', async ([, before, after, finding]) => {
  const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-workflows-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'release.yml');
  const whole = readFileSync(join(WORKFLOWS, 'release.yml'), 'utf8');
  writeFileSync(file, whole.replace(before, after));

  const { code, out } = await judged(file);

  expect(code).toBe(1);
  expect(out).toContain(finding);
});
