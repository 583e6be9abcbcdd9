import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../files/temporary-folder.ts';
import { exclusively } from './exclusively.ts';

const folder = temporaryFolder();

test('takes over the lock of a process that has died, and gives it back', async () => {
  const { pid } = spawnSync('true');
  const lock = folder.write('lock', String(pid));

  const result = await exclusively(lock, () => Promise.resolve('done'));

  expect(result).toBe('done');
  expect(existsSync(lock)).toBe(false);
});

test('gives the lock back when the work fails', async () => {
  const lock = folder.path('lock');

  await expect(exclusively(lock, () => Promise.reject(new Error('work failed')))).rejects.toThrow('work failed');

  expect(existsSync(lock)).toBe(false);
});
