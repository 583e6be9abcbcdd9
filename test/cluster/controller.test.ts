import { readFileSync } from 'node:fs';
import { DescribeActiveReceiptRuleSetCommand } from '@aws-sdk/client-ses';
import { load, loadAll } from 'js-yaml';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { customResourceDefinition } from '../../src/core/crd.ts';
import { conditionFaults, type StoredCondition } from '../../src/core/conditions.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { foreignClients } from '../support/aws-clients.ts';
import { startControllerProcess } from './support/controller-process.ts';
import { timed } from './timed.ts';

const example = (file: string) => readFileSync(new URL(`../../examples/echo/${file}`, import.meta.url), 'utf8');
const PIPELINE = 'slp/spartaapplication';
const RULES = ['MessageBodyStorage', 'Special', 'Default'].map((name) => `slp_mail_spartaapplication_${name}`);

let cluster: ControlPlane;
let sandbox: Sandbox;
let kubeconfig: string;

beforeAll(async () => {
  cluster = await timed('starting the control plane', () => startControlPlane({ controllers: true }));
  await cluster.apply(customResourceDefinition(), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'ses-lambda-pipeline' },
  });
  await cluster.kubectl(
    'wait',
    '--for=condition=Established',
    'crd/seslambdapipelines.ses-lambda-pipeline.dev',
    '--timeout=30s',
  );
  await cluster.apply(...loadAll(readFileSync(new URL('../../deploy/rbac.yaml', import.meta.url), 'utf8')));
  await cluster.kubectl(
    'create',
    'clusterrolebinding',
    'controller',
    '--clusterrole=ses-lambda-pipeline-controller',
    '--user=controller',
  );
  await cluster.kubectl(
    'create',
    'rolebinding',
    'leader',
    '-n',
    'ses-lambda-pipeline',
    '--role=ses-lambda-pipeline-leader',
    '--user=controller',
  );
  kubeconfig = await cluster.kubeconfigFor('controller', []);
});

afterAll(() => cluster.stop());

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 20 });
  onTestFinished(async () => {
    await cluster.kubectl('patch', PIPELINE, '-n', 'mail', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    await cluster.kubectl('delete', 'namespace', 'mail', '--ignore-not-found', '--timeout=20s');
    await sandbox.stop();
  });
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mail' } });
});

const start = (...args: string[]) =>
  startControllerProcess(kubeconfig, sandbox.url, '--lease-namespace', 'ses-lambda-pipeline', ...args);

async function apply(...documents: unknown[]): Promise<void> {
  await cluster.apply(
    ...(documents.length > 0 ? documents : [load(example('configmap.yaml')), load(example('pipeline.yaml'))]),
  );
}

type Live = {
  metadata: { generation: number; finalizers?: string[] };
  status: { observedGeneration: number; conditions: StoredCondition[]; bucket: { name: string } };
};

async function live(): Promise<Live> {
  const { out, err } = await cluster.kubectl('get', PIPELINE, '-n', 'mail', '-o', 'json');
  if (out === '') throw new Error(err);
  return JSON.parse(out) as Live;
}

async function becomesReady(): Promise<Live> {
  const waited = await cluster.kubectl('wait', '--for=condition=Ready', PIPELINE, '-n', 'mail', '--timeout=30s');
  expect(waited).toMatchObject({ code: 0 });
  await expect
    .poll(
      async () => {
        const { metadata, status } = await live();
        return status.observedGeneration === metadata.generation;
      },
      { timeout: 15_000 },
    )
    .toBe(true);
  const pipeline = await live();
  expect(conditionFaults(pipeline.status.conditions)).toEqual([]);
  return pipeline;
}

async function liveRules(): Promise<string[]> {
  const clients = foreignClients(sandbox.url, 'us-west-2');
  const { Rules } = await clients.ses.send(new DescribeActiveReceiptRuleSetCommand({}));
  return (Rules ?? []).map((rule) => rule.Name ?? '');
}

describe('kubectl apply', () => {
  test('ends in a Ready pipeline whose names stand in its status, and mail flows', async () => {
    const controller = start();
    await apply();

    const { metadata, status } = await timed('apply to Ready', becomesReady);
    const table = await cluster.kubectl('get', 'slp', '-n', 'mail');
    const transport = createTransport({ host: '127.0.0.1', port: sandbox.smtpPort, ignoreTLS: true });
    await transport.sendMail({
      from: 'a@example.com',
      to: 'sombody_special@gosparta.io',
      subject: 'hello',
      text: 'body',
    });
    transport.close();
    await sandbox.idle();

    expect(metadata.finalizers).toEqual(['ses-lambda-pipeline.dev/aws-cleanup']);
    expect(await liveRules()).toEqual(RULES);
    expect(table.out).toMatch(/NAME +READY +REASON +BUCKET +FUNCTION +RULESET +AGE/);
    expect(table.out).toContain(status.bucket.name);
    expect(sandbox.s3.objects(status.bucket.name).map(({ key }) => key)).toContain(sandbox.ses.journal.mails()[0]?.id);
    expect(controller.log()).not.toContain('sombody_special');
    expect(await controller.end('SIGTERM')).toBe(0);
  });

  test('carries an edit through: rules change places, names stay', async () => {
    start();
    await apply();
    const before = await becomesReady();
    const manifest = load(example('pipeline.yaml')) as { spec: { receiptRules: unknown[] } };
    manifest.spec.receiptRules.reverse();

    await apply(manifest);
    const after = await becomesReady();

    expect(await liveRules()).toEqual([RULES[0], RULES[2], RULES[1]]);
    expect(after.status.bucket).toEqual(before.status.bucket);
  });

  test('waits for a ConfigMap that comes later, and goes on by itself', async () => {
    start();
    await apply(load(example('pipeline.yaml')));
    const reason = () => live().then(({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.reason);
    await expect.poll(reason, { timeout: 15_000 }).toBe('DependencyNotReady');

    await apply(load(example('configmap.yaml')));

    await becomesReady();
  });

  test('brings new code to the function when the ConfigMap changes', async () => {
    start();
    await apply();
    await becomesReady();
    const sha = () =>
      live().then(({ status }) => (status as { function?: { codeSha256?: string } }).function?.codeSha256);
    const before = await sha();
    const configMap = load(example('configmap.yaml')) as { data: Record<string, string> };

    await apply({ ...configMap, data: { 'index.mjs': 'export const handler = async () => {};' } });

    await expect.poll(sha, { timeout: 15_000 }).not.toBe(before);
  });
});

describe('kubectl delete', () => {
  test('takes everything down but the bucket with its mail', async () => {
    start();
    await apply();
    const { status } = await becomesReady();

    const deleted = await timed('delete', () => cluster.kubectl('delete', PIPELINE, '-n', 'mail', '--timeout=30s'));

    expect(deleted).toMatchObject({ code: 0 });
    expect(await liveRules()).toEqual([]);
    expect(sandbox.s3.bucketExists(status.bucket.name)).toBe(true);
  });

  test('of the namespace finishes', async () => {
    start();
    await apply();
    await becomesReady();

    expect(await cluster.kubectl('delete', 'namespace', 'mail', '--timeout=40s')).toMatchObject({ code: 0 });
    expect(await liveRules()).toEqual([]);
  });
});

describe('the process', () => {
  test('goes on where a killed one stopped', async () => {
    const first = start('--lease-duration', '3s', '--renew-deadline', '2s', '--retry-period', '500ms');
    await apply();
    await expect.poll(() => live().then(({ metadata }) => metadata.finalizers?.length), { timeout: 15_000 }).toBe(1);
    await first.end('SIGKILL');

    start('--lease-duration', '3s', '--renew-deadline', '2s', '--retry-period', '500ms');

    await becomesReady();
    expect(await liveRules()).toEqual(RULES);
  });

  test('survives a restart of the API server', async () => {
    start();
    await apply();
    await becomesReady();
    await cluster.stopApiServer('SIGKILL');
    await cluster.restartApiServer();
    const manifest = load(example('pipeline.yaml')) as { spec: { function: { memorySize: number } } };
    manifest.spec.function.memorySize = 256;

    await apply(manifest);

    const memory = () => live().then(({ metadata, status }) => status.observedGeneration === metadata.generation);
    await expect.poll(memory, { timeout: 40_000 }).toBe(true);
  });
});
