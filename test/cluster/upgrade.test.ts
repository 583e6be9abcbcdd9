import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { kustomized } from '../support/rendered.ts';
import { isOurWrite } from '../support/world.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { isReady, livePipelines, type Live } from './support/live.ts';
import { deploymentsOf, startPod } from './support/pod.ts';
import { until } from './support/until.ts';

/** What the last release left behind in a cluster and on AWS; `npm run record:release` renews it. */
const RELEASED = resolve(import.meta.dirname, '../upgrade/released');
const HELPER = resolve(import.meta.dirname, '../../src/code/helper-library.generated.ts');
const REQUESTED_AT = 'ses-lambda-pipeline.dev/reconcile-requested-at';

const released = (name: string): unknown => load(readFileSync(join(RELEASED, name), 'utf8'));

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

/** The pipeline as it was stored under the CRD of its time: through this CRD, with its finalizer and its status. */
async function restorePipeline(): Promise<Live> {
  await cluster.apply(released('crd.json'), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mail' } });
  const { metadata, status, ...rest } = released('pipeline.json') as Live;
  const { annotations, finalizers, name, namespace } = metadata as Live['metadata'] & { readonly annotations: object };
  const stored = { ...rest, metadata: { annotations, finalizers, name, namespace } };
  await cluster.apply(released('configmap.yaml'));
  expect(await cluster.kubectlWith(JSON.stringify(stored), 'create', '-f', '-')).toMatchObject({ code: 0 });
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
  expect(await cluster.kubectl('patch', 'slp', name, '-n', namespace, ...patch)).toMatchObject({ code: 0 });
  return only();
}

async function only(): Promise<Live> {
  const [pipeline] = await livePipelines(cluster.api, 'mail');
  if (pipeline === undefined) throw new Error('there is no pipeline');
  return pipeline;
}

test('an upgrade writes nothing on AWS, but for code that brings a newer helper library', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-upgrade-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(join(RELEASED, 'aws'), join(folder, 'aws'), { recursive: true });
  const before = await restorePipeline();
  const sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0, dataDir: join(folder, 'aws') });
  onTestFinished(() => sandbox.stop());
  sandbox.faults.clearCalls();

  const documents = await kustomized('base');
  await cluster.apply(...documents);
  const [deployment] = deploymentsOf(documents);
  if (deployment === undefined) throw new Error('there is no Deployment');
  const pod = await startPod(cluster, deployment, { folder, awsUrl: sandbox.url });
  onTestFinished(async () => void (await pod.end('SIGTERM')));
  await cluster.kubectl('annotate', 'slp', before.metadata.name, '-n', 'mail', `${REQUESTED_AT}=upgraded`);
  const after = await until('it was looked at', only, ({ status }) => status?.lastHandledReconcileAt === 'upgraded');

  const { helperSha256 } = released('release.json') as { readonly helperSha256: string };
  const helperIsNewer = createHash('sha256').update(readFileSync(HELPER)).digest('hex') !== helperSha256;
  const writes = sandbox.faults
    .calls()
    .filter(isOurWrite)
    .map(({ operation }) => operation);
  expect(writes).toEqual(helperIsNewer ? ['lambda:UpdateFunctionCode'] : []);
  expect(isReady(after)).toBe(true);
  expect(after.metadata.generation).toBe(before.metadata.generation);
  expect(after.status?.bucket).toEqual(before.status?.bucket);
  expect(sandbox.faults.calls().length).toBeGreaterThan(5); // it did look
});
