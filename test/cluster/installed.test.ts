import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { foreignClients } from '../support/aws-clients.ts';
import { readHoldings } from '../support/holdings.ts';
import { jsonDocuments } from '../support/json-documents.ts';
import { pipeline, rule } from '../support/manifests.ts';
import { chartTests, kustomized, NAMESPACE, WAYS_TO_INSTALL, type Rendered } from '../support/rendered.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import type { ControllerProcess } from './support/controller-process.ts';
import { isReady, livePipelines } from './support/live.ts';
import { objectsOfOurs } from './support/objects-of-ours.ts';
import { deploymentsOf, podOf, startPod, type PodOptions } from './support/pod.ts';
import { until } from './support/until.ts';

const ECHO = ['configmap', 'pipeline'].flatMap((name) =>
  loadAll(readFileSync(new URL(`../../examples/echo/${name}.yaml`, import.meta.url), 'utf8')),
);

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
  for (const name of ['mail', 'elsewhere'])
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
});

afterAll(() => cluster.stop());

/** As `kubectl apply`; what is applied goes at the end of the test, but for the CRD and the namespace. */
async function installed(documents: readonly Rendered[]): Promise<void> {
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, ...documents);
  onTestFinished(() => uninstalled(documents));
}

async function uninstalled(documents: readonly Rendered[]): Promise<void> {
  const going = documents.filter(({ kind }) => kind !== 'CustomResourceDefinition' && kind !== 'Namespace');
  await cluster.kubectlWith(jsonDocuments(going), 'delete', '--ignore-not-found', '-f', '-');
}

async function aws(): Promise<Sandbox> {
  const sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 0 });
  onTestFinished(() => sandbox.stop());
  return sandbox;
}

/** A pod of each Deployment; they end in order, or the test fails. */
async function started(documents: readonly Rendered[], { url }: Sandbox, more: Partial<PodOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ses-lambda-pipeline-pod-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pods: ControllerProcess[] = [];
  for (const deployment of deploymentsOf(documents)) {
    const pod = await startPod(cluster, deployment, { folder, awsUrl: url, ...more });
    onTestFinished(async () => void (await pod.end('SIGTERM')));
    pods.push(pod);
  }
  return pods;
}

const ready = (namespace: string, count = 1) =>
  until(
    `${count} of ${namespace} are Ready`,
    () => livePipelines(cluster.api, namespace),
    (pipelines) => pipelines.length === count && pipelines.every(isReady),
  );

const gone = (...args: readonly string[]) => cluster.kubectl('delete', 'slp', '--timeout=60s', ...args);

describe.each(WAYS_TO_INSTALL)('%s', (_, rendered) => {
  test('is taken by the API server without a warning, and again without a change', async () => {
    const documents = await rendered();
    const text = jsonDocuments(documents);
    await installed(documents.filter(({ kind }) => kind === 'Namespace' || kind === 'CustomResourceDefinition'));

    const tried = await cluster.kubectlWith(text, 'apply', '--dry-run=server', '-f', '-');
    expect(tried).toMatchObject({ code: 0, err: '' });

    await installed(documents);
    expect(await cluster.kubectlWith(text, 'diff', '-f', '-')).toMatchObject({ code: 0, out: '' });
  });

  test('makes pods that a restricted namespace lets in', async () => {
    const documents = await rendered();
    await installed(await kustomized('base')); // its namespace enforces it
    for (const deployment of deploymentsOf(documents)) {
      const pod = podOf(deployment);
      const [container] = pod.spec.containers;
      const weaker = { ...pod, spec: { ...pod.spec, containers: [{ ...container, securityContext: {} }] } };
      const tried = (each: object) =>
        cluster.kubectlWith(JSON.stringify(each), 'create', '--dry-run=server', '-f', '-');

      expect(await tried(pod)).toMatchObject({ code: 0, err: '' });
      expect((await tried(weaker)).err).toContain('violates PodSecurity "restricted:latest"');
    }
  });
});

test('a restricted namespace lets in the pod of helm test too', async () => {
  await installed(await kustomized('base'));
  const [pod] = await chartTests();

  expect(pod).toMatchObject({ kind: 'Pod', metadata: { annotations: { 'helm.sh/hook': 'test' } } });
  expect(await cluster.kubectlWith(JSON.stringify(pod), 'create', '--dry-run=server', '-f', '-')).toMatchObject({
    code: 0,
    err: '',
  });
});

describe('a controller as its Deployment says', () => {
  test.each([WAYS_TO_INSTALL[0], WAYS_TO_INSTALL[4], WAYS_TO_INSTALL[6]])(
    '%s, makes the example Ready with the rights that came with it',
    async (_, rendered) => {
      const documents = await rendered();
      await installed(documents);
      const sandbox = await aws();
      const [pod] = await started(documents, sandbox);
      await cluster.apply(...ECHO);

      await ready('mail');

      expect(await gone('spartaapplication', '-n', 'mail')).toMatchObject({ code: 0 });
      expect(pod?.log()).not.toContain('denies');
      expect(await pod?.end('SIGTERM')).toBe(0);
    },
  );

  test('leaves other namespaces alone when it is for one', async () => {
    const documents = await kustomized('overlays/single-namespace');
    await installed(documents);
    const [pod] = await started(documents, await aws());
    await cluster.apply(pipeline({ namespace: 'mail' }), pipeline({ namespace: 'elsewhere' }));

    await ready('mail');

    expect(await livePipelines(cluster.api, 'elsewhere')).toMatchObject([{ status: { observedGeneration: -1 } }]);
    expect(pod?.log()).not.toContain('denies');
    await gone('app', '-n', 'elsewhere');
    await gone('app', '-n', 'mail');
  });

  test('takes care of its shard and of no other', async () => {
    const documents = await kustomized('overlays/sharded');
    await installed(documents);
    const [a, rest] = await started(documents, await aws());
    const labelled = pipeline({ name: 'labelled', rules: [rule('One', 'one@example.com')] });
    const metadata = { ...labelled.metadata, labels: { 'ses-lambda-pipeline.dev/shard': 'a' } };
    await cluster.apply(
      { ...labelled, metadata },
      pipeline({ name: 'plain', rules: [rule('Two', 'two@example.com')] }),
    );

    await ready('mail', 2);

    expect(a?.log()).toContain('mail/labelled');
    expect(a?.log()).not.toContain('mail/plain');
    expect(rest?.log()).toContain('mail/plain');
    expect(rest?.log()).not.toContain('mail/labelled');
    await gone('--all', '-n', 'mail');
  });

  test('waits for the Secret with the credentials of a laboratory, by its name', async () => {
    const documents = await kustomized('overlays/static-credentials');
    await installed(documents);
    const sandbox = await aws();
    await expect(started(documents, sandbox)).rejects.toThrow('secret "ses-lambda-pipeline-aws" not found');

    const data = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'the-secret-key' };
    const metadata = { name: 'ses-lambda-pipeline-aws', namespace: NAMESPACE };
    await cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: data });
    const [pod] = await started(documents, sandbox);
    await cluster.apply(pipeline());
    await ready('mail');

    expect(pod?.log()).not.toContain('the-secret-key');
    await gone('--all', '-n', 'mail');
  });

  test('says that its token is not for the API server', async () => {
    const documents = await kustomized('base');
    await installed(documents);

    const [pod] = await started(documents, await aws(), { audience: 'sts.amazonaws.com' });

    const log = await until(
      'it says so',
      () => pod?.log() ?? '',
      (text) => text.includes('the Lease could not be asked for'),
    );
    expect(log).toContain('Unauthorized');
    expect(pod?.exitCode()).toBeUndefined();
  });

  test('ends at once when the CRD is older, and says what it lacks and what to do', async () => {
    const documents = await kustomized('base');
    await installed(documents);
    const [crd] = documents.filter(({ kind }) => kind === 'CustomResourceDefinition');
    const older = structuredClone(crd) as unknown as { spec: { versions: [{ schema: { openAPIV3Schema: Schema } }] } };
    delete older.spec.versions[0].schema.openAPIV3Schema.properties['status']?.properties['bucket'];
    await cluster.apply(older);
    onTestFinished(() => cluster.apply(crd));

    const [pod] = await started(documents, await aws());

    expect(
      await until(
        'it ends',
        () => pod?.exitCode(),
        (code) => code !== undefined,
      ),
    ).toBe(1);
    expect(pod?.log()).toContain('it lacks status.bucket. Apply that of this version');
  });
});

type Schema = { properties: Record<string, Schema> };

test('an uninstall in the order of the documentation leaves what Retain asked for, and the CRD', async () => {
  const before = await objectsOfOurs(cluster);
  const documents = await kustomized('base');
  await installed(documents);
  const sandbox = await aws();
  const [pod] = await started(documents, sandbox);
  await cluster.apply(...ECHO);
  await ready('mail');

  expect(await gone('--all', '--all-namespaces')).toMatchObject({ code: 0 });
  expect(await pod?.end('SIGTERM')).toBe(0);
  await uninstalled(documents);

  const stranger = foreignClients(sandbox.url, 'us-west-2');
  onTestFinished(() => stranger.destroy());
  expect(await readHoldings(stranger)).toMatchObject({
    buckets: [{ name: expect.stringContaining('sesmessagestorebucket') }],
    roles: [],
    functions: [],
    ruleSets: { SpartaRuleSet: [] },
  });
  expect(await objectsOfOurs(cluster)).toEqual(before);
});

// The last one: it takes the CRD with it.
test('an uninstall in the other order is finished by a controller that is installed again', async () => {
  const documents = await kustomized('base');
  await installed(documents);
  const sandbox = await aws();
  const [first] = await started(documents, sandbox);
  await cluster.apply(pipeline());
  await ready('mail');
  await first?.end('SIGTERM');
  const crd = documents.filter(({ kind }) => kind === 'CustomResourceDefinition');
  await uninstalled(documents);
  expect(await cluster.kubectlWith(jsonDocuments(crd), 'delete', '--wait=false', '-f', '-')).toMatchObject({ code: 0 });

  await cluster.apply(...documents);
  const [second] = await started(documents, sandbox);

  await until(
    'the CRD is gone, and so is its pipeline',
    () =>
      cluster.kubectl('get', 'crd', 'seslambdapipelines.ses-lambda-pipeline.dev', '--ignore-not-found', '-o', 'name'),
    ({ out }) => out === '',
  );
  await second?.end('SIGTERM');
  const stranger = foreignClients(sandbox.url, 'us-west-2');
  onTestFinished(() => stranger.destroy());
  expect(await readHoldings(stranger)).toMatchObject({ buckets: [{}], roles: [], functions: [] });
});
