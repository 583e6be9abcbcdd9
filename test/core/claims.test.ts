import { describe, expect, it } from 'vitest';
import { lostClaims, type Claimant } from '../../src/core/claims.ts';

const pipeline = (owner: string, ...recipients: readonly (readonly string[])[]): Claimant => ({
  owner,
  createdAtMs: undefined,
  recipients,
});
const aged = (createdAtMs: number, claimant: Claimant): Claimant => ({ ...claimant, createdAtMs });

const losers = (...claimants: Claimant[]) =>
  [...lostClaims(claimants)].map(([owner, { reason, message }]) => `${owner} ${reason}: ${message}`);
const namesOf = (lost: readonly string[]) => lost.map((text) => text.split(' ')[0]);

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
      'mail/two RecipientClaimed: spec.receiptRules[0].recipients[1] already belongs to pipeline mail/one; take it out of one of the two',
    ];

    expect(losers(pipeline('mail/one', ['a@x.io']), pipeline('mail/two', ['b@x.io', 'a@x.io']))).toEqual(lost);
    expect(losers(pipeline('mail/two', ['b@x.io', 'a@x.io']), pipeline('mail/one', ['a@x.io']))).toEqual(lost);
  });

  it('gives it to the oldest where their age is known', () => {
    const [one, two, three] = ['mail/one', 'mail/two', 'mail/three'].map((owner) => pipeline(owner, ['a@x.io']));
    if (one === undefined || two === undefined || three === undefined) throw new Error('there are three');

    expect(namesOf(losers(aged(30, one), aged(10, two), aged(20, three)))).toEqual(['mail/three', 'mail/one']);
    expect(namesOf(losers(aged(10, one), aged(10, two)))).toEqual(['mail/two']);
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

    expect(namesOf(lost)).toEqual(['mail/b']);
  });
});
