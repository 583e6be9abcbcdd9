import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLinksToTheSite } from '../.vitepress/links-to-the-site.ts';
import { PROJECT_PAGES, projectPage, REPOSITORY } from '../.vitepress/pages.ts';

/** README, CONTRIBUTING and their like stand at the root of the repository; here they are pages too. */
export default {
  paths: () =>
    PROJECT_PAGES.map((name) => ({
      params: { page: projectPage(name) },
      content: withLinksToTheSite(readFileSync(join(REPOSITORY, name), 'utf8'), REPOSITORY),
    })),
};
