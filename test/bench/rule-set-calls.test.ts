import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { measureRuleSetCalls, PAGE, ruleSetCallsPage } from './rule-set-calls.ts';

describe('calls to SES', { timeout: 120_000 }, () => {
  it('are as few as the formula allows, and as the page says; otherwise run npm run bench:rules', async () => {
    const measured = await measureRuleSetCalls();

    expect(measured.filter(({ calls, bound }) => calls > bound * 1.03)).toEqual([]);
    expect(measured.filter(({ calls, seconds }) => seconds > calls * 1.15)).toEqual([]);
    expect(readFileSync(PAGE, 'utf8')).toBe(ruleSetCallsPage(measured));
  });
});
