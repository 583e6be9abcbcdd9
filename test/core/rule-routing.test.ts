import { describe, expect, it } from 'vitest';
import type { ReceiptRule } from '../../src/core/receipt-rule.ts';
import { judgeRules } from '../../src/core/rule-routing.ts';
import { ask, block, bounce, invoke, PREFIX, rule, stop, store } from './support/rules.ts';

const theirs = (over: Partial<ReceiptRule> = {}): ReceiptRule => rule('theirs', { actions: [stop], ...over });
const ours = (name: string, over: Partial<ReceiptRule> = {}): ReceiptRule =>
  rule(PREFIX + name, { recipients: ['a@example.com'], ...over });

function findings(...rules: readonly ReceiptRule[]) {
  const own = rules.filter(({ name }) => name.startsWith(PREFIX));
  return judgeRules(block(own), { name: 'set', rules }).map(({ kind, rule: about }) => `${kind} ${about ?? ''}`);
}

describe('rules of a pipeline', () => {
  it.each<[string, readonly ReceiptRule[], readonly string[]]>([
    ['alone', [ours('A')], []],
    ['behind a rule that lets everything through', [theirs({ actions: [store()] }), ours('A')], []],
    ['behind a stop', [theirs(), ours('A')], [`stoppedByOther ${PREFIX}A`]],
    ['behind a stop that is not enabled', [theirs({ enabled: false }), ours('A')], []],
    ['behind a stop for others', [theirs({ recipients: ['b@example.com'] }), ours('A')], []],
    ['before a stop', [ours('A'), theirs()], []],
    [
      'behind a stop for a part of the mail',
      [theirs({ recipients: ['a@example.com'] }), ours('A', { recipients: ['example.com'] })],
      [`stoppedByOther ${PREFIX}A`],
    ],
    [
      'behind a stop that never gets the mail itself',
      [ours('A', { actions: [invoke(), stop] }), theirs(), ours('B', { recipients: ['b@example.com'] })],
      [`stoppedByOther ${PREFIX}B`],
    ],
    ['behind a bounce of others', [theirs({ actions: [bounce] }), ours('A')], [`mayBeStopped ${PREFIX}A`]],
    [
      'behind a function of others that is asked',
      [theirs({ actions: [ask()] }), ours('A')],
      [`mayBeStopped ${PREFIX}A`],
    ],
    ['behind a stop of their own', [ours('A', { actions: [invoke(), stop] }), ours('B')], [`unreachable ${PREFIX}B`]],
    [
      'behind a stop of their own for a part',
      [ours('A', { actions: [invoke(), stop] }), ours('B', { recipients: ['example.com'] })],
      [],
    ],
    ['that ask, one behind the other', [ours('A', { actions: [ask('arn:a')] }), ours('B')], []],
    ['that are not enabled', [theirs(), ours('A', { enabled: false })], []],
    ['that take the same mail', [ours('A'), ours('B')], [`doubled ${PREFIX}B`]],
    ['of which the second takes all', [ours('A'), ours('B', { recipients: [] })], [`doubled ${PREFIX}B`]],
    ['that take the same mail for different functions', [ours('A'), ours('B', { actions: [invoke('arn:b')] })], []],
    ['that take different mail', [ours('A'), ours('B', { recipients: ['b@example.com'] })], []],
  ])('%s', (_, rules, expected) => {
    expect(findings(...rules)).toEqual(expected);
  });

  it('that are not in the set are not looked at', () => {
    expect(judgeRules(block([ours('A')]), { name: 'set', rules: [theirs()] })).toEqual([]);
  });

  it('say whose rule is in the way, how much it takes, and what to do', () => {
    const [all, some] = [theirs(), theirs({ recipients: ['a@example.com'] })].map((stopping) => {
      const wide = ours('A', { recipients: ['example.com'] });
      return judgeRules(block([wide]), { name: 'set', rules: [stopping, wide] })[0]?.message;
    });

    expect(all).toBe(
      `Rule theirs, not of this pipeline, ends the evaluation before rule ${PREFIX}A sees any of its mail. Ask its owner to move it behind, or to take the stop or the shared recipients out of it`,
    );
    expect(some).toContain('sees some of its mail');
  });
});
