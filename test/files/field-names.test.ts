import { describe, expect, test } from 'vitest';
import { suggestField } from '../../src/files/field-names.ts';

describe('suggestField', () => {
  test.each([
    ['a missing letter', ['spec', 'receiptRules', 3], 'recipient', 'recipients'],
    ['the wrong case', ['spec'], 'RULESET', 'ruleSet'],
    ['two letters exchanged', ['spec', 'function'], 'rutnime', 'runtime'],
    ['the beginning of a field', ['spec', 'function'], 'memory', 'memorySize'],
    ['a field with a unit', ['spec', 'function'], 'timeoutSeconds', 'timeout'],
    ['a field of the root', [], 'metdata', 'metadata'],
    ['a field in a list in an object', ['spec', 'role', 'privileges', 0], 'action', 'actions'],
  ])('knows %s', (_name, path, name, field) => {
    expect(suggestField(path, name)).toBe(field);
  });

  test.each([
    ['a word like no field', ['spec'], 'color'],
    ['two letters', ['spec', 'function', 'code'], 'xy'],
    ['a field of another place', ['spec'], 'recipients'],
    ['a place that does not exist', ['spec', 'nowhere', 0], 'name'],
    ['a place called as a prototype', ['__proto__', 'constructor'], 'name'],
    ['a map of free names', ['spec', 'function', 'environment'], 'name'],
  ])('makes nothing of %s', (_name, path, name) => {
    expect(suggestField(path, name)).toBeUndefined();
  });
});
