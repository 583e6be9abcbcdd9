import { expect, test } from 'vitest';
import { packCode } from '../../src/code/pack-code.ts';
import { rememberingPack } from '../../src/code/remembering-pack.ts';

const files = (text: string, name = 'index.mjs') => new Map([[name, Buffer.from(text)]]);
const runtime = 'nodejs24.x';

test('the same files are packed once, and as they always are', () => {
  const pack = rememberingPack();
  const first = pack(files('a'), { runtime });
  expect(pack(files('a'), { runtime })).toBe(first);
  expect(first).toEqual(packCode(files('a'), { runtime }));
});

test.each([
  ['content', files('b'), runtime],
  ['name', files('a', 'other.mjs'), runtime],
  ['runtime', files('a'), 'nodejs22.x'],
])('another %s is packed for itself', (_what, other, itsRuntime) => {
  const pack = rememberingPack();
  const first = pack(files('a'), { runtime });
  const second = pack(other, { runtime: itsRuntime });
  expect(second).not.toBe(first);
  expect(second).toEqual(packCode(other, { runtime: itsRuntime }));
});

test('only so much is kept', () => {
  const pack = rememberingPack(200);
  const first = pack(files('a'), { runtime });
  pack(files('b'), { runtime });
  expect(pack(files('a'), { runtime })).not.toBe(first);
});
