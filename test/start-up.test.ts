import { expect, test } from 'vitest';
import { run } from './control-plane/run.ts';
import { BIN, peaceful } from './demo/run-bin.ts';
import { loadedPackages } from './support/loaded-packages.ts';

/** What is loaded is most of what a start takes: whoever asks for the version or presses Tab must not wait for SDKs. */
test.each([
  { words: ['--version'], packages: ['commander'] },
  { words: ['--help'], packages: ['commander'] },
  { words: ['apply', '--help'], packages: ['commander'] },
  { words: ['completion', 'bash'], packages: ['commander'] },
  { words: ['__complete', '--', ''], packages: ['commander'] },
  { words: ['__complete', '--', 'apply', '--'], packages: ['commander'] },
  { words: ['crd'], packages: ['commander', 'js-yaml', 'zod'] },
])('$words loads $packages', async ({ words, packages }) => {
  const { env, loaded } = loadedPackages();

  const { code, err } = await run(process.execPath, [BIN, ...words], { env: { ...peaceful(process.env), ...env } });

  expect([code, err]).toEqual([0, '']);
  expect(loaded()).toEqual(packages);
});
