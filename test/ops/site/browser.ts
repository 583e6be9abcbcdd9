import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions } from 'playwright-core';
import type { BuiltSite } from './built-site.ts';

export const ORIGIN = 'http://site.test';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** A real Chromium, without a window. */
export async function startBrowser(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const executablePath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  if (executablePath === undefined) throw new Error('Chromium is not installed. Debian: apt-get install chromium');
  return chromium.launch({ executablePath });
}

/** Windows in which the site stands at {@link ORIGIN}. Nothing else can be reached: a page that tries has an error. */
export async function visitor(browser: Browser, { folder }: BuiltSite, options: BrowserContextOptions) {
  const context: BrowserContext = await browser.newContext({ reducedMotion: 'reduce', ...options });
  // Whoever saves data is spared what the next page may need.
  await context.addInitScript(() => Object.defineProperty(navigator, 'connection', { value: { saveData: true } }));
  await context.route('**/*', async (route) => {
    const { origin, pathname } = new URL(route.request().url());
    const path = join(folder, pathname.endsWith('/') ? `${pathname}index.html` : pathname);
    if (origin !== ORIGIN) await route.abort();
    else if (existsSync(path)) await route.fulfill({ path });
    else await route.fulfill({ status: 404, body: `There is no ${pathname}` });
  });
  return context;
}
