import { expect, test } from 'vitest';
import { intervalMsOf } from '../../src/core/interval.ts';
import { parseManifest } from '../../src/core/manifest.ts';
import { document, manifest } from './support/pipeline.ts';

test.each<[string, number]>([
  ['30s', 30_000],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['30000ms', 30_000],
  ['24h', 86_400_000],
])('%s is an interval of %i ms', (interval, ms) => {
  expect(intervalMsOf(manifest({ interval }))).toBe(ms);
});

test('is undefined where the manifest names none: the controller has its own', () => {
  expect(intervalMsOf(manifest())).toBeUndefined();
});

test.each(['29s', '29999ms', '24h1ms', '10', '10 m', '-1h', '1.5h', '1d', '', '999999999h'])(
  '%j is refused, in one sentence',
  (interval) => {
    const parsed = parseManifest(document({ interval }));

    expect(parsed).toMatchObject({
      ok: false,
      issues: [
        { path: ['spec', 'interval'], message: 'must be a duration from 30s to 24h, such as 90s, 10m or 1h30m' },
      ],
    });
  },
);
