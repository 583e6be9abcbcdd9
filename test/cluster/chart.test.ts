import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { helm } from '../helm/helm.ts';
import { CHART, NAMESPACE, chartWith, kustomized, type Rendered } from '../support/rendered.ts';

/** What only Helm says, and what only `helm install --create-namespace` makes, left out; in one order. */
function comparable(documents: readonly Rendered[]): readonly Rendered[] {
  const without = (texts: Readonly<Record<string, string>> | undefined, pattern: RegExp) =>
    Object.fromEntries(Object.entries(texts ?? {}).filter(([key]) => !pattern.test(key)));
  return withoutInstance(documents)
    .filter(({ kind }) => kind !== 'Namespace')
    .map((document) => ({
      ...document,
      metadata: {
        ...document.metadata,
        labels: without(document.metadata.labels, /^(helm\.sh\/chart|app\.kubernetes\.io\/(name|version|managed-by))$/),
        annotations: without(document.metadata.annotations, /^helm\.sh\/resource-policy$/),
      },
    }))
    .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
}

/** Of Helm alone: releases of one namespace keep their pods apart by it. */
const withoutInstance = (documents: readonly Rendered[]): readonly Rendered[] =>
  JSON.parse(
    JSON.stringify(documents, (key, value: unknown) => (key === 'app.kubernetes.io/instance' ? undefined : value)),
  ) as readonly Rendered[];

const placeOf = ({ kind, metadata }: Rendered): string => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;

const ROLE = 'arn:aws:iam::111122223333:role/ses-lambda-pipeline-controller';

type Labels = Readonly<Record<string, string>>;

/** Labels by which a document picks pods. */
function selectorsOf(kind: string, spec: unknown): readonly Labels[] {
  const { selector, podSelector } = (spec ?? {}) as {
    readonly selector?: Labels & { readonly matchLabels?: Labels };
    readonly podSelector?: { readonly matchLabels?: Labels };
  };
  const labels = kind === 'Service' ? selector : (selector?.matchLabels ?? podSelector?.matchLabels);
  return labels === undefined ? [] : [labels];
}

describe('the chart', () => {
  test.each([
    ['base', []],
    ['overlays/irsa', ['aws.credentials=irsa', `aws.roleArn=${ROLE}`]],
    ['overlays/pod-identity', ['aws.credentials=podIdentity']],
    ['overlays/static-credentials', ['aws.credentials=secret', 'aws.secretName=ses-lambda-pipeline-aws']],
    ['overlays/single-namespace', ['namespaces={mail}']],
  ])('says the same as kustomize %s', async (path, values) => {
    expect(comparable(await chartWith(...values))).toEqual(comparable(await kustomized(path)));
  });

  test('leaves large numbers of a values file as they are written', async () => {
    const values = ['openTelemetry.OTEL_BSP_MAX_QUEUE_SIZE=3000000', 'settings.ses-calls-per-second=0.25'];
    const rendered = JSON.stringify(await chartWith(...values.map((each) => `--set-json=${each}`)));

    expect(rendered).toContain('{"name":"OTEL_BSP_MAX_QUEUE_SIZE","value":"3000000"}');
    expect(rendered).toContain('"--ses-calls-per-second=0.25"');
  });

  test('never selects the pods of another release', async () => {
    const selectors = (await chartWith()).flatMap(({ kind, spec }) => selectorsOf(kind, spec));

    expect(selectors.length).toBeGreaterThanOrEqual(4);
    expect(new Set(selectors.map((labels) => labels['app.kubernetes.io/instance']))).toEqual(
      new Set(['ses-lambda-pipeline']),
    );
  });

  test('ends the old pod before the new one where no Lease keeps them apart', async () => {
    const documents = await chartWith('replicaCount=1', 'settings.leader-elect=false');
    const deployment = documents.find(({ kind }) => kind === 'Deployment');

    expect(deployment?.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
  });

  test.each([
    ['a text for a number', ['replicaCount=two'], "at '/replicaCount': got string, want integer"],
    ['a misspelt value', ['replicas=3'], "additional properties 'replicas' not allowed"],
    ['a misspelt setting', ['settings.drift-intervall=5m'], "additional properties 'drift-intervall' not allowed"],
    ['a setting that the chart relies on', ['settings.health-address=:1'], "'health-address' not allowed"],
    ['a duration without a unit', ['settings.drift-interval=5'], 'got number, want string'],
    ['credentials that there are not', ['aws.credentials=static'], "one of 'ambient', 'irsa', 'podIdentity', 'secret'"],
    ['a namespace that cannot be', ['namespaces={Mail}'], "at '/namespaces/0': 'Mail' does not match pattern"],
    ['half a digest', ['image.digest=sha256:12'], "at '/image/digest'"],
    ['a tenant without a role', ['tenants[0].namespaces={a}'], "at '/tenants/0': missing property 'roleArn'"],
    [
      'IRSA without a role',
      ['aws.credentials=irsa'],
      'aws.roleArn is missing: with aws.credentials=irsa it is the ARN',
    ],
    ['a role that nothing uses', [`aws.roleArn=${ROLE}`], 'with ambient it would do nothing'],
    ['a Secret without a name', ['aws.credentials=secret'], 'aws.secretName is missing'],
    ['a Secret that nothing uses', ['aws.secretName=keys'], 'with ambient it would do nothing'],
    ['replicas that all write', ['settings.leader-elect=false'], 'settings.leader-elect=false needs replicaCount=1'],
  ])('refuses %s in a sentence', async (_, values, sentence) => {
    await expect(chartWith(...values)).rejects.toThrow(sentence);
  });

  test('hands settings, namespaces and tenants to the controller', async () => {
    const documents = await chartWith(
      'namespaces={team-a,team-b}',
      'settings.drift-interval=5m',
      'settings.concurrency=8',
      'settings.ses-calls-per-second=0.5',
      'settings.pipelines-page=true',
      'tenants[0].namespaces={team-*}',
      'tenants[0].roleArn=arn:aws:iam::111122223333:role/team',
    );

    expect(containerOf(documents).args).toEqual([
      'controller',
      '--namespaces=team-a,team-b',
      '--tenants=/etc/ses-lambda-pipeline/tenants.yaml',
      '--concurrency=8',
      '--drift-interval=5m',
      '--pipelines-page=true',
      '--ses-calls-per-second=0.5',
    ]);
    expect(documents.find(({ kind }) => kind === 'ConfigMap')?.['data']).toEqual({
      'tenants.yaml': expect.stringContaining('roleArn: arn:aws:iam::111122223333:role/team'),
    });
    expect(documents.filter(({ kind }) => kind === 'ClusterRoleBinding')).toEqual([]);
  });

  test('hands variables of OpenTelemetry to the controller, and no others', async () => {
    const documents = await chartWith(
      'openTelemetry.OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.monitoring:4318',
      'openTelemetry.OTEL_TRACES_SAMPLER_ARG=0.1',
    );

    expect(containerOf(documents).env?.slice(1)).toEqual([
      { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://collector.monitoring:4318' },
      { name: 'OTEL_TRACES_SAMPLER_ARG', value: '0.1' },
    ]);
    await expect(chartWith('openTelemetry.AWS_REGION=us-west-2')).rejects.toThrow(
      "at '/openTelemetry': additional properties 'AWS_REGION' not allowed",
    );
  });

  test('keeps releases of other names apart, down to the Lease', async () => {
    const { out } = await helm(['template', 'shard-b', CHART, '--namespace', NAMESPACE]);

    expect(out).toContain('name: shard-b-ses-lambda-pipeline-controller');
    expect(out).toContain('- --lease-name=shard-b-ses-lambda-pipeline');
    expect(out).toContain('resourceNames: [shard-b-ses-lambda-pipeline]');
  });

  test('finds no fault with itself', async () => {
    expect(await helm(['lint', '--strict', CHART])).toMatchObject({ code: 0 });
  });

  test('is of the version of the command', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string };
    const { out } = await helm(['show', 'chart', CHART]);

    expect(out).toContain(`appVersion: ${version}\n`);
    expect(JSON.stringify(await kustomized('base'))).toContain(`"ses-lambda-pipeline:${version}"`);
  });
});

type Container = {
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
};

/** The one of the controller. */
function containerOf(documents: readonly Rendered[]): Container {
  const { spec } = documents.find(({ kind }) => kind === 'Deployment') as unknown as {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
  };
  return spec.template.spec.containers[0] ?? {};
}
