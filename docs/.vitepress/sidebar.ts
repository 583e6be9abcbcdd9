import type { DefaultTheme } from 'vitepress';
import { dirname, join } from 'node:path';
import { DOCS, PAGES, PROJECT_PAGES, REPOSITORY, siteLinkOf, titleOf } from './pages.ts';

type Section = {
  readonly text: string;
  readonly first: readonly string[];
  readonly folders: readonly string[];
  readonly collapsed: boolean;
};

/** In this order. A page that nothing here names is found by its folder; one of `docs/` itself is a guide. Other folders follow behind. */
const SECTIONS: readonly Section[] = [
  { text: 'Start', first: ['tutorial.md', 'install.md', 'comparison.md'], folders: [], collapsed: false },
  {
    text: 'Concepts',
    first: ['how-it-works.md', 'concepts/order.md', 'concepts/ownership.md', 'concepts/drift.md'],
    folders: ['concepts'],
    collapsed: false,
  },
  { text: 'Guides', first: ['troubleshooting.md'], folders: ['guides', '.'], collapsed: false },
  {
    text: 'Sandbox',
    first: ['dev.md', 'sandbox.md', 'sandbox-fidelity.md', 'reference/sandbox-speed.md'],
    folders: [],
    collapsed: true,
  },
  {
    text: 'Reference',
    first: ['reference/README.md', 'reference/api.md', 'reference/reasons.md'],
    folders: ['reference'],
    collapsed: true,
  },
  { text: 'Decisions', first: ['adr/README.md'], folders: ['adr'], collapsed: true },
];

/** The navigation: made from the files that are there, so that a new page appears by itself. */
export function sidebar(): DefaultTheme.SidebarItem[] {
  const named = new Set(['README.md', ...SECTIONS.flatMap(({ first }) => first)]);
  const found = (folder: string): readonly string[] =>
    PAGES.filter((page) => !named.has(page) && dirname(page) === folder);
  const known = new Set(SECTIONS.flatMap(({ folders }) => folders));
  const others = [...new Set(PAGES.map((page) => dirname(page)))].filter((folder) => !known.has(folder));
  const more = others.map((folder) => ({ text: capitalised(folder), first: [], folders: [folder], collapsed: true }));
  return [
    ...[...SECTIONS, ...more].map(({ text, first, folders, collapsed }) => ({
      text,
      collapsed,
      items: [...first.filter((page) => PAGES.includes(page)), ...folders.flatMap(found)].map(item(DOCS)),
    })),
    { text: 'Project', collapsed: true, items: PROJECT_PAGES.map(item(REPOSITORY)) },
  ];
}

const capitalised = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

const item =
  (root: string) =>
  (page: string): DefaultTheme.SidebarItem => ({ text: titleOf(join(root, page)), link: siteLinkOf(join(root, page)) });
