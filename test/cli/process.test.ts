import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { folder, manifestText, silentServer } from './support.ts';

const BIN = new URL('../../bin/ses-lambda-pipeline.js', import.meta.url).pathname;

function run(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, ended: once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]> };
}

describe('the process', () => {
  it('finishes an apply although nobody reads its progress any more', async () => {
    const sandbox = await startSandbox({ port: 0, smtpPort: 0 });
    onTestFinished(() => sandbox.stop());
    const manifest = join(folder({ 'pipeline.json': manifestText() }), 'pipeline.json');
    const common = ['-f', manifest, '--endpoint-url', sandbox.url, '--ses-calls-per-second', '1000'];

    const apply = run(['apply', ...common]);
    apply.child.stdout.resume();
    apply.child.stderr.once('data', () => apply.child.stderr.destroy());

    expect(await apply.ended).toEqual([0, null]);
    const plan = run(['plan', ...common]);
    plan.child.stdout.resume();
    plan.child.stderr.resume();
    expect(await plan.ended).toEqual([0, null]);
  });

  it('keeps its exit code when nobody reads its output', async () => {
    const sandbox = await startSandbox({ port: 0, smtpPort: 0 });
    onTestFinished(() => sandbox.stop());
    const manifest = join(folder({ 'pipeline.json': manifestText() }), 'pipeline.json');

    const plan = run(['plan', '-f', manifest, '--endpoint-url', sandbox.url, '--ses-calls-per-second', '1000']);
    plan.child.stdout.destroy();
    plan.child.stderr.resume();

    expect(await plan.ended).toEqual([2, null]);
  });

  it.each([
    ['npx, which finds what the PATH lacks', 'elsewhere', 'Usage: npx ses-lambda-pipeline '],
    ['npx, although that itself has a PATH with it', 'node_modules/.bin', 'Usage: npx ses-lambda-pipeline '],
    ['the shell, where the PATH has it', 'bin', 'Usage: ses-lambda-pipeline '],
  ])('says how to call it by %s', async (_, onPath, usage) => {
    const files = { 'bin/ses-lambda-pipeline': '', 'node_modules/.bin/ses-lambda-pipeline': '' };
    const env = { PATH: join(folder(files), onPath) };
    const { stdout } = await promisify(execFile)(process.execPath, [BIN, '--help'], { env });

    expect(stdout.startsWith(usage)).toBe(true);
  });

  it('ends, and says why, when the controller cannot have its port', async () => {
    await using server = await silentServer();
    const { host } = new URL(server.url);
    const controller = run(['controller', '--manifests', folder(), '--metrics-address', host]);
    const said = text(controller.child.stderr);
    controller.child.stdout.resume();

    expect(await controller.ended).toEqual([1, null]);
    expect(await said).toContain(
      `Error: The address ${host} is already in use: stop what listens there, or choose another.\n`,
    );
  });

  it.each([
    [
      'that is not there',
      () => '/nowhere/config',
      /^Error: No cluster to ask: KUBECONFIG names \/nowhere\/config, .* or say --manifests/,
    ],
    [
      'that is no kubeconfig',
      () => join(folder({ config: 'x: [' }), 'config'),
      /^Error: The kubeconfig \S+ cannot be read: /,
    ],
  ])('ends, and says why, when the controller is given a kubeconfig %s', async (_, path, message) => {
    const KUBECONFIG = path();
    const controller = run(['controller', '--lease-namespace', 'x'], { KUBECONFIG });
    const said = text(controller.child.stderr);
    controller.child.stdout.resume();

    expect(await controller.ended).toEqual([1, null]);
    expect(await said).toMatch(message);
  });

  it('ends at once on Ctrl-C while it waits for an answer that never comes', async () => {
    await using server = await silentServer();
    const manifest = join(folder({ 'pipeline.json': manifestText() }), 'pipeline.json');

    const plan = run(['plan', '-f', manifest, '--endpoint-url', server.url]);
    plan.child.stdout.resume();
    plan.child.stderr.resume();
    await server.asked;
    plan.child.kill('SIGINT');

    expect(await plan.ended).toEqual([130, null]);
  });
});
