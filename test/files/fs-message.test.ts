import { expect, test } from 'vitest';
import { fsMessage } from '../../src/files/fs-message.ts';

test.each([
  ['ENOENT', 'does not exist'],
  ['ENOTDIR', 'does not exist'],
  ['EACCES', 'may not be read: permission denied'],
  ['EIO', 'cannot be read (EIO)'],
  [undefined, 'cannot be read'],
])('says what %s means', (code, message) => {
  expect(fsMessage(Object.assign(new Error('raw'), code === undefined ? {} : { code }))).toBe(message);
});
