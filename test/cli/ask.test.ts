import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ask } from '../../src/cli/ask.ts';

const asked = (
  input: PassThrough,
  signal = new AbortController().signal,
  output: NodeJS.WritableStream = new PassThrough(),
  interrupt = (): void => {},
): Promise<boolean> => ask('Go on?', { input, output, signal, interrupt });

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

  it('hands on Ctrl-C, which a terminal that is asked makes no signal of', async () => {
    const interrupted = new AbortController();
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
    const output = Object.assign(new PassThrough(), { isTTY: true });
    const answer = asked(input, interrupted.signal, output, () => interrupted.abort());
    input.write('\u0003');

    expect(await answer).toBe(false);
    expect(interrupted.signal.aborted).toBe(true);
  });
});
