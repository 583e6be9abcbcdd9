import { expect, test } from 'vitest';
import { asWanted, walk } from '../docs/walk.ts';
import { exampleNames } from './example-names.ts';

test.each(exampleNames())(
  'the commands of the example %s do what its page says, typed in its order',
  async (name) => {
    const walked = await walk(`examples/${name}/README.md`);

    expect(walked.filter((step) => !asWanted(step))).toEqual([]);
    expect(walked.length).toBeGreaterThan(2);
  },
  300_000, // each command is a process of its own, started by npx
);
