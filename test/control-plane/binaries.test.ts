import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../files/temporary-folder.ts';
import { PROGRAMS, findBinaries } from './binaries.ts';

const folder = temporaryFolder();

test('takes every program from KUBEBUILDER_ASSETS when it is there', async () => {
  for (const program of PROGRAMS) executable(`assets/${program}`);

  const binaries = await findBinaries(environment({ KUBEBUILDER_ASSETS: folder.path('assets') }), quietly);

  expect(Object.values(binaries)).toEqual(PROGRAMS.map((program) => folder.path(`assets/${program}`)));
});

test('builds into the cache what KUBEBUILDER_ASSETS lacks', async () => {
  for (const program of ['etcd', 'kube-apiserver', 'kubectl']) executable(`assets/${program}`);
  fakeGo();

  const binaries = await findBinaries(environment({ KUBEBUILDER_ASSETS: folder.path('assets') }), quietly);

  expect(binaries.kubectl).toBe(folder.path('assets/kubectl'));
  expect(binaries['kube-controller-manager']).toContain(folder.path('cache/ses-lambda-pipeline/control-plane/v'));
  expect(built()).toEqual(['k8s.io/kubernetes/cmd/kube-controller-manager']);
});

test('builds each program once when several ask at the same time', async () => {
  fakeGo();

  const [first, second] = await Promise.all([
    findBinaries(environment(), quietly),
    findBinaries(environment(), quietly),
  ]);

  expect(second).toEqual(first);
  expect(built()).toHaveLength(PROGRAMS.length);
});

test('says the words of Go when a build fails, and leaves no half of a program', async () => {
  executable(
    'bin/go',
    '#!/bin/sh\nshift; while [ "$1" != -o ]; do shift; done; echo half > "$2"; chmod +x "$2"\necho "no space left" >&2; exit 1\n',
  );

  await expect(findBinaries(environment(), quietly)).rejects.toThrow(/Building etcd failed.*no space left/s);

  await expect(findBinaries(environment(), quietly)).rejects.toThrow('no space left');
});

test('says what to install when there are neither programs nor Go', async () => {
  await expect(findBinaries({ PATH: folder.path('bin'), XDG_CACHE_HOME: folder.path('cache') })).rejects.toThrow(
    'A Kubernetes API server needs etcd, kube-apiserver, kubectl, kube-controller-manager: install Go (https://go.dev/dl), ' +
      'with which they are built, or set KUBEBUILDER_ASSETS to a folder that holds them.',
  );
  expect(existsSync(folder.path('cache'))).toBe(false);
});

const quietly = (): void => undefined;

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: `${folder.path('bin')}:/usr/bin:/bin`,
  XDG_CACHE_HOME: folder.path('cache'),
  ...more,
});

function executable(name: string, text = '#!/bin/sh\n'): void {
  chmodSync(folder.write(name, text), 0o755);
}

/** Notes the package (its last argument) and makes a program (what stands behind -o). */
function fakeGo(): void {
  executable(
    'bin/go',
    `#!/bin/sh
while [ $# -gt 1 ]; do if [ "$1" = -o ]; then output="$2"; fi; shift; done
echo "$1" >> ${folder.path('built')}
echo > "$output"; chmod +x "$output"
`,
  );
}

const built = (): string[] => readFileSync(folder.path('built'), 'utf8').trim().split('\n');
