import { expect, test } from 'vitest';
import { prints } from './walk.ts';

const SAID = 'Taken in as abc123.\n  ✓ create rule a 1.0 s\n  ✓ create rule b 1.1 s\nDone: 2 changes.\n';

test.each([
  ['whole lines', 'Done: 2 changes.\n'],
  ['a part of a line that differs each time', 'Taken in as ….\n'],
  ['any lines in between', '  ✓ create rule a …\n…\nDone: 2 changes.\n'],
  ['lines that were left out without a mark', 'Taken in as …\nDone: 2 changes.\n'],
])('finds %s', (_what, wanted) => {
  expect(prints(SAID, wanted)).toBe(true);
});

test.each([
  ['a line that was not printed', 'Done: 3 changes.\n'],
  ['the beginning of a line', 'Done: 2\n'],
  ['lines in another order', '  ✓ create rule b …\n  ✓ create rule a …\n'],
  ['a line twice that was printed once', 'Done: 2 changes.\nDone: 2 changes.\n'],
  ['signs that mean something in a pattern', 'Done. 2 changes.\n'],
])('does not find %s', (_what, wanted) => {
  expect(prints(SAID, wanted)).toBe(false);
});
