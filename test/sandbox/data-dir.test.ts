import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDataDir, type DataDir } from '../../src/sandbox/data-dir.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const OWNER = { account: '123456789012', partition: 'aws' };

function opened(folder: string, owner = OWNER): DataDir {
  const dataDir = openDataDir(folder, owner);
  onTestFinished(() => dataDir.close());
  return dataDir;
}

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

const REUSED_NUMBER: [string, () => Promise<string>] = [
  'of an earlier process with the number of a living one',
  () => Promise.resolve(JSON.stringify({ pid: process.pid, startedAt: '1' })),
];

describe('a data folder', () => {
  test('is made with its files closed to others', () => {
    const folder = join(temporaryFolder(), 'new', 'data');
    opened(folder);
    expect(statSync(folder).mode & 0o077).toBe(0);
    for (const name of ['history', 'sandbox.json']) expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
  });

  test('says which format it has, and whose it is', () => {
    const folder = temporaryFolder();
    opened(folder);
    expect(JSON.parse(readFileSync(join(folder, 'sandbox.json'), 'utf8'))).toEqual({
      format: 'ses-lambda-pipeline.dev/sandbox-data/v2',
      ...OWNER,
    });
  });

  test('is refused while a living process has it', () => {
    const folder = temporaryFolder();
    opened(folder);
    expect(() => openDataDir(folder, OWNER)).toThrow(
      `${folder} is in use by the sandbox with process id ${process.pid}: stop that one, or take another --data-dir.`,
    );
  });

  test('may be had again once it is closed', () => {
    const folder = temporaryFolder();
    openDataDir(folder, OWNER).close();
    expect(() => opened(folder)).not.toThrow();
  });

  test.each<[string, () => Promise<string>]>([
    ['of a process that has ended', async () => JSON.stringify({ pid: await deadPid(), startedAt: '1' })],
    ['that nobody can read', () => Promise.resolve('garbage')],
    ['that is empty', () => Promise.resolve('')],
    // Only Linux tells when a process began.
    ...(process.platform === 'linux' ? [REUSED_NUMBER] : []),
  ])('takes over a lock %s', async (_what, content) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock'), await content());
    opened(folder);
    expect(readdirSync(folder).sort()).toEqual(['history', 'lock', 'sandbox.json']);
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  });

  test('of another format is left alone', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'sandbox.json'), JSON.stringify({ format: 'ses-lambda-pipeline.dev/sandbox-data/v99' }));
    expect(() => openDataDir(folder, OWNER)).toThrow(/written by another version of the sandbox \(.*v99, this one/);
    expect(readdirSync(folder)).toEqual(['sandbox.json']);
  });

  test('of another account is left alone', () => {
    const folder = temporaryFolder();
    openDataDir(folder, { ...OWNER, account: '111122223333' }).close();
    expect(() => openDataDir(folder, OWNER)).toThrow('belongs to the account 111122223333');
  });

  test('is not made out of a folder that holds other things', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'holiday-pictures'));
    expect(() => openDataDir(folder, OWNER)).toThrow('holds other things than a sandbox');
    expect(readdirSync(folder)).toEqual(['holiday-pictures']);
  });
});
