import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { customResourceDefinition } from '../../../src/core/crd.ts';
import type { ControlPlane } from '../../control-plane/control-plane.ts';

const RBAC = new URL('../../../deploy/rbac.yaml', import.meta.url);

/**
 * Installs the CRD and the Roles as they are shipped, and grants them to a user `controller` and nobody else.
 * @returns path of that user's kubeconfig
 */
export async function installController(cluster: ControlPlane): Promise<string> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ses-lambda-pipeline' } };
  await cluster.apply(customResourceDefinition(), namespace, ...loadAll(readFileSync(RBAC, 'utf8')));
  await cluster.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
  const to = '--user=controller';
  const everywhere = ['--clusterrole=ses-lambda-pipeline-controller', to];
  const inNamespace = ['-n', 'ses-lambda-pipeline', '--role=ses-lambda-pipeline-leader', to];
  await cluster.kubectl('create', 'clusterrolebinding', 'controller', ...everywhere);
  await cluster.kubectl('create', 'rolebinding', 'leader', ...inNamespace);
  return cluster.kubeconfigFor('controller', []);
}
