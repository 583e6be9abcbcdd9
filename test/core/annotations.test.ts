import { describe, expect, test } from 'vitest';
import { ABANDON, ADOPT, asksForAdoption, isAbandoned, RECONCILE_REQUESTED_AT } from '../../src/core/annotations.ts';
import { parseManifest } from '../../src/core/manifest.ts';
import { document, manifest } from './support/pipeline.ts';

const issuesOf = (annotations: unknown) => {
  const parsed = parseManifest(document({}, { annotations }));
  return parsed.ok ? [] : parsed.issues;
};

test.each<[string, Record<string, string>]>([
  ['adopt', { [ADOPT]: 'true' }],
  ['not to adopt', { [ADOPT]: 'false' }],
  ['abandon', { [ABANDON]: 'true' }],
  ['a request with any text', { [RECONCILE_REQUESTED_AT]: 'now, please' }],
  ['those of others', { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'x.ses-lambda-pipeline.dev/y': '' }],
])('%s is allowed', (_, annotations) => {
  expect(issuesOf(annotations)).toEqual([]);
});

test.each<[string, Record<string, unknown>, string]>([
  ['another word', { [ADOPT]: 'yes' }, 'must be "true" or "false"'],
  ['a boolean, which Kubernetes refuses as well', { [ABANDON]: true }, 'must be "true" or "false"'],
  ['a capital', { [ADOPT]: 'True' }, 'must be "true" or "false"'],
  ['a number', { [RECONCILE_REQUESTED_AT]: 5 }, 'must be of type string, not number'],
  ['no known name', { 'ses-lambda-pipeline.dev/adpot': 'true' }, 'unknown annotation'],
  ['the name of a tag', { 'ses-lambda-pipeline.dev/name': 'x' }, 'unknown annotation'],
])('%s is refused', (_, annotations, message) => {
  const [key] = Object.keys(annotations);

  expect(issuesOf(annotations)).toMatchObject([{ path: ['metadata', 'annotations', key], message }]);
});

test('everything that is wrong is told at once', () => {
  const annotations = { [ADOPT]: 'yes', 'ses-lambda-pipeline.dev/adpot': 'true' };
  const parsed = parseManifest(document({ suspend: 1, nothing: 1 }, { annotations }));

  expect(parsed.ok ? [] : parsed.issues.map(({ path }) => path.at(-1))).toEqual([
    'nothing',
    'ses-lambda-pipeline.dev/adpot',
    'ses-lambda-pipeline.dev/adopt',
    'suspend',
  ]);
});

describe.each([
  { annotation: ADOPT, ask: asksForAdoption },
  { annotation: ABANDON, ask: isAbandoned },
])('$annotation', ({ annotation, ask }) => {
  test.each<[string, object, boolean]>([
    ['"true"', { annotations: { [annotation]: 'true' } }, true],
    ['"false"', { annotations: { [annotation]: 'false' } }, false],
    ['no annotation', {}, false],
  ])('is read from %s', (_, metadata, expected) => {
    expect(ask(manifest({}, metadata))).toBe(expected);
  });
});
