import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstCheckMs, nextCheckMs } from '../../src/controller/drift-timing.ts';

it.each([
  { random: 0, expected: 900 },
  { random: 0.5, expected: 1000 },
  { random: 0.75, expected: 1050 },
])('spreads an interval of 1000 ms with a jitter of 0.1 to $expected ms for $random', ({ random, expected }) => {
  expect(nextCheckMs(1000, 0.1, random)).toBe(expected);
});

it('keeps the interval as it is without jitter', () => {
  expect([0, 0.5, 0.999].map((random) => nextCheckMs(600_000, 0, random))).toEqual([600_000, 600_000, 600_000]);
});

it('stays within the jitter, and never goes into the past', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 86_400_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (intervalMs, jitter, random) => {
        const delayMs = nextCheckMs(intervalMs, jitter, random);
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(intervalMs * (1 - jitter)));
        expect(delayMs).toBeLessThanOrEqual(Math.ceil(intervalMs * (1 + jitter)));
        expect(Number.isInteger(delayMs)).toBe(true);
      },
    ),
  );
});

it('spreads first checks evenly over the interval', () => {
  const delays = Array.from({ length: 1000 }, (_, index) => firstCheckMs(600_000, index / 1000));
  const inEachTenth = Array.from(
    { length: 10 },
    (_, tenth) => delays.filter((ms) => ms > tenth * 60_000 && ms <= (tenth + 1) * 60_000).length,
  );

  expect(inEachTenth).toEqual(Array.from({ length: 10 }, () => 100));
});

it('never puts a first check off beyond the interval, nor into the past', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 86_400_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (intervalMs, random) => {
        expect(firstCheckMs(intervalMs, random)).toBeGreaterThan(0);
        expect(firstCheckMs(intervalMs, random)).toBeLessThanOrEqual(intervalMs);
      },
    ),
  );
});
