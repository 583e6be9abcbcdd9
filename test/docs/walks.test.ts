import { expect, test } from 'vitest';
import { asWanted, walk } from './walk.ts';
import { WALKS } from './walks.ts';

test.each(Object.entries(WALKS))(
  'the commands of %s do what the page says, typed in its order',
  async (page, before) => {
    const walked = await walk(page, before);

    expect(walked.filter((step) => !asWanted(step))).toEqual([]);
    expect(walked.length).toBeGreaterThan(2);
  },
  600_000, // each command is a process of its own, started by npx
);
