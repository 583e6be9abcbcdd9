import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { withLinksToTheSite } from '../.vitepress/links-to-the-site.ts';
import { DOCS, filesLinkedFrom, isFolder, PAGES, PROJECT_PAGES, REPOSITORY, siteLinkOf } from '../.vitepress/pages.ts';

const LANGUAGES: Readonly<Record<string, string>> = { '.py': 'python', '.Dockerfile': 'docker', '.mjs': 'js' };
const KNOWN = ['.ts', '.js', '.yaml', '.json', '.sh', '.go', '.toml'];

/** Every file and folder of the repository that a page links to, as a page to look at. */
export default {
  paths: () => {
    const shown = new Set<string>();
    const show = (file: string): void => {
      if (shown.has(file) || !siteLinkOf(file).startsWith('/source/')) return;
      shown.add(file);
      if (isFolder(file)) entriesOf(file).forEach(show);
      else if (extname(file) === '.md') filesLinkedFrom(file).forEach(show);
    };
    const pages = [...PAGES.map((page) => join(DOCS, page)), ...PROJECT_PAGES.map((page) => join(REPOSITORY, page))];
    pages.flatMap(filesLinkedFrom).forEach(show);
    return [...shown].map((file) => ({
      params: { file: siteLinkOf(file).slice('/source/'.length) },
      content: isFolder(file) ? folderPage(file) : filePage(file),
    }));
  },
};

const entriesOf = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name !== 'node_modules')
    .map((name) => join(folder, name));

function folderPage(folder: string): string {
  const line = (entry: string): string => `- [${basename(entry)}](${siteLinkOf(entry)}.html)`;
  return `# ${relative(REPOSITORY, folder)}\n\n${entriesOf(folder).map(line).join('\n')}\n`;
}

function filePage(file: string): string {
  const text = readFileSync(file, 'utf8').trimEnd();
  const extension = extname(file);
  if (extension === '.md') return withLinksToTheSite(text, dirname(file));
  const language = LANGUAGES[extension] ?? (KNOWN.includes(extension) ? extension.slice(1) : 'text');
  return `# ${relative(REPOSITORY, file)}\n\n\`\`\`\`\`${language}\n${text}\n\`\`\`\`\`\n`;
}
