import { afterAll, beforeAll, expect, test } from 'vitest';
import { startControlPlane } from '../control-plane/control-plane.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { timed } from './timed.ts';

let cluster: ControlPlane;

beforeAll(async () => {
  cluster = await timed('starting the control plane with controllers', () => startControlPlane({ controllers: true }));
});

afterAll(() => cluster.stop());

test('signs a user in with his groups, and lets RBAC decide what he may do', async () => {
  const kubeconfig = await cluster.kubeconfigFor('alice', ['mail-team', 'readers']);
  const asAlice = (...args: string[]) => cluster.kubectl('--kubeconfig', kubeconfig, ...args);
  const whoami = await asAlice('auth', 'whoami', '-o', 'json');
  const refused = await asAlice('get', 'configmaps');

  const bound = await cluster.kubectl('create', 'rolebinding', 'readers', '--clusterrole=view', '--group=readers');

  expect(JSON.parse(whoami.out)).toMatchObject({
    status: { userInfo: { username: 'alice', groups: ['mail-team', 'readers', 'system:authenticated'] } },
  });
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('User "alice" cannot list resource') });
  expect(bound).toMatchObject({ code: 0 });
  await expect.poll(() => asAlice('get', 'configmaps'), { timeout: 10_000 }).toMatchObject({ code: 0 });
});

test('keeps what is stored, and who may sign in, when the API server was away', async () => {
  const kubeconfig = await cluster.kubeconfigFor('bob', ['system:masters']);
  await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept', namespace: 'default' } });
  const get = () => cluster.kubectl('--kubeconfig', kubeconfig, 'get', 'configmap', 'kept', '-o', 'name');

  await cluster.stopApiServer();
  const whileAway = await get();
  await timed('restarting the API server', () => cluster.restartApiServer());
  const after = await get();

  expect(whileAway).toMatchObject({ code: 1, err: expect.stringContaining('was refused') });
  expect(after).toMatchObject({ code: 0, out: 'configmap/kept\n' });
});

test('deletes a namespace with what is in it', async () => {
  const metadata = { name: 'short-lived' };
  await cluster.apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'within', namespace: 'short-lived' } },
  );

  const deleted = await timed('deleting a namespace', () =>
    cluster.kubectl('delete', 'namespace', 'short-lived', '--timeout=25s'),
  );

  expect(deleted).toMatchObject({ code: 0 });
});
