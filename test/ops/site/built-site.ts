import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../control-plane/run.ts';
import { ROOT } from '../../docs/code-blocks.ts';

const SITE = join(ROOT, 'build/docs');

/** A page's path on the site, such as `/concepts/order.html`, and where its file is. */
export type BuiltSite = { readonly folder: string; readonly pages: readonly string[] };

/**
 * The site of what is in the checkout. It is built if a file of the repository is newer than the last build.
 * @throws {Error} with what the build said
 */
export async function builtSite(): Promise<BuiltSite> {
  if (!(await isCurrent())) {
    if (!existsSync(join(ROOT, 'docs/node_modules'))) await npm('docs:install');
    await npm('docs:build');
  }
  const pages = readdirSync(SITE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  return { folder: SITE, pages: pages.map((name) => `/${name}`).sort() };
}

async function isCurrent(): Promise<boolean> {
  const builtAtMs = changedAtMs(join(SITE, 'hashmap.json'));
  const { out } = await run('git', ['ls-files', '-z'], { cwd: ROOT });
  const files = out.split('\0').filter((name) => name !== '');
  return files.length > 0 && files.every((name) => changedAtMs(join(ROOT, name)) <= builtAtMs);
}

const changedAtMs = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

async function npm(script: string): Promise<void> {
  const { code, out, err } = await run('npm', ['run', script], { cwd: ROOT });
  if (code !== 0) throw new Error(`npm run ${script} failed:\n${out}${err}`);
}
