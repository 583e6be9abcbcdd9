import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startReaper } from './reaper.ts';

/** A zombie, which waits for a parent that will not come, counts as dead. */
const isAlive = (pid: number): boolean =>
  /^[^Z]/.test(
    spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
      .stdout.toString()
      .trim(),
  );

test('kills what it watches and removes the folder', async () => {
  const reaper = await startReaper();
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  reaper.watch(child);

  await Promise.all([reaper.reap(), once(child, 'exit')]);

  expect(child.signalCode).toBe('SIGKILL');
  expect(existsSync(reaper.folder)).toBe(false);
});

test('does the same when its process is killed', async () => {
  const script = `
    import { spawn, spawnSync } from 'node:child_process';
    import { startReaper } from ${JSON.stringify(new URL('reaper.ts', import.meta.url).href)};
    const reaper = await startReaper();
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    reaper.watch(child);
    console.log(JSON.stringify({ pid: child.pid, folder: reaper.folder }));`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  const { pid, folder } = JSON.parse(line.toString()) as { readonly pid: number; readonly folder: string };
  expect([isAlive(pid), existsSync(folder)]).toEqual([true, true]);

  owner.kill('SIGKILL');

  await expect.poll(() => [isAlive(pid), existsSync(folder)]).toEqual([false, false]);
});
