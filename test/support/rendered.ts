import { join, resolve } from 'node:path';
import { loadAll } from 'js-yaml';
import { findBinaries } from '../control-plane/binaries.ts';
import { run } from '../control-plane/run.ts';
import { helm } from '../helm/helm.ts';

/** A document as it is applied. */
export type Rendered = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: unknown;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

const DEPLOY = resolve(import.meta.dirname, '../../deploy');

/** The chart, in its folder. */
export const CHART = join(DEPLOY, 'helm/ses-lambda-pipeline');

/** The namespace that everything is made for. */
export const NAMESPACE = 'ses-lambda-pipeline';

/** @param path `base` or `overlays/irsa` @throws {Error} with the words of kustomize */
export async function kustomized(path: string): Promise<readonly Rendered[]> {
  const { kubectl } = await findBinaries();
  return documentsOf(await run(kubectl, ['kustomize', join(DEPLOY, 'kustomize', path)]));
}

/** @param set values as `--set` takes them, or whole options such as `--set-json=a.b=1` @throws {Error} with the words of Helm */
export async function chartWith(...set: readonly string[]): Promise<readonly Rendered[]> {
  const values = set.flatMap((each) => (each.startsWith('--') ? [each] : ['--set', each]));
  return documentsOf(await helm(['template', NAMESPACE, CHART, '--namespace', NAMESPACE, '--no-hooks', ...values]));
}

/** The pods of `helm test`. @throws {Error} with the words of Helm */
export async function chartTests(): Promise<readonly Rendered[]> {
  const all = await helm(['template', NAMESPACE, CHART, '--namespace', NAMESPACE, '--show-only', 'templates/tests/*']);
  return documentsOf(all);
}

/** Every way to install that we ship, by a name for it. */
export const WAYS_TO_INSTALL = [
  ['kustomize base', () => kustomized('base')],
  ['kustomize irsa', () => kustomized('overlays/irsa')],
  ['kustomize pod-identity', () => kustomized('overlays/pod-identity')],
  ['kustomize static-credentials', () => kustomized('overlays/static-credentials')],
  ['kustomize single-namespace', () => kustomized('overlays/single-namespace')],
  ['kustomize sharded', () => kustomized('overlays/sharded')],
  ['the chart', () => chartWith()],
] as const;

function documentsOf({ code, out, err }: { readonly code: number; readonly out: string; readonly err: string }) {
  if (code !== 0) throw new Error(err);
  return (loadAll(out) as (Rendered | null)[]).filter((document) => document !== null);
}
