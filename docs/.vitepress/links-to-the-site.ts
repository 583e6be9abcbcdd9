import type { MarkdownRenderer } from 'vitepress';
import { dirname, join } from 'node:path';
import { DOCS, siteLinkOf } from './pages.ts';

/**
 * Pages are written with links as they work in the repository. Those that lead out of this folder
 * are led to the pages under `/project/` and `/source/`, where the build fails if nothing is there.
 */
export function linksToTheSite(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('links-to-the-site', ({ tokens, env }) => {
    const { relativePath } = env as { readonly relativePath: string };
    for (const token of tokens.flatMap(({ children }) => children ?? []))
      if (token.type === 'link_open')
        token.attrSet('href', hrefOf(token.attrGet('href') ?? '', dirname(join(DOCS, relativePath))));
  });
}

/** The text of a page from elsewhere in the repository, with its links led to the site. */
export const withLinksToTheSite = (text: string, folder: string): string =>
  text
    .split(/(^(`{3,})[^]*?^\2$)/m)
    .filter((_part, index) => index % 3 !== 2)
    .map((part) =>
      part.startsWith('```')
        ? part
        : part.replaceAll(/\]\(([^)\s]+)\)/g, (_all, href: string) => `](${hrefOf(href, folder)})`),
    )
    .join('');

/** @param folder where in the repository the page with the link stands */
function hrefOf(href: string, folder: string): string {
  if (/^([a-z]+:|#|\/)/.test(href)) return href;
  const [path = '', fragment] = href.split('#');
  const link = siteLinkOf(join(folder, path).replace(/\/$/, ''));
  if (link.endsWith('.svg')) return link;
  // VitePress checks what ends like a page; the names of sources end otherwise.
  return `${link.endsWith('/') ? link : `${link}.html`}${fragment === undefined ? '' : `#${fragment}`}`;
}

/** What GitHub makes of a heading, so that a link to a place on a page leads there in the repository and on the site. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');
