import { expect, test } from 'vitest';
import { judgeLease, type LeaseFacts } from '../../src/diagnosis/lease-health.ts';

const HOLDER = 'controller-7d9f_0b7c2f0a-1111-4222-8333-944455556666';
const NOW = Date.UTC(2026, 0, 2);

const lease = (over: Partial<LeaseFacts> = {}): LeaseFacts => ({
  lease: 'mail/ses-lambda-pipeline',
  holder: HOLDER,
  durationMs: 15_000,
  renewedAtMs: NOW - 1_000,
  acquiredAtMs: NOW - 86_400_000,
  transitions: 3,
  readAtMs: NOW,
  ...over,
});

test.each<[string, Partial<LeaseFacts>, string, RegExp]>([
  ['that is renewed', {}, 'ok', /^controller-7d9f_\S+ holds Lease mail\/ses-lambda-pipeline, renewed 1 s ago$/],
  ['that was let go', { holder: undefined }, 'fail', /^No controller is running/],
  ['that ran out', { renewedAtMs: NOW - 60_000 }, 'fail', /has lost its Lease .* 60 s ago and lasts 15 s/],
  ['that is a moment late', { renewedAtMs: NOW - 19_000 }, 'ok', /renewed 19 s ago/],
  ['that was never renewed', { renewedAtMs: undefined }, 'fail', /was last renewed never/],
  ['that changes hands all the time', { transitions: 9, acquiredAtMs: NOW - 60_000 }, 'warn', /changed hands 9 times/],
  ['that changed hands often, long ago', { transitions: 9 }, 'ok', /holds Lease/],
  ['whose holder has a clock that is ahead', { renewedAtMs: NOW + 3_000 }, 'ok', /renewed 0 s ago/],
])('a Lease %s', (_, over, outcome, message) => {
  expect(judgeLease(lease(over))).toMatchObject({ outcome, message: expect.stringMatching(message) });
});

test('the next step names the pod, which is the holder without what tells its processes apart', () => {
  expect(judgeLease(lease({ renewedAtMs: 0 })).todo).toContain('Look at why controller-7d9f ended');
});
