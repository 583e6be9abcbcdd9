import { defineConfig } from 'vitepress';
import { anchorOf, linksToTheSite } from './links-to-the-site.ts';
import { sidebar } from './sidebar.ts';

/** The site of this folder: `npm run docs:dev` while you write, `npm run docs:build` for the files. */
export default defineConfig({
  title: 'ses-lambda-pipeline',
  description: 'One resource says what an inbound-mail pipeline on AWS is; a reconciler makes AWS equal to it.',
  lang: 'en',
  base: process.env['DOCS_BASE'] ?? '/',
  outDir: '../build/docs',
  cacheDir: '../build/docs-cache',
  srcExclude: ['node_modules/**'],
  // GitHub shows README.md of a folder; a site shows index.html.
  rewrites: { 'README.md': 'index.md', 'reference/README.md': 'reference/index.md', 'adr/README.md': 'adr/index.md' },
  ignoreDeadLinks: ['http://localhost', 'http://127.0.0.1'],
  markdown: {
    // VitePress's own have comments that stand out too little.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-default' },
    anchor: { slugify: anchorOf },
    config: (markdown) => void markdown.use(linksToTheSite),
  },
  themeConfig: {
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Install', link: '/install' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
      { text: 'Reference', link: '/reference/' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    docFooter: { prev: 'Before', next: 'Next' },
    footer: { message: 'Apache License 2.0' },
  },
});
