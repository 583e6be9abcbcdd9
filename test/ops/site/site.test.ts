import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../docs/code-blocks.ts';
import { ORIGIN, startBrowser, visitor } from './browser.ts';
import { builtSite, type BuiltSite } from './built-site.ts';
import { brightness, faintTexts } from './contrast.ts';
import { isAlive, sweep, type Seen } from './sweep.ts';

/** CI keeps them for people to look at. */
const SCREENSHOTS = join(ROOT, 'build/screenshots');
const SCHEMES = ['light', 'dark'] as const;
const LOOKED_AT = ['/', '/tutorial.html', '/monitoring.html', '/reference/reasons.html', '/project/readme.html'];
const SCREENS = { desktop: { width: 1280, height: 800 }, telephone: { width: 390, height: 844 } } as const;

let site: BuiltSite;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await startBrowser();
  site = await builtSite();
}, 400_000);

afterAll(() => browser.close());

async function opened(page: string, options: Parameters<typeof visitor>[2] = {}): Promise<Page> {
  const context = await visitor(browser, site, { viewport: SCREENS.desktop, ...options });
  onTestFinished(() => context.close());
  const window = await context.newPage();
  await window.goto(ORIGIN + page, { waitUntil: 'load' });
  await isAlive(window);
  return window;
}

describe('on a telephone, every page', () => {
  let pages: readonly Seen[];

  beforeAll(async () => {
    pages = await sweep(browser, site);
  }, 400_000);

  const those = (isBad: (seen: Seen) => boolean): readonly string[] => pages.filter(isBad).map(({ page }) => page);

  test('is looked at', () => {
    expect(pages.length).toBe(site.pages.length);
    expect(pages.length).toBeGreaterThan(60);
  });

  test('fits the width: tables and code scroll by themselves', () => {
    expect(those(({ sidewaysPx }) => sidewaysPx > 0)).toEqual([]);
  });

  test('loads without an error, and nothing from elsewhere', () => {
    expect(pages.flatMap(({ page, errors }) => errors.map((error) => `${page}: ${error}`))).toEqual([]);
  });

  test('has a way home', () => {
    expect(those(({ hasWayHome }) => !hasWayHome)).toEqual([]);
  });

  test('is linked from another', () => {
    const linked = new Set(pages.flatMap(({ page, links }) => links.map(pageOf).filter((to) => to !== page)));

    expect(those(({ page }) => page !== '/404.html' && !linked.has(page))).toEqual([]);
  });

  test('has links that lead to a page and to a place on it', () => {
    const anchors = new Map(pages.map((seen) => [seen.page, new Set(['', ...seen.anchors])]));
    const leadsSomewhere = (link: string): boolean =>
      anchors.get(pageOf(link))?.has(link.split('#')[1] ?? '') === true ||
      (link.endsWith('.svg') && existsSync(join(site.folder, link)));
    const dead = pages.flatMap(({ page, links }) =>
      links.filter((link) => !leadsSomewhere(link)).map((link) => `${page} → ${link}`),
    );

    expect(dead).toEqual([]);
  });
});

/** The file that a link leads to. */
function pageOf(link: string): string {
  const [path = ''] = link.split('#');
  if (path.endsWith('/')) return `${path}index.html`;
  return path.endsWith('.html') ? path : `${path}.html`;
}

test('the search finds Reorder, and leads to where the order of rules is explained', async () => {
  const window = await opened('/');

  await window.locator('.VPNavBarSearch button').first().click();
  await window.locator('#localsearch-input').fill('Reorder');
  const results = window.locator('#localsearch-list a');
  await results.first().waitFor();
  const found = await results.evaluateAll((all) => all.map((each) => each.getAttribute('href') ?? ''));
  await window.screenshot({ path: join(SCREENSHOTS, 'search.png') });
  await window.locator('#localsearch-list a[href^="/concepts/order"]').first().click();
  await window.waitForURL('**/concepts/order.html**');
  await window.locator('h1', { hasText: 'Order' }).waitFor();

  expect(found.slice(0, 5).join()).toContain('/concepts/order');
  expect(await window.locator('.vp-doc').innerText()).toContain('Reorder');
});

test('the switch makes the page dark, and the next page stays so', async () => {
  const window = await opened('/', { colorScheme: 'light' });
  const before = await brightness(window);

  await window.locator('.VPNavBarAppearance button').click();
  await window.waitForFunction(() => document.documentElement.classList.contains('dark'));
  const after = await brightness(window);
  await window.goto(`${ORIGIN}/tutorial.html`);
  await isAlive(window);

  expect(before).toBeGreaterThan(0.95);
  expect(after).toBeLessThan(0.2);
  expect(await brightness(window)).toBeLessThan(0.2);
});

describe.each(SCHEMES)('in %s', (colorScheme) => {
  test.each(LOOKED_AT)('%s can be read', async (page) => {
    const window = await opened(page, { colorScheme });

    expect((await brightness(window)) < 0.5).toBe(colorScheme === 'dark');
    expect(await faintTexts(window)).toEqual([]);
  });

  test.each(Object.entries(SCREENS))('pictures are taken on a %s', async (screen, viewport) => {
    for (const page of LOOKED_AT) {
      const window = await opened(page, { colorScheme, viewport, isMobile: screen === 'telephone' });
      const name = page === '/' ? 'home' : page.slice(1, -'.html'.length).replaceAll('/', '-');
      const picture = await window.screenshot({
        path: join(SCREENSHOTS, `${name}-${screen}-${colorScheme}.png`),
        fullPage: true,
      });
      expect(picture.length).toBeGreaterThan(10_000); // an empty page has less
    }
  });
});
