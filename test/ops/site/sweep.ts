import type { Browser, Page } from 'playwright-core';
import { ORIGIN, visitor } from './browser.ts';
import type { BuiltSite } from './built-site.ts';

/** What a telephone shows of a page. */
export type Seen = {
  readonly page: string;
  /** How much wider than the screen the page is: 0 unless it scrolls sideways. */
  readonly sidewaysPx: number;
  /** Errors on the console, exceptions, and what could not be loaded. */
  readonly errors: readonly string[];
  /** To pages of the site, with the fragment, without the origin. */
  readonly links: readonly string[];
  /** What a link can lead to on this page. */
  readonly anchors: readonly string[];
  readonly hasWayHome: boolean;
};

const TELEPHONE = { width: 390, height: 844 };
const WINDOWS = 3;

/** Every page of the site, looked at on a telephone. */
export async function sweep(browser: Browser, site: BuiltSite): Promise<readonly Seen[]> {
  const context = await visitor(browser, site, { viewport: TELEPHONE, isMobile: true, hasTouch: true });
  const left = [...site.pages];
  const seen: Seen[] = [];
  const windows = Array.from({ length: WINDOWS }, async () => {
    const window = await context.newPage();
    const errors: string[] = [];
    window.on('console', (message) => void (message.type() === 'error' && errors.push(message.text())));
    window.on('pageerror', (error) => void errors.push(error.message));
    window.on('requestfailed', (request) => void errors.push(`not loaded: ${request.url()}`));
    for (let page = left.shift(); page !== undefined; page = left.shift()) {
      await window.goto(ORIGIN + page, { waitUntil: 'domcontentloaded' });
      await isAlive(window);
      seen.push({ page, ...(await window.evaluate(look)), errors: errors.splice(0) });
    }
  });
  await Promise.all(windows);
  await context.close();
  return seen;
}

/** Vue has taken the page over: from now on buttons work. */
export const isAlive = (window: Page): Promise<unknown> =>
  window.waitForFunction(() => '__vue_app__' in (document.querySelector('#app') ?? {}));

/** Runs in the page. */
function look(): Omit<Seen, 'page' | 'errors'> {
  const links = [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].filter(
    ({ origin }) => origin === location.origin,
  );
  return {
    // Not innerWidth: on a telephone that grows with what is too wide.
    sidewaysPx: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    links: [...new Set(links.map(({ pathname, hash }) => pathname + decodeURIComponent(hash)))],
    anchors: [...document.querySelectorAll('[id]')].map(({ id }) => id),
    hasWayHome: [...document.querySelectorAll('header a.title, .VPNavBarTitle a')].some(
      (link) => link.getAttribute('href') === '/' && link.getBoundingClientRect().height > 0,
    ),
  };
}
