import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { findBinaries } from '../../control-plane/binaries.ts';
import { run } from '../../control-plane/run.ts';
import { ALERTS } from '../../../tools/monitoring/alerts.ts';
import { chartWith, kustomized, type Rendered } from '../../support/rendered.ts';

const MONITORING = new URL('../../../deploy/monitoring', import.meta.url).pathname;

type Selector = { readonly matchLabels: Readonly<Record<string, string>> };
type Endpoint = { readonly port: string; readonly honorLabels: boolean };
type Monitor = {
  readonly selector: Selector;
  readonly endpoints?: readonly Endpoint[];
  readonly podMetricsEndpoints?: readonly Endpoint[];
};
type Rules = {
  readonly groups: readonly { readonly rules: readonly { readonly annotations: { readonly runbook_url: string } }[] }[];
};
type Port = { readonly name: string };

let installed: Readonly<Record<'kustomize' | 'helm', readonly Rendered[]>>;

beforeAll(async () => {
  installed = { kustomize: await kustomized('base'), helm: await chartWith() };
}, 120_000);

async function built(folder: string): Promise<readonly Rendered[]> {
  const { kubectl } = await findBinaries();
  const { code, out, err } = await run(kubectl, ['kustomize', folder]);
  if (code !== 0) throw new Error(err);
  return loadAll(out) as Rendered[];
}

/** A kustomization of a user's own, in a folder beside deploy. */
async function onTop(kustomization: string): Promise<readonly Rendered[]> {
  const folder = mkdtempSync(join(MONITORING, '../../mine-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'kustomization.yaml'), kustomization);
  return built(folder);
}

const withPodMonitor = (): Promise<readonly Rendered[]> =>
  onTop('{ resources: [../deploy/monitoring], components: [../deploy/monitoring/pod-monitor] }');

const runbooksOf = (rules: Rules): readonly string[] =>
  rules.groups.flatMap(({ rules }) => rules.map(({ annotations }) => annotations.runbook_url));

const only = (documents: readonly Rendered[], kind: string): Rendered => {
  const found = documents.filter((document) => document.kind === kind);
  expect(found.map(({ kind }) => kind)).toEqual([kind]);
  return found[0] ?? expect.unreachable();
};

const chosenBy = ({ selector }: Monitor, labels: Readonly<Record<string, string>> = {}): boolean =>
  Object.entries(selector.matchLabels).every(([label, value]) => labels[label] === value);

test('kubectl apply -k installs the alerts, the dashboard and one way to scrape', async () => {
  const documents = await built(MONITORING);

  expect(documents.map(({ kind }) => kind).sort()).toEqual(['ConfigMap', 'PrometheusRule', 'ServiceMonitor']);
  expect(new Set(documents.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['ses-lambda-pipeline']));
});

test('the component scrapes pods instead, not as well', async () => {
  const documents = await withPodMonitor();

  expect(documents.map(({ kind }) => kind).sort()).toEqual(['ConfigMap', 'PodMonitor', 'PrometheusRule']);
});

describe('the runbooks lead to where the page on monitoring is told that they are read', () => {
  const page = readFileSync(new URL('../../../docs/monitoring.md', import.meta.url), 'utf8');
  const pagesAt = (address: string) => ALERTS.map(({ name }) => `${address}/${name}.md`);

  test('by the component', async () => {
    const [, kustomization = ''] = /```yaml\n(apiVersion: kustomize[^`]+)```/.exec(page) ?? [];

    const documents = await onTop(kustomization);

    const rules = only(documents, 'PrometheusRule');
    expect(runbooksOf(rules['spec'] as Rules)).toEqual(
      pagesAt('https://git.example.com/platform/ses-lambda-pipeline/-/blob/main/docs/runbooks'),
    );
    expect(rules.metadata.labels).toMatchObject({ release: 'kube-prometheus-stack' });
    expect(documents.map(({ kind }) => kind).sort()).toEqual(['ConfigMap', 'PrometheusRule', 'ServiceMonitor']);
  });

  test('by the command', async () => {
    const [, command = ''] = /A test runs these lines: sed\. -->\n+```sh\n(.*) > alerts\.yaml\n/.exec(page) ?? [];

    const { out } = await run('sh', ['-ec', command], { cwd: join(MONITORING, '../..') });

    expect(runbooksOf(load(out) as Rules)).toEqual(pagesAt('https://wiki.example.com/runbooks'));
  });
});

describe.each(['kustomize', 'helm'] as const)('installed by %s, the controller', (way) => {
  test('has a Service that the ServiceMonitor finds', async () => {
    const monitor = only(await built(MONITORING), 'ServiceMonitor')['spec'] as Monitor;
    const { metadata, spec } = only(installed[way], 'Service');

    expect(chosenBy(monitor, metadata.labels)).toBe(true);
    expect(monitor.endpoints).toEqual([expect.objectContaining({ port: 'metrics', honorLabels: true })]);
    expect((spec as { readonly ports: readonly Port[] }).ports.map(({ name }) => name)).toContain('metrics');
  });

  test('has pods that the PodMonitor finds', async () => {
    const monitor = only(await withPodMonitor(), 'PodMonitor')['spec'] as Monitor;
    const { spec } = only(installed[way], 'Deployment') as unknown as {
      readonly spec: {
        readonly template: {
          readonly metadata: { readonly labels: Readonly<Record<string, string>> };
          readonly spec: { readonly containers: readonly { readonly ports: readonly Port[] }[] };
        };
      };
    };
    const { metadata, spec: pod } = spec.template;

    expect(chosenBy(monitor, metadata.labels)).toBe(true);
    expect(monitor.podMetricsEndpoints).toEqual([expect.objectContaining({ port: 'metrics', honorLabels: true })]);
    expect(pod.containers.flatMap(({ ports }) => ports.map(({ name }) => name))).toContain('metrics');
  });
});
