import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { customResourceDefinition } from '../../src/core/crd.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';

/** Where the controller's Lease is. */
export const CONTROLLER_NAMESPACE = 'ses-lambda-pipeline';
const USER = 'controller';

/**
 * Installs the CRD and the shipped roles, and binds a user to them who has nothing else.
 * @returns the path of that user's kubeconfig
 */
export async function installForController(cluster: ControlPlane): Promise<string> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: CONTROLLER_NAMESPACE } };
  const roles = loadAll(readFileSync(new URL('../../deploy/kustomize/shared/rbac.yaml', import.meta.url), 'utf8'));
  await cluster.apply(customResourceDefinition(), namespace, ...roles, ...bindings());
  const crd = 'crd/seslambdapipelines.ses-lambda-pipeline.dev';
  await cluster.kubectl('wait', '--for=condition=Established', crd, '--timeout=30s');
  return cluster.kubeconfigFor(USER, []);
}

function bindings(): readonly object[] {
  const apiGroup = 'rbac.authorization.k8s.io';
  const subjects = [{ apiGroup, kind: 'User', name: USER }];
  const apiVersion = `${apiGroup}/v1`;
  return [
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'ses-lambda-pipeline-controller' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'ses-lambda-pipeline-controller' },
      subjects,
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { name: 'ses-lambda-pipeline-leader', namespace: CONTROLLER_NAMESPACE },
      roleRef: { apiGroup, kind: 'Role', name: 'ses-lambda-pipeline-leader' },
      subjects,
    },
  ];
}
