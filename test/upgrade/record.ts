// Run on a release: node test/upgrade/record.ts. Renews what the upgrade test begins with.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { run } from '../control-plane/run.ts';

/** The checkout whose state is recorded; this one, or that of an older release. */
const checkout = resolve(process.argv[2] ?? join(import.meta.dirname, '../..'));
const target = join(import.meta.dirname, 'released');
const AWS_PORT = '14877';
const inCheckout = (...path: readonly string[]): string => join(checkout, ...path);
const yaml = (path: string): unknown => load(readFileSync(inCheckout(path), 'utf8'));

const dataDir = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-release-'));
const plane = await startControlPlane();
const env = {
  PATH: process.env['PATH'],
  KUBECONFIG: plane.adminKubeconfig,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
};
const start = (...args: readonly string[]) =>
  spawn(process.execPath, [inCheckout('bin/ses-lambda-pipeline.js'), ...args], { env, stdio: 'inherit' });

const awsUrl = `http://127.0.0.1:${AWS_PORT}`;
const sandbox = start('sandbox', '--port', AWS_PORT, '--smtp-port', '0', '--data-dir', dataDir);
const addresses = ['--metrics-address=off', '--health-address=off', '--leader-elect=false'];
let controller: ReturnType<typeof start> | undefined;
try {
  const crd = yaml('crds/ses-lambda-pipeline.dev_seslambdapipelines.yaml');
  await plane.apply(crd, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mail' } });
  await plane.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
  await plane.apply(yaml('examples/echo/configmap.yaml'), yaml('examples/echo/pipeline.yaml'));
  controller = start('controller', '--aws-endpoint-url', awsUrl, '--ses-calls-per-second=100', ...addresses);
  const ready = await plane.kubectl('wait', '--for=condition=Ready', 'slp', '--all', '-n', 'mail', '--timeout=60s');
  if (ready.code !== 0) throw new Error(ready.err);
  const stored = await plane.kubectl('get', 'slp', 'spartaapplication', '-n', 'mail', '-o', 'json');
  const commit = await run('git', ['-C', checkout, 'rev-parse', '--short', 'HEAD']);
  const { version } = JSON.parse(readFileSync(inCheckout('package.json'), 'utf8')) as { readonly version: string };
  const helper = createHash('sha256').update(readFileSync(inCheckout('src/code/helper-library.generated.ts')));

  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  writeFileSync(join(target, 'crd.json'), `${JSON.stringify(crd)}\n`);
  writeFileSync(join(target, 'pipeline.json'), stored.out);
  cpSync(inCheckout('examples/echo/configmap.yaml'), join(target, 'configmap.yaml'));
  const release = { version, commit: commit.out.trim(), helperSha256: helper.digest('hex') };
  writeFileSync(join(target, 'release.json'), `${JSON.stringify(release, null, 2)}\n`);
} finally {
  for (const each of [controller, sandbox]) {
    if (each === undefined) continue;
    each.kill('SIGTERM');
    await once(each, 'exit');
  }
  await plane.stop();
}
cpSync(dataDir, join(target, 'aws'), { recursive: true });
rmSync(dataDir, { recursive: true });
