import { describe, expect, test } from 'vitest';
import { matchingConditions, recipientMatches } from '../../src/sandbox/ses-recipient.ts';

describe('recipientMatches', () => {
  test.each([
    ['user@example.com', 'user@example.com', true],
    ['user@example.com', 'User@EXAMPLE.com', true],
    ['User@Example.com', 'user@example.com', true],
    ['user@example.com', 'user+label@example.com', true],
    ['user@example.com', 'user+a+b@example.com', true],
    ['user@example.com', 'user2@example.com', false],
    ['user@example.com', 'user@sub.example.com', false],
    ['user+label@example.com', 'user+label@example.com', true],
    ['user+label@example.com', 'user@example.com', false],
    ['user+label@example.com', 'user+other@example.com', false],
    ['example.com', 'anyone@example.com', true],
    ['example.com', 'anyone@Example.COM', true],
    ['example.com', 'anyone@sub.example.com', false],
    ['example.com', 'anyone@notexample.com', false],
    ['.example.com', 'anyone@sub.example.com', true],
    ['.example.com', 'anyone@a.b.example.com', true],
    ['.example.com', 'anyone@example.com', false],
    ['.example.com', 'anyone@notexample.com', false],
    ['example.com', '"odd@local"@example.com', true],
    ['example.com', 'no-address', false],
    ['@example.com', 'user@example.com', false],
  ])('%s captures %s: %s', (condition, recipient, expected) => {
    expect(recipientMatches(condition, recipient)).toBe(expected);
  });
});

describe('matchingConditions', () => {
  test('names every condition that captures the recipient', () => {
    const conditions = ['a@example.com', 'example.com', '.example.com'];
    expect(matchingConditions(conditions, 'a@example.com')).toEqual(['a@example.com', 'example.com']);
  });

  test('captures everybody when the rule has no condition', () => {
    expect(matchingConditions([], 'anyone@anywhere.test')).toEqual(['*']);
  });
});
