import { join } from 'node:path';
import { writeKubeconfig } from '../../control-plane/kubeconfig.ts';
import type { Rendered } from '../../support/rendered.ts';
import type { Cluster } from './cluster.ts';
import { QUICK, startCommand, type ControllerProcess } from './controller-process.ts';

type EnvVar = {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
};
type Container = {
  readonly args: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { readonly secretRef: { readonly name: string; readonly optional?: boolean } }[];
};
type PodSpec = { readonly serviceAccountName: string; readonly containers: readonly [Container] };
type Deployment = {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: PodSpec } };
};

/** The Deployments among some documents. */
export const deploymentsOf = (documents: readonly Rendered[]): readonly Deployment[] =>
  documents.filter(({ kind }) => kind === 'Deployment') as unknown as readonly Deployment[];

/** What its controller would make of a Deployment. */
export const podOf = ({ metadata: { name, namespace }, spec }: Deployment) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { ...spec.template.metadata, name: `${name}-0`, namespace },
  spec: spec.template.spec,
});

export type PodOptions = {
  readonly folder: string;
  readonly awsUrl: string;
  /** Of the token for the API server; default: the one it takes. */
  readonly audience?: string;
};

/**
 * Starts what a kubelet would start: the command with the arguments and the environment of the Deployment, signed in by a
 * token of its service account. Behind them stand only where AWS is, the pace of tests, and free ports.
 *
 * @throws {Error} naming the Secret that the kubelet would wait for
 */
export async function startPod(
  cluster: Cluster,
  deployment: Deployment,
  options: PodOptions,
): Promise<ControllerProcess> {
  const { namespace, name } = deployment.metadata;
  const { serviceAccountName, containers } = deployment.spec.template.spec;
  const [container] = containers;
  const audience = options.audience === undefined ? [] : [`--audience=${options.audience}`];
  const token = await cluster.kubectl('create', 'token', serviceAccountName, '-n', namespace, ...audience);
  if (token.code !== 0) throw new Error(token.err);
  const kubeconfig = join(options.folder, `${name}-${crypto.randomUUID()}.kubeconfig`);
  await writeKubeconfig(kubeconfig, cluster.url, cluster.caFile, { kind: 'token', token: token.out.trim() });
  return startCommand([...container.args, '--aws-endpoint-url', options.awsUrl, ...QUICK], {
    KUBECONFIG: kubeconfig,
    ...Object.fromEntries((container.env ?? []).map((each) => [each.name, valueOf(each, namespace)])),
    ...(await secretsOf(cluster, namespace, container)),
  });
}

function valueOf({ name, value, valueFrom }: EnvVar, namespace: string): string {
  if (value !== undefined) return value;
  if (valueFrom?.fieldRef?.fieldPath === 'metadata.namespace') return namespace;
  throw new Error(`the variable ${name} comes from where this test does not know`);
}

async function secretsOf(cluster: Cluster, namespace: string, { envFrom = [] }: Container) {
  const values: Record<string, string> = {};
  for (const { secretRef } of envFrom) {
    const found = await cluster.kubectl('get', 'secret', secretRef.name, '-n', namespace, '-o', 'json');
    if (found.code !== 0 && secretRef.optional !== true) throw new Error(`secret "${secretRef.name}" not found`);
    const { data = {} } = JSON.parse(found.out || '{}') as { readonly data?: Readonly<Record<string, string>> };
    for (const [key, text] of Object.entries(data)) values[key] = Buffer.from(text, 'base64').toString();
  }
  return values;
}
