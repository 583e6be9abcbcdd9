import { array, assert, constantFrom, property, tuple, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';
import { createKeyIndex } from '../../src/controller/key-index.ts';

const KEYS = ['a', 'b', 'c'] as const;
const NAMES = ['x', 'y', 'z'] as const;

test('an index knows what a search through everything would find', () => {
  const puts = array(tuple(constantFrom(...KEYS), uniqueArray(constantFrom(...NAMES))));
  assert(
    property(puts, (history) => {
      const index = createKeyIndex();
      const all = new Map<string, readonly string[]>();
      for (const [key, names] of history) {
        index.put(key, names);
        all.set(key, names);
      }

      for (const name of NAMES)
        expect([...index.keysOf(name)].sort()).toEqual(KEYS.filter((key) => all.get(key)?.includes(name)));
      for (const key of KEYS) expect([...index.namesOf(key)]).toEqual(all.get(key) ?? []);
      expect([...index.names()].sort()).toEqual(NAMES.filter((name) => [...all.values()].flat().includes(name)));
    }),
  );
});
