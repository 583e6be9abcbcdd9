import { readFileSync } from 'node:fs';
import { dump } from 'js-yaml';
import { nextConditions, type Phase, type StoredCondition } from '../src/core/conditions.ts';
import type { Fault } from '../src/core/fault.ts';
import type { GeneratedFile } from './generate.ts';

const KIND = 'ses-lambda-pipeline.dev/SesLambdaPipeline';
const FOLDER = `deploy/argocd/resource_customizations/${KIND}`;
const KEY = 'ses-lambda-pipeline.dev_SesLambdaPipeline';
const ACTIONS = ['reconcile', 'suspend', 'resume'];
const NOW = '2026-01-02T03:04:05Z';

type Health = { readonly status: 'Healthy' | 'Progressing' | 'Degraded' | 'Suspended'; readonly message: string };
type State = {
  readonly file: string;
  /** Undefined: the controller has not written a status yet. */
  readonly phase?: Phase;
  /** What the controller has seen, of 2; the API server puts -1 there. */
  readonly observedGeneration?: number;
  readonly spec?: object;
  readonly health: Health;
};

const fault = (kind: Pick<Fault, 'class' | 'reason' | 'message'>): Fault => kind;
const throttled = fault({ class: 'throttled', reason: 'Throttled', message: 'AWS answers too slowly' });
const denied = fault({ class: 'denied', reason: 'AccessDenied', message: 'the credentials may not s3:CreateBucket' });
const notEmpty = fault({ class: 'delete-blocked', reason: 'DeletionBlocked', message: 'The bucket is not empty' });
const SUSPENDED: Health = { status: 'Suspended', message: 'spec.suspend is true: AWS is neither compared nor written' };

/** Every state that a resource can be in, and what Argo CD is to make of it. */
const STATES: readonly State[] = [
  { file: 'unseen', observedGeneration: -1, health: { status: 'Progressing', message: 'Waiting for the controller' } },
  {
    file: 'changed',
    phase: { kind: 'settled' },
    observedGeneration: 1,
    health: { status: 'Progressing', message: 'Waiting for the controller to see the latest change' },
  },
  {
    file: 'working',
    phase: { kind: 'working', message: 'create function' },
    health: { status: 'Progressing', message: 'Progressing: create function' },
  },
  {
    file: 'retrying',
    phase: { kind: 'retrying', fault: throttled },
    health: { status: 'Progressing', message: `ProgressingWithRetry: ${throttled.message}` },
  },
  {
    file: 'stalled',
    phase: { kind: 'stalled', fault: denied },
    health: { status: 'Degraded', message: `AccessDenied: ${denied.message}` },
  },
  {
    file: 'ready',
    phase: { kind: 'settled' },
    health: { status: 'Healthy', message: 'AWS is as the manifest says' },
  },
  {
    file: 'drifted',
    phase: { kind: 'drifted', message: '1 difference: function memorySize', missing: false },
    spec: { managementPolicy: 'Observe' },
    health: { status: 'Healthy', message: 'DriftDetected: 1 difference: function memorySize' },
  },
  {
    file: 'not-created',
    phase: { kind: 'drifted', message: 'there is no bucket', missing: true },
    spec: { managementPolicy: 'Observe' },
    health: { status: 'Degraded', message: 'NotCreated: there is no bucket' },
  },
  { file: 'suspended', phase: { kind: 'suspended' }, spec: { suspend: true }, health: SUSPENDED },
  {
    file: 'suspended-from-the-start',
    observedGeneration: -1,
    spec: { suspend: true },
    health: SUSPENDED,
  },
  {
    file: 'deleting',
    phase: { kind: 'deleting', fault: undefined },
    health: { status: 'Progressing', message: 'Deleting: What the pipeline owns on AWS is being deleted' },
  },
  {
    file: 'deletion-blocked',
    phase: { kind: 'deleting', fault: notEmpty },
    health: { status: 'Degraded', message: `DeletionBlocked: ${notEmpty.message}` },
  },
];

/** The test data of the health script, its test in upstream's format, and the scripts as a patch of argocd-cm. */
export function argocdFiles(): readonly GeneratedFile[] {
  const tests = STATES.map(({ file, health }) => ({ healthStatus: health, inputPath: `testdata/${file}.yaml` }));
  return [
    ...STATES.map((state) => ({ path: `${FOLDER}/testdata/${state.file}.yaml`, text: dump(resourceIn(state)) })),
    { path: `${FOLDER}/health_test.yaml`, text: dump({ tests }) },
    { path: 'deploy/argocd/argocd-cm.yaml', text: configMap() },
  ];
}

function resourceIn({ phase, observedGeneration = 2, spec = {} }: State): object {
  const conditions = phase === undefined ? undefined : conditionsIn(phase, observedGeneration);
  return {
    apiVersion: 'ses-lambda-pipeline.dev/v1alpha1',
    kind: 'SesLambdaPipeline',
    metadata: { name: 'app', namespace: 'mail', generation: 2 },
    spec: {
      region: 'us-west-2',
      messageBodyStorage: { logicalName: 'Special' },
      role: {},
      function: { code: { configMapRef: { name: 'echo' } } },
      receiptRules: [{ name: 'All', recipients: [] }],
      ...spec,
    },
    status: { observedGeneration, ...(conditions !== undefined && { conditions }) },
  };
}

function conditionsIn(phase: Phase, generation: number): readonly StoredCondition[] {
  const context = { now: NOW, generation };
  const before = phase.kind === 'suspended' ? nextConditions({ kind: 'settled' }, [], [], context) : [];
  return nextConditions(phase, [], before, context);
}

function configMap(): string {
  const script = (file: string) => readFileSync(new URL(`../${FOLDER}/${file}`, import.meta.url), 'utf8');
  const actions = {
    'discovery.lua': script('actions/discovery.lua'),
    definitions: ACTIONS.map((name) => ({ name, 'action.lua': script(`actions/${name}/action.lua`) })),
  };
  const document = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'argocd-cm',
      namespace: 'argocd',
      labels: { 'app.kubernetes.io/name': 'argocd-cm', 'app.kubernetes.io/part-of': 'argocd' },
    },
    data: {
      [`resource.customizations.health.${KEY}`]: script('health.lua'),
      [`resource.customizations.actions.${KEY}`]: dump(actions, { lineWidth: -1 }),
    },
  };
  return `# Generated by "npm run generate" from resource_customizations. Do not edit.
# Teaches Argo CD the health of pipelines, and three actions. Merge it into what is there, as docs/gitops.md says:
# kubectl patch configmap argocd-cm --namespace argocd --type merge --patch-file argocd-cm.yaml
${dump(document, { lineWidth: -1 })}`;
}
