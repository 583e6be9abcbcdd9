import { expect, test } from 'vitest';
import { customResourceDefinition } from '../../src/core/crd.ts';
import { judgeCrd } from '../../src/diagnosis/crd-difference.ts';

type Definition = { spec: { versions: { name: string; schema: { openAPIV3Schema: Schema } }[] } };
type Schema = { properties: Record<string, Schema>; description?: string; pattern?: string };

/** The definition as it is, changed by somebody. */
function changed(change: (spec: Schema) => void): object {
  const copy = structuredClone(customResourceDefinition()) as Definition;
  const spec = copy.spec.versions[0]?.schema.openAPIV3Schema.properties['spec'];
  if (spec !== undefined) change(spec);
  return copy;
}

const judge = (live: unknown) =>
  judgeCrd({ crd: customResourceDefinition(), version: 'v1alpha1', program: 'kubectl slp' }, live);

test.each<[string, unknown, string, RegExp]>([
  ['is not there', undefined, 'fail', /its CRD is not installed/],
  ['is the same', changed(() => {}), 'ok', /that of this program/],
  ['has other words', changed((spec) => (spec.description = 'other')), 'ok', /that of this program/],
  [
    'lacks fields',
    changed((spec) => {
      delete spec.properties['interval'];
      delete spec.properties['ruleSet']?.properties['rollout'];
    }),
    'fail',
    /it lacks spec\.interval, spec\.ruleSet\.rollout, and the API server drops such fields/,
  ],
  ['has fields more', changed((spec) => (spec.properties['later'] = { properties: {} })), 'warn', /newer.*spec\.later/],
  [
    'judges a field otherwise',
    changed((spec) => {
      const region = spec.properties['region'];
      if (region !== undefined) region.pattern = '^x$';
    }),
    'warn',
    /judges 1 field in another way than this program: spec\.region/,
  ],
])('a CRD that %s', (_, live, outcome, message) => {
  expect(judge(live)).toMatchObject({ outcome, message: expect.stringMatching(message) });
});

test('a CRD without our version', () => {
  expect(judge({ spec: { versions: [] } })).toMatchObject({
    outcome: 'fail',
    message: 'The CRD in the cluster has no version v1alpha1',
  });
});
