import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cacheFolder } from '../support/cache-folder.ts';
import { exclusively } from './exclusively.ts';
import { run } from './run.ts';

/** The program's name as envtest knows it, and the Go package it is built from. */
const PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
} as const;

export type Program = keyof typeof PACKAGES;

/** Every program that {@link findBinaries} knows. */
export const PROGRAMS = Object.keys(PACKAGES) as readonly Program[];

/** Where the programs are. */
export type Binaries = Readonly<Record<Program, string>>;

/**
 * The programs of a Kubernetes control plane: from the folder in KUBEBUILDER_ASSETS (the convention of envtest, whose
 * archive has no kube-controller-manager), else from our cache, else built from source into our cache.
 *
 * Several processes may ask at once: one builds, the others wait for it.
 * @throws {Error} saying what to install, when a program can be neither found nor built
 * @see https://book.kubebuilder.io/reference/envtest
 */
export async function findBinaries(env: NodeJS.ProcessEnv = process.env, say: Say = toStderr): Promise<Binaries> {
  const version = await kubernetesVersion();
  const cache = join(cacheFolder('control-plane', env), version);
  const assets = env['KUBEBUILDER_ASSETS'];
  const folders = assets === undefined || assets === '' ? [cache] : [assets, cache];

  const missing = await missingFrom(folders);
  if (missing.length > 0) {
    const go = await findGo(env, missing, assets);
    await mkdir(cache, { recursive: true });
    await exclusively(join(cache, 'building.lock'), async () =>
      build({ go, env, version, cache, say }, await missingFrom(folders)),
    );
  }
  const found = await Promise.all(PROGRAMS.map(async (program) => [program, await firstIn(folders, program)] as const));
  return Object.fromEntries(found) as Binaries;
}

/** go.mod is the one place that says which Kubernetes this is. */
async function kubernetesVersion(): Promise<string> {
  const goMod = await readFile(join(import.meta.dirname, 'go.mod'), 'utf8');
  const version = /^\s*k8s\.io\/kubernetes (v\S+)/m.exec(goMod)?.[1];
  if (version === undefined)
    throw new Error('test/control-plane/go.mod requires no k8s.io/kubernetes; restore the line');
  return version;
}

async function missingFrom(folders: readonly string[]): Promise<readonly Program[]> {
  const found = await Promise.all(PROGRAMS.map((program) => firstIn(folders, program)));
  return PROGRAMS.filter((_, index) => found[index] === undefined);
}

async function firstIn(folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) if (await isExecutable(join(folder, name))) return join(folder, name);
  return undefined;
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

async function findGo(
  env: NodeJS.ProcessEnv,
  missing: readonly Program[],
  assets: string | undefined,
): Promise<string> {
  const go = await firstIn((env['PATH'] ?? '').split(delimiter), 'go');
  if (go !== undefined) return go;
  const looked = assets === undefined || assets === '' ? '' : ` KUBEBUILDER_ASSETS=${assets} does not hold them all.`;
  throw new Error(
    `A Kubernetes API server needs ${missing.join(', ')}: install Go (https://go.dev/dl), with which they are built, ` +
      `or set KUBEBUILDER_ASSETS to a folder that holds them.${looked}`,
  );
}

type Workshop = {
  readonly go: string;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly cache: string;
  readonly say: Say;
};

async function build(shop: Workshop, programs: readonly Program[]): Promise<void> {
  if (programs.length === 0) return;
  const names = programs.join(', ');
  shop.say(
    `Building ${names} (Kubernetes ${shop.version}) into ${shop.cache}: the first time about 10 minutes on 2 cores`,
  );
  const startedMs = performance.now();
  const scratch = await mkdtemp(join(shop.cache, 'building-'));
  try {
    for (const [index, program] of programs.entries()) {
      shop.say(`  ${index + 1} of ${programs.length}: ${program}`);
      await buildOne(shop, program, scratch);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  shop.say(`Built ${names} in ${Math.round((performance.now() - startedMs) / 1000)} s`);
}

async function buildOne({ go, env, version, cache }: Workshop, program: Program, scratch: string): Promise<void> {
  const output = join(scratch, program);
  const flags = [
    '-trimpath',
    '-buildvcs=false',
    '-ldflags',
    `-s -w -X k8s.io/component-base/version.gitVersion=${version}`,
  ];
  const built = await run('nice', ['-n', '15', go, 'build', ...flags, '-o', output, PACKAGES[program]], {
    cwd: import.meta.dirname,
    env: { ...env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
  });
  if (built.code !== 0)
    throw new Error(`Building ${program} failed; the end of what Go says:\n${built.err.slice(-2000)}`);
  // A rename within a folder is atomic: whoever sees the name sees the whole program.
  await rename(output, join(cache, program));
}

type Say = (line: string) => void;

const toStderr: Say = (line) => void process.stderr.write(`${line}\n`);
