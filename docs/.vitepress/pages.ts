import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const DOCS = join(import.meta.dirname, '..');
export const REPOSITORY = join(DOCS, '..');

/** Pages outside this folder that the site shows as its own, under `/project/`. */
export const PROJECT_PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];

const PAGES_OF_THE_SITE_ITSELF = ['node_modules', '.vitepress', 'project', 'source', 'public'];

/** Every page of this folder, by its path in it. */
export const PAGES: readonly string[] = readdirSync(DOCS, { withFileTypes: true })
  .filter(({ name }) => !PAGES_OF_THE_SITE_ITSELF.includes(name))
  .flatMap((entry) =>
    entry.isDirectory() ? readdirSync(join(DOCS, entry.name)).map((name) => join(entry.name, name)) : [entry.name],
  )
  .filter((page) => page.endsWith('.md'))
  .sort();

/** The first heading of a page, without marks. */
export function titleOf(file: string): string {
  const [, title = file] = /^# (.+)$/m.exec(readFileSync(file, 'utf8')) ?? [];
  return title.replaceAll('`', '');
}

/** Where the site shows a file of the repository. */
export function siteLinkOf(file: string): string {
  const inDocs = relative(DOCS, file);
  if (!inDocs.startsWith('..') && isFolder(file)) return inDocs === '' ? '/' : `/${inDocs}/`;
  if (inDocs.startsWith('public/')) return inDocs.slice('public'.length);
  if (PAGES.includes(inDocs)) return `/${inDocs.replace(/(^|\/)README\.md$/, '$1').replace(/\.md$/, '')}`;
  const inRepository = relative(REPOSITORY, file);
  if (PROJECT_PAGES.includes(inRepository)) return `/project/${projectPage(inRepository)}`;
  return `/source/${inRepository.replace(/\.md$/, '')}`;
}

export const projectPage = (name: string): string => name.replace(/\.md$/, '').toLowerCase();

export const isFolder = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;

/** What a page links to in the repository: whole paths, without fragments. */
export function filesLinkedFrom(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8')
    .replaceAll(/^```[^]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '``');
  return [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, to = '']) =>
    join(dirname(file), to).replace(/\/$/, ''),
  );
}
