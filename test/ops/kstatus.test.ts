import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { conditionFaults, nextConditions, type Phase, type StoredCondition } from '../../src/core/conditions.ts';
import type { Fault, FaultClass } from '../../src/core/fault.ts';
import { FAULT_REASONS, STATE_REASONS, type FaultReason } from '../../src/core/reasons.ts';
import { readStatuses, type StatusKind } from '../support/recorded-statuses.ts';
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

const TIME = '2026-01-02T03:04:05Z';
/** No judge reads these. */
const NOT_READ = { message: 'as it was', lastTransitionTime: TIME, observedGeneration: 2 };

const KEPT = here('statuses.jsonl');
const KEPT_RIGHT_NOW = here('../../build/statuses.jsonl');

/**
 * Every kind of status that a controller wrote in the tests: those that `npm run record:statuses` kept, and those of the
 * run of all tests right before this one, where there was one (.ci/run).
 */
const RECORDED = readStatuses(KEPT, KEPT_RIGHT_NOW).map(resourceOf);

/** Reasons that no test makes a whole controller come to; those of its parts do. */
const NEVER_WRITTEN = [
  'BucketNameTaken',
  'ChangedMeanwhile',
  'CredentialsMissing',
  'KubernetesUnavailable',
  'RegistryUnavailable',
  'RuleSetMissing',
];

const CLASSES = ['transient', 'conflict'] as const satisfies readonly FaultClass[]; // tried again, and final

/** What the controller would write for each reason there is, whether or not a test makes it do so. */
const POSSIBLE = Object.keys(FAULT_REASONS).flatMap((reason) =>
  CLASSES.map((each): Fault => ({ class: each, reason: reason as FaultReason, message: 'as it was' })).flatMap(
    (fault) => [
      resourceIn({ kind: 'retrying', fault }),
      resourceIn({ kind: 'stalled', fault }),
      { ...resourceIn({ kind: 'deleting', fault }), metadata: { generation: 2, deletionTimestamp: TIME } },
    ],
  ),
);

const ALL = [...RECORDED, ...POSSIBLE, ...resourcesIn(join(ARGOCD, 'testdata'))];

function resourceIn(phase: Phase): Resource {
  const conditions = nextConditions(phase, [], [], { now: TIME, generation: 2 });
  return { metadata: { generation: 2 }, status: { observedGeneration: 2, conditions } };
}

function resourceOf({ deleting, suspended, behind, conditions }: StatusKind): Resource {
  return {
    metadata: { generation: 2, ...(deleting && { deletionTimestamp: TIME }) },
    spec: suspended ? { suspend: true } : {},
    status: {
      observedGeneration: behind ? 1 : 2,
      conditions: conditions.map((condition) => {
        const [, type = '', status, reason = ''] = /^(.+)=(.+)\/(.+)$/.exec(condition) ?? [];
        return { ...NOT_READ, type, status: status as StoredCondition['status'], reason };
      }),
    },
  };
}

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

describe('every status that was written', () => {
  test('is of all kinds', () => {
    const meanings = new Set(RECORDED.map(meant));
    expect([...meanings].sort()).toEqual(['Current', 'Failed', 'InProgress', 'Terminating']);
  });

  test('has every reason that there is, but for a few', () => {
    const kept = readStatuses(KEPT).map(resourceOf);
    const given = new Set(kept.flatMap(({ status }) => status.conditions?.map(({ reason }) => reason) ?? []));
    const missing = Object.keys({ ...FAULT_REASONS, ...STATE_REASONS }).filter((reason) => !given.has(reason));
    expect(missing.sort()).toEqual(NEVER_WRITTEN);
  });

  test('has legal conditions', () => {
    expect([...RECORDED, ...POSSIBLE].flatMap(({ status }) => conditionFaults(status.conditions ?? []))).toEqual([]);
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
