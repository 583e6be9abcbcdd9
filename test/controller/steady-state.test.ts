import { describe, expect, it } from 'vitest';
import { createWorkQueue } from '../../src/controller/work-queue.ts';
import { manualClock } from '../kubernetes/support/manual-clock.ts';
import { controlling, MINUTE_MS } from './support/controlling.ts';
import { resource } from './support/resource.ts';

const INTERVAL_MS = 10 * MINUTE_MS;
const INTERVALS = 6;
/** Jitter brings everybody back up to a tenth of the interval earlier or later. */
const [FEWEST, MOST] = [Math.floor(INTERVALS / 1.1), Math.ceil(INTERVALS / 0.9)];

const pipelines = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    resource(
      { receiptRules: [{ name: 'Default', recipients: [`p${index}@example.com`] }] },
      { key: `mail/p${String(index).padStart(2, '0')}` },
    ),
  );

describe.each([1, 5, 50])('%i settled pipelines of a region', (count) => {
  it('cost SES one read for each interval, and nobody a write, for an hour', async () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const clock = manualClock(random);
    const queue = createWorkQueue<string>({
      clock,
      minRetryMs: 1_000,
      maxRetryMs: 5 * MINUTE_MS,
      groupOf: () => 'us-west-2',
    });
    const { aws, source, finished } = controlling(pipelines(count), { clock, queue, driftIntervalMs: INTERVAL_MS });
    await clock.runUntil(() => finished.length >= count, MINUTE_MS);
    // Whoever was made early in the first minute is looked at again with the others.
    await clock.advance(INTERVAL_MS);
    const reads = () => aws.calls.filter((call) => call.startsWith('receiptRules.describe')).length;
    const before = { reads: reads(), writes: aws.writes().length, statuses: source.statuses.length };
    const looked = finished.length;

    await clock.advance(INTERVALS * INTERVAL_MS);

    expect(finished.length - looked).toBeGreaterThan(count * (INTERVALS - 1));
    expect(reads() - before.reads).toBeLessThanOrEqual(MOST);
    expect(reads() - before.reads).toBeGreaterThanOrEqual(FEWEST);
    expect(aws.writes().length - before.writes).toBe(0);
    expect(source.statuses.length - before.statuses).toBe(0);
  });
});
