import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { tagDifference, userTags } from '../../src/core/function-tags.ts';
import type { Tags } from '../../src/core/observed.ts';

const KEYS = ['team', 'cost', 'owner', 'Cost', 'a b', 'x:y'];
const tags = fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom('1', '2', ''));

const apply = (live: Tags, { put, gone }: ReturnType<typeof tagDifference>): Tags =>
  Object.fromEntries(Object.entries({ ...live, ...put }).filter(([key]) => !gone.includes(key)));

test('tags follow the manifest through any two changes, and those of others stay', () => {
  fc.assert(
    fc.property(tags, tags, tags, (first, then, others) => {
      const foreign = Object.fromEntries(Object.entries(others).map(([key, value]) => [`theirs/${key}`, value]));
      const before = apply(foreign, tagDifference(userTags(first), foreign));
      const after = apply(before, tagDifference(userTags(then), before));

      expect(after).toEqual({ ...foreign, ...userTags(then) });
      expect(tagDifference(userTags(then), after)).toEqual({ put: {}, gone: [] });
    }),
  );
});

test('a tag that somebody else put there is not taken off', () => {
  expect(tagDifference(userTags({ team: 'post' }), { cost: '1', ...userTags({ team: 'letters' }) })).toEqual({
    put: { team: 'post' },
    gone: [],
  });
});

test('as many keys as a manifest may list fit into the tag that remembers them', () => {
  const most = Object.fromEntries(Array.from({ length: 32 }, (_, each) => [`key-${each}`, '']));

  for (const value of Object.values(userTags(most))) expect(value.length).toBeLessThanOrEqual(256);
});
