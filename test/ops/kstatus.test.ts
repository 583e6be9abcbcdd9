import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { conditionFaults, type StoredCondition } from '../../src/core/conditions.ts';
import { judge } from './judge.ts';

const here = (path: string): string => new URL(path, import.meta.url).pathname;
const ARGOCD = here('../../deploy/argocd/resource_customizations/ses-lambda-pipeline.dev/SesLambdaPipeline/');

type Judged = { readonly status: string; readonly message: string };
type Resource = {
  readonly metadata: { readonly generation: number; readonly deletionTimestamp?: string };
  readonly spec?: { readonly suspend?: boolean };
  readonly status: { readonly observedGeneration: number; readonly conditions?: readonly StoredCondition[] };
};

const resourcesIn = (folder: string): readonly Resource[] =>
  readdirSync(folder).map((file) => load(readFileSync(join(folder, file), 'utf8')) as Resource);

/** Kinds of statuses that controllers wrote in the tests in a cluster; RECORD_STATUSES=test/ops/statuses adds to them. */
const RECORDED = resourcesIn(here('statuses'));
const ALL = [...RECORDED, ...resourcesIn(join(ARGOCD, 'testdata'))];

/** What we say ourselves: the same rules, read off the conditions as they are meant. */
function meant({ metadata, status }: Resource): string {
  const has = (type: string) => status.conditions?.some((each) => each.type === type && each.status === 'True');
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (status.observedGeneration !== metadata.generation) return 'InProgress';
  if (has('Stalled')) return 'Failed';
  return has('Ready') ? 'Current' : 'InProgress';
}

const HEALTH_OF: Readonly<Record<string, string>> = {
  InProgress: 'Progressing',
  Failed: 'Degraded',
  Current: 'Healthy',
};

describe('every status that was recorded', () => {
  test('is of all kinds', () => {
    const reasons = new Set(RECORDED.map(meant));
    expect([...reasons].sort()).toEqual(['Current', 'Failed', 'InProgress', 'Terminating']);
  });

  test('has legal conditions', () => {
    expect(RECORDED.flatMap(({ status }) => conditionFaults(status.conditions ?? []))).toEqual([]);
  });

  test('is to kstatus, as Flux has it, what it is meant to be', async () => {
    const judged = await judge<readonly Judged[]>('kstatus', ALL.map(asObject));
    expect(judged.map(({ status }, index) => [ALL[index], status])).toEqual(ALL.map((each) => [each, meant(each)]));
  });

  test('is to Argo CD what it is to kstatus, or Suspended', async () => {
    // What is being deleted is Progressing to Argo CD, whatever a script says.
    const alive = ALL.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const judged = await judge<readonly Judged[]>('argo-health', alive.map(asObject), join(ARGOCD, 'health.lua'));
    const wanted = (each: Resource) => (each.spec?.suspend === true ? 'Suspended' : HEALTH_OF[meant(each)]);
    expect(judged.map(({ status }, index) => [alive[index], status])).toEqual(
      alive.map((each) => [each, wanted(each)]),
    );
  });
});

const asObject = (resource: Resource): object => ({
  apiVersion: 'ses-lambda-pipeline.dev/v1alpha1',
  kind: 'SesLambdaPipeline',
  ...resource,
});
