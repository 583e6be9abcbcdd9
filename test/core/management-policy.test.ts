import { expect, test } from 'vitest';
import { ABANDON } from '../../src/core/annotations.ts';
import { deletionIntent, restraintOf } from '../../src/core/management-policy.ts';
import { manifest } from './support/pipeline.ts';

const abandon = (value: string) => ({ annotations: { [ABANDON]: value } });

test.each<[string, object, object, object]>([
  ['by default', {}, {}, { kind: 'cleanUp' }],
  ['when suspended', { suspend: true }, {}, { kind: 'cleanUp' }],
  [
    'under Observe',
    { managementPolicy: 'Observe' },
    {},
    { kind: 'leave', because: 'spec.managementPolicy is Observe' },
  ],
  [
    'under NoDelete',
    { managementPolicy: 'NoDelete' },
    {},
    { kind: 'leave', because: 'spec.managementPolicy is NoDelete' },
  ],
  [
    'when abandoned',
    {},
    abandon('true'),
    { kind: 'leave', because: 'the annotation ses-lambda-pipeline.dev/abandon is "true"' },
  ],
  ['when not abandoned, in so many words', {}, abandon('false'), { kind: 'cleanUp' }],
])('deletion %s', (_, spec, metadata, intent) => {
  expect(deletionIntent(manifest(spec, metadata))).toEqual(intent);
});

test.each<[string, object, string]>([
  ['Observe', { managementPolicy: 'Observe' }, 'spec.managementPolicy is Observe'],
  ['suspend', { suspend: true }, 'it is suspended'],
  ['suspend, which goes further than Observe', { suspend: true, managementPolicy: 'Observe' }, 'it is suspended'],
])('what is written is held back by %s', (_, spec, words) => {
  expect(restraintOf(manifest(spec))).toContain(words);
});

test.each([{}, { managementPolicy: 'NoDelete' }])('what is written is not held back by %o', (spec) => {
  expect(restraintOf(manifest(spec))).toBeUndefined();
});
