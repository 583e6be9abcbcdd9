import { describe, expect, it } from 'vitest';
import { withoutValues } from '../../src/aws/hidden-values.ts';

const said = (message: string, environment: Readonly<Record<string, string>>): string => {
  const error = new Error(message);
  expect(withoutValues(error, environment)).toBe(error);
  return `${error.message} ${error.stack}`;
};

describe('withoutValues', () => {
  it('takes every value out of message and stack, and leaves the names', () => {
    const environment = { PASSWORD: 'hunter22', URL: 'https://user:hunter22@host' };

    const text = said(`String measured: ${JSON.stringify(environment)}`, environment);

    expect(text).toContain('String measured: {"PASSWORD":"(hidden)","URL":"(hidden)"}');
    expect(text).not.toContain('hunter22');
  });

  it('knows a value as JSON writes it', () => {
    const environment = { KEY: 'first line\n"second" line' };

    expect(said(JSON.stringify(environment), environment)).not.toContain('second');
  });

  it('leaves what is too short to be a secret, or every other word would go', () => {
    expect(said('Memory must be at least 128', { STAGE: 'a', SIZE: '128' })).toContain('Memory must be at least 128');
  });

  it('passes on what is no error', () => {
    expect(withoutValues('text', { A1: 'text' })).toBe('text');
  });
});
