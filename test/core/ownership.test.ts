import { expect, test } from 'vitest';
import { missingTags, ownershipOf, ownerTags } from '../../src/core/ownership.ts';
import { IDENTITY } from './support/pipeline.ts';

const MARK = ownerTags(IDENTITY);

test.each<[string, Record<string, string>, object]>([
  ['with our mark', { ...MARK, cost: 'x' }, { kind: 'ours' }],
  ['without any tag', {}, { kind: 'none' }],
  ['with tags of others', { name: 'app', cost: 'x' }, { kind: 'none' }],
  [
    'of another pipeline',
    { ...ownerTags({ ...IDENTITY, name: 'other' }) },
    { kind: 'other', owner: 'pipeline mail/other of installation slp' },
  ],
  [
    'of another installation',
    { ...ownerTags({ ...IDENTITY, installation: 'two' }) },
    { kind: 'other', owner: 'pipeline mail/app of installation two' },
  ],
  [
    'with half a mark',
    { 'ses-lambda-pipeline.dev/name': 'app' },
    { kind: 'other', owner: 'pipeline ?/app of installation ?' },
  ],
])('a resource %s is told as such', (_, tags, expected) => {
  expect(ownershipOf(tags, IDENTITY)).toEqual(expected);
});

test('the mark does not depend on the region or account: they are where the resource is', () => {
  expect(ownerTags({ ...IDENTITY, region: 'eu-west-1', account: '210987654321' })).toEqual(MARK);
});

test('tags of others are not missing, those with another value are', () => {
  expect(missingTags({ a: '1', b: '2' }, { b: 'x', c: '3' })).toEqual({ a: '1', b: '2' });
  expect(missingTags({ a: '1' }, { a: '1', c: '3' })).toEqual({});
});
