import { expect, test } from 'vitest';
import { readPage } from './code-blocks.ts';
import { asWanted, walk } from './walk.ts';
import { WALKS } from './walks.ts';

const OF_DOCS = Object.entries(WALKS).filter(([page]) => page.startsWith('docs/'));
const WORDS_A_MINUTE = 200;
/** The tutorial promises a quarter of an hour; the guides are no longer. */
const MINUTES = 15;

test.each(OF_DOCS)(
  'the commands of %s do what the page says, typed in its order, within a quarter of an hour',
  async (page, before) => {
    const startedMs = performance.now();

    const walked = await walk(page, before);

    const waited = (performance.now() - startedMs) / 60_000;
    const read = readPage(page).split(/\s+/).length / WORDS_A_MINUTE;
    console.log(`${page}: ${read.toFixed(1)} minutes to read, ${waited.toFixed(1)} to wait for its commands`);
    expect(walked.filter((step) => !asWanted(step))).toEqual([]);
    expect(walked.length).toBeGreaterThan(2);
    expect(read + waited).toBeLessThan(MINUTES);
  },
  600_000, // each command is a process of its own, started by npx
);
