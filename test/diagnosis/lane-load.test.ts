import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { judgeLane, readLaneLoad } from '../../src/diagnosis/lane-load.ts';
import { createMetrics } from '../../src/service/metrics.ts';

/** A page as the controller shows it, after calls that waited so long. */
async function page(waitsMs: readonly number[], throttled = 0): Promise<string> {
  const metrics = createMetrics({ registry: new Registry(), now: () => 0, version: '1', concurrency: 1 });
  for (const waitMs of waitsMs) metrics.aws.laneWaited(waitMs);
  for (let call = 0; call < throttled; call += 1)
    metrics.aws.awsCalled({ service: 'ses', operation: 'CreateReceiptRule', code: 'Throttling', durationMs: 1 });
  return (await metrics.scrape()).text;
}

describe('the load of a lane', () => {
  test.each<[string, readonly number[], number, string, RegExp]>([
    ['that nobody has used', [], 0, 'ok', /has not been called yet/],
    ['in which calls go at once', [0, 0, 10], 0, 'ok', /wait up to 0\.1 s for their turn/],
    ['in which one call of many waits', [...Array<number>(99).fill(0), 60_000], 0, 'ok', /up to 0\.1 s/],
    [
      'that is saturated',
      [15_000, 25_000, 28_000],
      0,
      'warn',
      /^The lane to SES is saturated: of 3 calls nine in ten waited up to 30 s/,
    ],
    ['that is hopeless', [900_000], 0, 'warn', /waited more than 10 minutes/],
    ['that others use up', [0, 0], 3, 'warn', /^SES has throttled 3 calls of the controller: others use/],
  ])('%s', async (_, waits, throttled, outcome, message) => {
    const load = readLaneLoad(await page(waits, throttled));

    expect(load && judgeLane(load)).toMatchObject({ outcome, message: expect.stringMatching(message) });
  });

  test.each(['', '<html></html>', '# HELP up\nup 1\n'])('is not read off the page of another program: %j', (text) => {
    expect(readLaneLoad(text)).toBeUndefined();
  });
});
