import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { conditionFaults, type StoredCondition } from '../../src/core/conditions.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import { foreignClients } from '../support/aws-clients.ts';
import { readFunctions } from '../support/holdings.ts';
import { pipeline, rule, type PipelineParts } from '../support/manifests.ts';
import { startControllerProcess } from './support/controller-process.ts';
import { installController } from './support/controller-rights.ts';
import { timed } from './timed.ts';

const PASSWORD = 'correct-horse-battery-staple';
const FROM = {
  QUEUE: { configMapKeyRef: { name: 'settings', key: 'queue' } },
  PASSWORD: { secretKeyRef: { name: 'login', key: 'password' } },
};
const settings = (queue: string) => object('ConfigMap', 'settings', { data: { queue } });
const login = (password: string) => object('Secret', 'login', { stringData: { password } });
const object = (kind: string, name: string, rest: object) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'mail' },
  ...rest,
});

let cluster: ControlPlane;
let sandbox: Sandbox;
let kubeconfig: string;

beforeAll(async () => {
  cluster = await timed('starting the control plane', () => startControlPlane({ controllers: true }));
  kubeconfig = await installController(cluster);
});

afterAll(() => cluster.stop());

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0, smtpPort: 0, functionUpdateMs: 20 });
  onTestFinished(async () => {
    const { out } = await cluster.kubectl('get', 'slp', '-n', 'mail', '-o', 'name');
    for (const name of out.split('\n').filter(Boolean))
      await cluster.kubectl('patch', name, '-n', 'mail', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    await cluster.kubectl('delete', 'namespace', 'mail', '--ignore-not-found', '--timeout=20s');
    await sandbox.stop();
  });
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mail' } });
});

const start = (...args: string[]) =>
  startControllerProcess(kubeconfig, sandbox.url, '--lease-namespace', 'ses-lambda-pipeline', ...args);

/** `Ready: reason: message`, as it stands; fails the test where the conditions contradict each other. */
async function ready(name = 'app'): Promise<string> {
  const { out } = await cluster.kubectl('get', 'slp', name, '-n', 'mail', '-o', 'json');
  const { status } = JSON.parse(out) as { status?: { conditions?: StoredCondition[] } };
  const conditions = status?.conditions ?? [];
  if (status?.conditions !== undefined) expect(conditionFaults(conditions)).toEqual([]);
  const found = conditions.find(({ type }) => type === 'Ready');
  return `${found?.status}: ${found?.reason}: ${found?.message}`;
}

const becomes = (what: string, name?: string) =>
  expect.poll(() => ready(name), { timeout: 40_000, interval: 200 }).toContain(what);

async function environment(): Promise<Readonly<Record<string, string>>> {
  const clients = foreignClients(sandbox.url, 'us-west-2');
  const [fn] = await readFunctions(clients);
  clients.destroy();
  return fn?.environment ?? {};
}

const app = (parts: PipelineParts = {}) => pipeline({ function: { environmentFrom: FROM }, ...parts });

describe('the environment of a function', () => {
  test('waits for what is missing, says what it is, and goes on by itself', async () => {
    const controller = start();
    await cluster.apply(app(), settings('first'));
    await becomes('False: DependencyNotReady: Secret mail/login does not exist');

    await cluster.apply(login(PASSWORD));

    await timed('created to Ready', () => becomes('True: Succeeded'));
    expect(await environment()).toMatchObject({ QUEUE: 'first', PASSWORD });
    expect(controller.log()).not.toContain(PASSWORD);
    const shown = await cluster.kubectl('get', 'slp,events', '-n', 'mail', '-o', 'yaml');
    expect(shown.out).not.toContain(PASSWORD);
  });

  test('follows a ConfigMap at once, and a Secret at the next check, and calls neither drift', async () => {
    const controller = start();
    await cluster.apply(app(), settings('first'), login(PASSWORD));
    await becomes('True: Succeeded');

    await cluster.apply(settings('second'));
    await expect.poll(environment, { timeout: 15_000 }).toMatchObject({ QUEUE: 'second' });
    await cluster.apply(login('another-password'));
    await cluster.kubectl('annotate', 'slp/app', '-n', 'mail', 'ses-lambda-pipeline.dev/reconcile-requested-at=now');
    await expect.poll(environment, { timeout: 15_000 }).toMatchObject({ PASSWORD: 'another-password' });

    await becomes('True: Succeeded');
    expect(controller.log()).not.toContain('DriftDetected');
    expect(controller.log()).not.toContain('another-password');
  });
});

describe('the rights of the controller', () => {
  test('let it read a Secret by its name, and neither list, watch nor change one', async () => {
    const may = async (verb: string): Promise<string> => {
      const { out } = await cluster.kubectl('auth', 'can-i', verb, 'secrets', '-n', 'mail', '--as=controller');
      return `${verb} ${out.trim()}`;
    };

    const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

    expect(await Promise.all(verbs.map(may))).toEqual(verbs.map((verb) => `${verb} ${verb === 'get' ? 'yes' : 'no'}`));
  });
});

describe('two pipelines that name one recipient', () => {
  const SHARED = { rules: [rule('Shared', 'shared@example.com')] };

  test('the older has it, the younger says so without touching AWS, and takes over when it is given up', async () => {
    start();
    // Their names speak for the other order.
    await cluster.apply(pipeline({ name: 'zzz-older', ...SHARED }));
    await becomes('True: Succeeded', 'zzz-older');
    const bornMs = Date.now();
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(bornMs + 1_000); // creation times have whole seconds
    await cluster.apply(pipeline({ name: 'aaa-younger', ...SHARED }));
    await becomes(
      'RecipientClaimed: spec.receiptRules[0].recipients[0] already belongs to pipeline mail/zzz-older',
      'aaa-younger',
    );
    const clients = foreignClients(sandbox.url, 'us-west-2');
    const functions = async () => (await readFunctions(clients)).map(({ name }) => name.split('-')[2]);
    expect(await functions()).toEqual(['zzz']);

    await cluster.apply(pipeline({ name: 'zzz-older', rules: [rule('Mine', 'mine@example.com')] }));

    await becomes('True: Succeeded', 'aaa-younger');
    await becomes('True: Succeeded', 'zzz-older');
    expect(new Set(await functions())).toEqual(new Set(['aaa', 'zzz']));
    clients.destroy();
  });
});
