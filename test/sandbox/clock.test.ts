import { describe, expect, test } from 'vitest';
import { movableClock } from '../../src/sandbox/clock.ts';
import { cli } from '../cli/support.ts';
import { manualClock } from './mail-fixture.ts';
import { invoke, startWith, texts } from './support/one-function.ts';

describe('a clock that can be put forward', () => {
  test('wakes whoever is due, and nobody else', async () => {
    const clock = movableClock(manualClock(0));
    const woken: string[] = [];
    const early = clock.sleep(60_000).then(() => woken.push('early'));
    const late = clock.sleep(120_000).then(() => woken.push('late'));
    clock.advance(60_000);
    await early;
    expect(woken).toEqual(['early']);
    expect(clock.now()).toBe(60_000);
    clock.advance(60_000);
    await late;
  });

  test('goes on with the clock beneath it', async () => {
    const beneath = manualClock(0);
    const clock = movableClock(beneath);
    const asleep = clock.sleep(60_000);
    clock.advance(59_000);
    beneath.advance(1_000);
    await asleep;
    expect(clock.now()).toBe(60_000);
  });

  test('does not keep whoever no longer wants to sleep', async () => {
    const stop = new AbortController();
    const clock = movableClock(manualClock(0));
    const asleep = clock.sleep(60_000, stop.signal);
    stop.abort();
    await asleep;
    expect(clock.now()).toBe(0);
  });
});

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
test('a failing event is tried again as soon as the clock of the sandbox is put forward', async () => {
  await using world = await startWith(`export const handler = async () => { throw new Error('no') }`);
  const { requestId } = await invoke(world, {}, 'Event');
  await world.sandbox.idle();
  const starts = () => texts(world).filter((text) => text.startsWith(`START RequestId: ${requestId}`)).length;
  expect(starts()).toBe(1);

  const { code, out } = await cli(['sandbox', 'advance', '1m', '--endpoint-url', world.sandbox.url]);
  expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^It is \S+Z in the sandbox\.$/) });
  await world.sandbox.idle();
  expect(starts()).toBe(2);

  expect((await cli(['sandbox', 'advance', 'soon', '--endpoint-url', world.sandbox.url])).err).toBe(
    'Error: soon is not a duration: write it as 90s, 2m or 1h',
  );
});
