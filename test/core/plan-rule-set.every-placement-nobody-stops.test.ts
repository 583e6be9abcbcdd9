import { describe, expect, it } from 'vitest';
import { allCases, tally } from './support/rule-cases.ts';

describe('planRuleSet, every small case of a change of placement in which nobody ends the evaluation', () => {
  it('keeps every promise', { timeout: 180_000 }, () => {
    const { cases, broken, blocked } = tally(allCases('nobody', 'changed'));

    expect(broken.slice(0, 5)).toEqual([]);
    expect(cases).toBe(49332);
    expect(blocked).toBe(0);
  });
});
