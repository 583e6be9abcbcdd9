import type { ControlPlane } from '../../control-plane/control-plane.ts';

const CLUSTER_WIDE = ['namespace', 'crd', 'clusterrole', 'clusterrolebinding'];
const NAMESPACED = ['deployment', 'service', 'serviceaccount', 'role', 'rolebinding', 'pdb', 'networkpolicy'];
const DATA = ['configmap', 'secret'];

/**
 * Every object of the cluster that has our name, as `kind/name`. The Lease is left out: as with every controller it stays
 * until its namespace goes.
 */
export async function objectsOfOurs(cluster: Pick<ControlPlane, 'kubectl'>): Promise<readonly string[]> {
  const kinds = [CLUSTER_WIDE, NAMESPACED, DATA].flat().join(',');
  const { code, out, err } = await cluster.kubectl('get', kinds, '--all-namespaces', '-o', 'name');
  if (code !== 0) throw new Error(err);
  return out
    .split('\n')
    .filter((name) => name.includes('ses-lambda-pipeline'))
    .toSorted();
}
