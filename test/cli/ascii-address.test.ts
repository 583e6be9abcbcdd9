import { expect, test } from 'vitest';
import { asciiAddress } from '../../src/cli/ascii-address.ts';

test.each([
  ['user@bücher.example', 'user@xn--bcher-kva.example'],
  ['user@xn--bcher-kva.example', 'user@xn--bcher-kva.example'],
  ['"odd@name"@bücher.example', '"odd@name"@xn--bcher-kva.example'],
  ['user@a..b', 'user@a..b'],
  ['user@not a domain', 'user@not a domain'],
])('%s is %s to SES', (typed, known) => {
  expect(asciiAddress(typed)).toBe(known);
});
