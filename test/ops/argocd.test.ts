import { readdirSync, readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { judge } from './judge.ts';

const ROOT = new URL(
  '../../deploy/argocd/resource_customizations/ses-lambda-pipeline.dev/SesLambdaPipeline/',
  import.meta.url,
);
const pathOf = (file: string): string => new URL(file, ROOT).pathname;
const read = (file: string): unknown => load(readFileSync(pathOf(file), 'utf8'));

type Resource = { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
type Health = { readonly status: string };
type HealthTests = { readonly tests: readonly { readonly inputPath: string; readonly healthStatus: Health }[] };
type ActionTests = {
  readonly discoveryTests: readonly {
    readonly inputPath: string;
    readonly result: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
  }[];
  readonly actionTests: readonly {
    readonly action: string;
    readonly inputPath: string;
    readonly expectedOutputPath: string;
  }[];
};

const HEALTH = (read('health_test.yaml') as HealthTests).tests;
const { discoveryTests: DISCOVERY, actionTests: ACTIONS } = read('actions/action_test.yaml') as ActionTests;

describe('Argo CD takes a pipeline for', () => {
  test.for(HEALTH)('$healthStatus.status: $inputPath', async ({ inputPath, healthStatus }) => {
    const script = pathOf('health.lua');
    expect(await judge('argo-health', [read(inputPath)], script)).toEqual([healthStatus]);
  });

  test('Progressing, whatever is missing', async () => {
    const resources = [{}, { status: {} }, { status: { conditions: [] } }, { spec: {}, metadata: { generation: 1 } }];
    const answers = await judge<readonly Health[]>('argo-health', resources.map(withMetadata), pathOf('health.lua'));
    expect(answers.map(({ status }) => status)).toEqual(resources.map(() => 'Progressing'));
  });

  test('nothing that no test has', () => {
    expect(HEALTH.map(({ inputPath }) => inputPath).sort()).toEqual(
      readdirSync(pathOf('testdata'))
        .map((file) => `testdata/${file}`)
        .sort(),
    );
  });
});

describe('Argo CD offers', () => {
  test.for(DISCOVERY)('what can be done: $inputPath', async ({ inputPath, result }) => {
    const found = await judge('argo-action', [read(`actions/${inputPath}`)], pathOf('actions/discovery.lua'));
    expect(found).toEqual([Object.fromEntries(result.map(({ name, ...rest }) => [name, rest]))]);
  });

  test.for(ACTIONS)('$action, which changes nothing else', async ({ action, inputPath, expectedOutputPath }) => {
    const script = pathOf(`actions/${action}/action.lua`);
    const [made] = await judge<readonly Resource[]>('argo-action', [read(`actions/${inputPath}`)], script);
    expect(atNoTime(made)).toEqual(atNoTime(read(`actions/${expectedOutputPath}`) as Resource));
  });

  test('a request to reconcile that is a time, in UTC', async () => {
    const script = pathOf('actions/reconcile/action.lua');
    const [made] = await judge<readonly Resource[]>('argo-action', [read('actions/testdata/running.yaml')], script);
    const at = Date.parse(made?.metadata.annotations?.[REQUESTED_AT] ?? '');
    expect(Math.abs(at - Date.now())).toBeLessThan(60_000);
  });
});

test('the scripts in argocd-cm are those that are tested', () => {
  const { data } = load(readFileSync(pathOf('../../../argocd-cm.yaml'), 'utf8')) as {
    readonly data: Readonly<Record<string, string>>;
  };
  const key = 'ses-lambda-pipeline.dev_SesLambdaPipeline';
  const actions = load(data[`resource.customizations.actions.${key}`] ?? '') as Readonly<Record<string, unknown>>;
  const script = (file: string): string => readFileSync(pathOf(file), 'utf8');

  expect(data[`resource.customizations.health.${key}`]).toBe(script('health.lua'));
  expect(actions['discovery.lua']).toBe(script('actions/discovery.lua'));
  expect(actions['definitions']).toEqual(
    readdirSync(pathOf('actions'), { withFileTypes: true })
      .filter((each) => each.isDirectory() && each.name !== 'testdata')
      .map(({ name }) => ({ name, 'action.lua': script(`actions/${name}/action.lua`) }))
      .sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name)),
  );
});

const ORDER = ['reconcile', 'suspend', 'resume'];
const REQUESTED_AT = 'ses-lambda-pipeline.dev/reconcile-requested-at';

const withMetadata = (resource: object): object => ({ metadata: { generation: 1 }, ...resource });

function atNoTime(resource: Resource | undefined): unknown {
  const annotations = resource?.metadata.annotations;
  if (annotations?.[REQUESTED_AT] === undefined) return resource;
  return {
    ...resource,
    metadata: { ...resource?.metadata, annotations: { ...annotations, [REQUESTED_AT]: 'some time' } },
  };
}
