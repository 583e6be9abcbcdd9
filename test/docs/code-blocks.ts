import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleNames } from '../examples/example-names.ts';

export const ROOT = join(import.meta.dirname, '../..');

/** A fenced block of a page. */
export type CodeBlock = {
  readonly page: string;
  /** Where the fence stands, from 1. */
  readonly line: number;
  /** The word behind the fence; empty when there is none. */
  readonly language: string;
  readonly text: string;
  /** The HTML comment right before it, without its marks; empty when there is none. */
  readonly mark: string;
};

/** All that a reader may type from: README and its like, every page of docs/, and of the examples. */
export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !/(^|\/)(node_modules|source|project)\//.test(name))
    .map((name) => join('docs', name))
    .sort(),
  'examples/README.md',
  ...exampleNames().map((name) => `examples/${name}/README.md`),
];

export const readPage = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** The blocks of a page, from the first to the last. */
export function codeBlocksOf(page: string): readonly CodeBlock[] {
  const text = readPage(page);
  return [...text.matchAll(/(?:<!-- ([^>]*?) -->\n+)?^```([\w-]*)\n([^]*?)^```$/gm)].map((found) => {
    const [all, mark = '', language = '', code = ''] = found;
    const fence = found.index + all.indexOf('```');
    return { page, line: text.slice(0, fence).split('\n').length, language, text: code, mark };
  });
}

/** `docs/dev.md:12`, to click on. */
export const placeOf = ({ page, line }: CodeBlock): string => `${page}:${line}`;
