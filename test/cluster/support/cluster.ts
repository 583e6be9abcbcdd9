import { customResourceDefinition } from '../../../src/core/crd.ts';
import { apiClient, type ApiClient } from '../../control-plane/api-request.ts';
import { startControlPlane, type ControlPlane } from '../../control-plane/control-plane.ts';
import { timed } from '../timed.ts';

/** An API server that knows our resource. */
export type Cluster = ControlPlane & {
  /** The admin's connection, for tests that ask more often than a kubectl could be started. */
  readonly api: ApiClient;
};

export async function startCluster(): Promise<Cluster> {
  const plane = await timed('starting the control plane', () => startControlPlane({ controllers: true }));
  await plane.apply(customResourceDefinition());
  const established = await plane.kubectl(
    'wait',
    '--for=condition=Established',
    'crd/seslambdapipelines.ses-lambda-pipeline.dev',
    '--timeout=30s',
  );
  if (established.code !== 0) throw new Error(established.err);
  const api = await apiClient(plane.url, plane.caFile, plane.adminToken);
  return {
    ...plane,
    api,
    stop: async () => {
      api.close();
      await plane.stop();
    },
  };
}
