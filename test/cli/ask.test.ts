import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ask } from '../../src/cli/ask.ts';

const asked = (input: PassThrough, signal = new AbortController().signal): Promise<boolean> =>
  ask('Go on?', { input, output: new PassThrough(), signal });

describe('ask', () => {
  it.each([
    ['y\n', true],
    ['YES\r\n', true],
    ['n\n', false],
    ['\n', false],
    ['yes please\n', false],
  ])('takes %j for %s', async (typed, expected) => {
    const input = new PassThrough();
    input.write(typed);

    expect(await asked(input)).toBe(expected);
  });

  it('takes an input that ends without an answer for a no', async () => {
    const input = new PassThrough();
    input.end();

    expect(await asked(input)).toBe(false);
  });

  it('takes an input that was read to its end before for a no', async () => {
    const input = new PassThrough();
    input.end('a manifest from standard input');
    await text(input);

    expect(await asked(input)).toBe(false);
  });

  it('takes an interruption for a no', async () => {
    const interrupted = new AbortController();
    const answer = asked(new PassThrough(), interrupted.signal);
    interrupted.abort();

    expect(await answer).toBe(false);
  });
});
