import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { run } from '../control-plane/run.ts';
import type { Rendered } from '../support/rendered.ts';

const MODULES = new URL('foreign-crds/', import.meta.url).pathname;

/** Where each project keeps its CustomResourceDefinitions. */
const FOLDERS = {
  'github.com/argoproj/argo-cd/v3': 'manifests/crds',
  'github.com/fluxcd/kustomize-controller': 'config/crd/bases',
  'github.com/fluxcd/source-controller': 'config/crd/bases',
  'github.com/prometheus-operator/prometheus-operator': 'example/prometheus-operator-crd',
} as const;

/** API groups that belong to others, whose resources we ship. */
export const FOREIGN_GROUPS = [
  'argoproj.io',
  'kustomize.toolkit.fluxcd.io',
  'source.toolkit.fluxcd.io',
  'monitoring.coreos.com',
] as const;

type Download = { readonly Path: keyof typeof FOLDERS; readonly Dir: string };

/**
 * The CustomResourceDefinitions of Argo CD, Flux and the Prometheus Operator in the versions of `foreign-crds/go.mod`;
 * Go downloads them once and checks them by `go.sum`.
 *
 * @throws {Error} saying what to install, or what Go says
 */
export async function foreignCrds(): Promise<readonly Rendered[]> {
  const env = { ...process.env, GOFLAGS: '-mod=readonly', GOWORK: 'off' };
  const download = ['mod', 'download', '-json', ...Object.keys(FOLDERS)];
  const { code, out, err } = await run('go', download, { cwd: MODULES, env }).catch(() => {
    throw new Error('The CRDs of Argo CD, Flux and the Prometheus Operator need Go: https://go.dev/dl');
  });
  if (code !== 0) throw new Error(`Downloading the CRDs failed: ${out}${err}`);
  const modules = JSON.parse(`[${out.replaceAll('}\n{', '},{')}]`) as readonly Download[];
  return modules.flatMap(({ Path, Dir }) => crdsIn(join(Dir, FOLDERS[Path])));
}

const crdsIn = (folder: string): readonly Rendered[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => loadAll(readFileSync(join(folder, file), 'utf8')) as readonly Rendered[])
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
