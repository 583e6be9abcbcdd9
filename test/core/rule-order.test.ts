import { describe, expect, it } from 'vitest';
import { orderTarget } from '../../src/core/rule-order.ts';
import { rule, stop } from './support/rules.ts';

const named = (names: string) => names.split(' ').map((name) => rule(name));
const stopping = (name: string, recipients: readonly string[] = []) => rule(name, { recipients, actions: [stop] });

describe('orderTarget', () => {
  it.each([
    { name: 'is right for an empty set', rules: '', order: '' },
    {
      name: 'is right when ours follow each other as wanted, others in between or not',
      rules: 'a theirs b',
      order: 'a b',
    },
    { name: 'passes over names that are not in the set', rules: 'a c', order: 'a b c' },
  ])('$name', ({ rules, order }) => {
    expect(orderTarget(rules === '' ? [] : named(rules), order.split(' '))).toEqual({ kind: 'right' });
  });

  it.each([
    { name: 'names every rule of the set', rules: 'b a', order: 'a b', target: 'a b' },
    { name: 'deals out only the slots that ours hold', rules: 'x c y a z b', order: 'a b c', target: 'x a y b z c' },
    { name: 'works with a part of ours', rules: 'c x a', order: 'a b c', target: 'a x c' },
  ])('$name', ({ rules, order, target }) => {
    expect(orderTarget(named(rules), order.split(' '))).toEqual({ kind: 'reorder', names: target.split(' ') });
  });

  it('says which of ours would pass which stop of others', () => {
    const rules = [
      rule('b', { recipients: ['a@x.io'] }),
      stopping('theirs', ['x.io']),
      rule('a', { recipients: ['c@y.io'] }),
    ];

    expect(orderTarget(rules, ['a', 'b'])).toEqual({ kind: 'blocked', ours: 'b', foreign: 'theirs' });
  });

  it('lets a stop of others stand at the edge of what moves', () => {
    expect(orderTarget([stopping('first'), rule('b'), rule('a'), stopping('last')], ['a', 'b']).kind).toBe('reorder');
  });

  it('lets ours pass each other whatever they stop', () => {
    expect(orderTarget([stopping('b'), rule('a')], ['a', 'b']).kind).toBe('reorder');
  });

  it('lets a disabled rule of ours pass', () => {
    const rules = [rule('b', { enabled: false }), stopping('theirs', ['x.io']), rule('a', { recipients: ['c@y.io'] })];

    expect(orderTarget(rules, ['a', 'b']).kind).toBe('reorder');
  });
});
