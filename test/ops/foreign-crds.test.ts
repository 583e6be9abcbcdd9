import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../cluster/documents.ts';
import { withField } from '../cluster/with-field.ts';
import { startControlPlane, type ControlPlane } from '../control-plane/control-plane.ts';
import type { Ended } from '../control-plane/run.ts';
import { jsonDocuments } from '../support/json-documents.ts';
import { WAYS_TO_INSTALL, type Rendered } from '../support/rendered.ts';
import { FOREIGN_GROUPS, foreignCrds } from './foreign-crds.ts';

const DEPLOY = new URL('../../deploy', import.meta.url).pathname;

const PAGE = new URL('../../docs/gitops.md', import.meta.url).pathname;

const documentsIn = (file: string) =>
  loadAll(readFileSync(join(DEPLOY, file), 'utf8')) as readonly (Rendered | undefined)[];

/** All that we ship of kinds that other projects define, wherever it lies. */
const SHIPPED = readdirSync(DEPLOY, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml') && !file.includes('templates/'))
  .flatMap((file) => documentsIn(file))
  .filter((document) => document !== undefined)
  .filter(({ apiVersion }) => FOREIGN_GROUPS.some((group) => apiVersion?.startsWith(`${group}/`)))
  .map((document) => ({ name: `${document.kind} ${document.metadata.name}`, document }));

let cluster: ControlPlane;

beforeAll(async () => {
  const crds = await foreignCrds();
  cluster = await startControlPlane();
  const { code, err } = await applied(crds);
  if (code !== 0) throw new Error(err);
  await cluster.kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
  const namespaces = ['argocd', 'flux-system', 'ses-lambda-pipeline'];
  await cluster.apply(...namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
}, 300_000);

afterAll(() => cluster.stop());

/** As Argo CD and Flux apply: by the server, which knows every field. */
const applied = (documents: readonly unknown[]): Promise<Ended> =>
  cluster.kubectlWith(jsonDocuments(documents), 'apply', '--server-side', '--validate=strict', '-f', '-');

const shipped = (kind: string): Rendered => {
  const found = SHIPPED.find(({ document }) => document.kind === kind);
  if (found === undefined) throw new Error(`nothing of the kind ${kind} is shipped`);
  return found.document;
};

describe('an API server with the CRDs of Argo CD, Flux and the Prometheus Operator', () => {
  test('is asked about each kind that we ship', () => {
    expect([...new Set(SHIPPED.map(({ document }) => document.kind))].sort()).toEqual([
      'Application',
      'GitRepository',
      'Kustomization',
      'PodMonitor',
      'PrometheusRule',
      'ServiceMonitor',
    ]);
  });

  test.for(SHIPPED)('takes $name', async ({ document }) => {
    expect(await applied([document])).toMatchObject({ code: 0, err: '' });
  });

  test.for([
    ['Application', 'syncPolicy.automated.pruned', true],
    ['Application', 'syncPolicy.syncOptions', 'ServerSideApply=true'],
    ['Application', 'destination', null],
    ['GitRepository', 'interval', '5 minutes'],
    ['GitRepository', 'url', 'git.example.com/fleet.git'],
    ['Kustomization', 'retryIntervall', '2m'],
    ['Kustomization', 'sourceRef.kind', 'Git'],
    ['Kustomization', 'dependsOn', ['ses-lambda-pipeline']],
    ['PodMonitor', 'podMetricsEndpoints[].honorLabel', true],
    ['PodMonitor', 'podMetricsEndpoints[].interval', '30'],
    ['PrometheusRule', 'groups[].rules[].for', '5 minutes'],
    ['PrometheusRule', 'groups[].rules[].runbook', 'https://example.com'],
    ['ServiceMonitor', 'endpoints[].honorLabel', true],
    ['ServiceMonitor', 'selector.matchLabel', {}],
  ] as const)('refuses this %s: %s is %j', async ([kind, field, value]) => {
    const bent = withField(shipped(kind) as unknown as Json, field, value as Json);

    const { code, err } = await applied([bent]);

    expect(code).toBe(1);
    expect(err).toContain(field.split('.').at(-1));
  });
});

// `kubectl apply --server-side` would not: it takes what was applied without the flag for its own, and drops it.
test('argocd-cm, brought in as the page says, leaves the keys that are there', async () => {
  const [ours = expect.unreachable()] = documentsIn('argocd/argocd-cm.yaml');
  const [, command = ''] = /^kubectl (.* deploy\/argocd\/argocd-cm\.yaml)$/m.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const { apiVersion, kind, metadata } = ours;
  await cluster.apply({ apiVersion, kind, metadata, data: { url: 'https://argocd.example.com' } });

  expect(await cluster.kubectl(...command.replace('deploy/', `${DEPLOY}/`).split(' '))).toMatchObject({ code: 0 });

  const { out } = await cluster.kubectl('get', 'configmap', '-n', 'argocd', metadata.name, '-o', 'json');
  const { data } = JSON.parse(out) as { readonly data: Readonly<Record<string, string>> };
  expect(data).toEqual({ url: 'https://argocd.example.com', ...(ours['data'] as object) });
});

test.each(WAYS_TO_INSTALL)(
  '%s is taken from a tool that applies by the server, as strictly as can be',
  async (_, rendered) => {
    const documents = await rendered();
    const namespaces = [...new Set(documents.map(({ metadata }) => metadata.namespace ?? 'default'))];
    for (const name of namespaces) await cluster.kubectl('create', 'namespace', name);
    // What a Deployment selects never changes, and each way has labels of its own.
    await cluster.kubectl('delete', 'deployments', '--all', '--all-namespaces');

    expect(await applied(documents)).toMatchObject({ code: 0, err: '' });
  },
);
