import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGES, readPage, ROOT } from './code-blocks.ts';

test.each(PAGES)('every link of %s leads somewhere', (page) => {
  const dead = linksOf(page).filter((link) => !leadsSomewhere(page, link));

  expect(dead).toEqual([]);
});

test('every page of docs/ is linked from another', () => {
  const linked = new Set(
    PAGES.flatMap((page) => linksOf(page).map((link) => join(dirname(page), link.split('#')[0] ?? ''))),
  );
  const alone = PAGES.filter((page) => page.startsWith('docs/') && !page.endsWith('README.md') && !linked.has(page));

  expect(alone).toEqual([]);
});

const proseOf = (page: string): string => readPage(page).replaceAll(/^```[^]*?^```$/gm, '');

/** Links into the repository; those into the world are not asked. */
const linksOf = (page: string): readonly string[] =>
  [
    ...proseOf(page)
      .replaceAll(/`[^`\n]*`/g, '``')
      .matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g),
  ].map(([, link = '']) => link);

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', fragment] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, target))) return false;
  if (fragment === undefined) return true;
  return !statSync(join(ROOT, target)).isDirectory() && target.endsWith('.md') && anchorsOf(target).has(fragment);
}

/** As GitHub and the site make them of headings. */
const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set(
    [...proseOf(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
