import { describe, expect, it } from 'vitest';
import { parseSecret } from '../../src/code/secret.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('parseSecret', () => {
  it.each([
    { name: 'data in base64', secret: { data: { a: base64('x') } }, expected: { a: 'x' } },
    { name: 'base64 over several lines', secret: { data: { a: 'eHh4\neHh4\n' } }, expected: { a: 'xxxxxx' } },
    { name: 'stringData as it is', secret: { stringData: { a: 'x\n' } }, expected: { a: 'x\n' } },
    {
      name: 'both, where stringData wins',
      secret: { data: { a: base64('x'), b: base64('y') }, stringData: { a: 'z' } },
      expected: { a: 'z', b: 'y' },
    },
    { name: 'nothing', secret: { data: null }, expected: {} },
  ])('reads $name', ({ secret, expected }) => {
    const parsed = parseSecret(secret);

    const files = parsed.ok ? [...parsed.files].map(([key, bytes]) => [key, Buffer.from(bytes).toString()]) : [];
    expect(parsed.ok).toBe(true);
    expect(Object.fromEntries(files)).toEqual(expected);
  });

  it.each([
    { name: 'no base64', secret: { data: { a: 'canary!' } } },
    { name: 'a number', secret: { stringData: { a: 4711 } } },
    { name: 'a key that Kubernetes refuses', secret: { stringData: { 'a/b': 'canary' } } },
    { name: 'a list', secret: { data: ['canary'] } },
  ])('refuses $name, and does not quote it', ({ secret }) => {
    const parsed = parseSecret(secret);

    expect(parsed.ok).toBe(false);
    expect(JSON.stringify(parsed)).not.toMatch(/canary|4711/);
  });
});
