import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { findBinaries } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';

const ROOT = join(import.meta.dirname, '../..');

let cluster: ControlPlane;
let sandbox: Sandbox;

beforeAll(async () => {
  cluster = await startControlPlane();
  sandbox = await startSandbox({ port: 0, smtpPort: 0 });
});

afterAll(async () => {
  await sandbox.stop();
  await cluster.stop();
});

/** What README says is to be typed, from an empty cluster to a Ready pipeline. */
function commands(): readonly string[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, block = ''] = /A test runs these lines[^\n]*\n+```sh\n([\s\S]*?)```/.exec(readme) ?? [];
  return block.trim().split('\n');
}

test('the commands of the README lead from an empty cluster to a Ready pipeline', async () => {
  const { kubectl } = await findBinaries();
  // The sandbox of the README has the usual port; ours has a free one.
  const script = commands().join('\n').replaceAll('http://127.0.0.1:4566', sandbox.url);
  const shell = spawn('sh', ['-ec', script], {
    cwd: ROOT,
    detached: true, // with the controller it leaves behind, as in a terminal
    env: {
      PATH: [dirname(kubectl), process.env['PATH']].join(delimiter),
      HOME: process.env['HOME'],
      KUBECONFIG: cluster.adminKubeconfig,
      SES_LAMBDA_PIPELINE_SES_CALLS_PER_SECOND: '50', // the sandbox holds no pace
      SES_LAMBDA_PIPELINE_METRICS_ADDRESS: '127.0.0.1:0',
      SES_LAMBDA_PIPELINE_HEALTH_ADDRESS: '127.0.0.1:0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(shell.stdout), text(shell.stderr)]);
  const end = async (): Promise<string> => {
    if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGTERM');
    return (await said).join('\n');
  };
  onTestFinished(() => void end().catch(() => {}));

  const [code] = (await once(shell, 'exit')) as [number | null];

  expect({ code, said: code === 0 ? '' : await end() }).toEqual({ code: 0, said: '' });
  expect(commands()).toHaveLength(5);
  const table = await cluster.kubectl('get', 'slp', '-n', 'mail');
  expect(table.out).toMatch(/spartaapplication +True +Succeeded/);
}, 120_000);
