import { describe, expect, it } from 'vitest';
import { lostClaims } from '../../src/core/claims.ts';
import { block, rule } from './support/rules.ts';

const pipeline = (owner: string, ...rules: readonly (readonly string[])[]) =>
  block(
    rules.map((recipients, index) => rule(`r${index}`, { recipients })),
    { owner },
  );

const losers = (...pipelines: ReturnType<typeof pipeline>[]) =>
  [...lostClaims(pipelines)].map(([key, { reason, message }]) => `${key} ${reason}: ${message}`);

describe('lostClaims', () => {
  it.each([
    { name: 'different recipients', a: ['a@x.io'], b: ['b@x.io'] },
    { name: 'a domain and one of its addresses', a: ['x.io'], b: ['a@x.io'] },
    { name: 'an address and one of its labels', a: ['a@x.io'], b: ['a+l@x.io'] },
    { name: 'two rules for everybody', a: [], b: [] },
  ])('lets two pipelines have $name', ({ a, b }) => {
    expect(losers(pipeline('mail/one', a), pipeline('mail/two', b))).toEqual([]);
  });

  it('gives a recipient that two name to the first by namespace and name, in whatever order they come', () => {
    const lost = [
      'mail/two RecipientClaimed: Recipient a@x.io already belongs to pipeline mail/one; take it out of one of the two',
    ];

    expect(losers(pipeline('mail/one', ['a@x.io']), pipeline('mail/two', ['b@x.io', 'a@x.io']))).toEqual(lost);
    expect(losers(pipeline('mail/two', ['b@x.io', 'a@x.io']), pipeline('mail/one', ['a@x.io']))).toEqual(lost);
  });

  it('compares recipients without case', () => {
    expect(losers(pipeline('mail/one', ['a@x.io']), pipeline('mail/two', ['A@X.io']))).toHaveLength(1);
  });

  it('lets one pipeline name a recipient in several of its rules', () => {
    expect(losers(pipeline('mail/one', ['a@x.io'], ['a@x.io']))).toEqual([]);
  });

  it('lets a loser hold nothing, so that a third may have what the loser alone named', () => {
    const lost = losers(
      pipeline('mail/a', ['a@x.io']),
      pipeline('mail/b', ['a@x.io', 'b@x.io']),
      pipeline('mail/c', ['b@x.io']),
    );

    expect(lost.map((text) => text.split(' ')[0])).toEqual(['mail/b']);
  });
});
