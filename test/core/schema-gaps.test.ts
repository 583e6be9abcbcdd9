import { expect, test } from 'vitest';
import { schemaGaps } from '../../src/core/schema-gaps.ts';

const object = (properties: object) => ({ type: 'object', properties });
const TEXT = { type: 'string' };

test.each([
  ['nothing between equals', object({ a: TEXT }), object({ a: TEXT }), []],
  ['nothing that only the other has', object({}), object({ a: TEXT }), []],
  ['a field', object({ a: TEXT, b: TEXT }), object({ a: TEXT }), ['b']],
  ['a field inside', object({ a: object({ b: TEXT }) }), object({ a: object({}) }), ['a.b']],
  ['an object, without what is in it', object({ a: object({ b: TEXT }) }), object({}), ['a']],
  ['a field of items', object({ a: { items: object({ b: TEXT }) } }), object({ a: { items: object({}) } }), ['a[].b']],
  [
    'a field of members',
    object({ a: { additionalProperties: object({ b: TEXT }) } }),
    object({ a: { additionalProperties: true } }),
    ['a.*.b'],
  ],
])('finds %s', (_, needed, found, gaps) => {
  expect(schemaGaps(needed, found)).toEqual(gaps);
});
