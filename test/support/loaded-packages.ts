import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Which packages a process loads that is given these variables. */
export function loadedPackages() {
  const folder = mkdtempSync(join(tmpdir(), 'loaded-packages-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'loaded');
  const hooks = new URL('loaded-packages.mjs', import.meta.url).href;
  return {
    env: { NODE_OPTIONS: `--import=${hooks}`, LOADED_PACKAGES_FILE: file },
    /** Each once. */
    loaded: (): readonly string[] =>
      [...new Set(existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [])].sort(),
  };
}
