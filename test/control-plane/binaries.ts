import { findGoPrograms } from './go-programs.ts';

/** The program's name as envtest knows it, and the Go package it is built from. */
const PACKAGES = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
} as const;

type Program = keyof typeof PACKAGES;

/** Every program that {@link findBinaries} knows. */
export const PROGRAMS = Object.keys(PACKAGES) as readonly Program[];

/** Where the programs are. */
export type Binaries = Readonly<Record<Program, string>>;

/**
 * The programs of a Kubernetes control plane: from the folder in KUBEBUILDER_ASSETS (the convention of envtest, whose
 * archive has no kube-controller-manager), else from our cache, else built from source into our cache.
 *
 * @throws {Error} saying what to install, when a program can be neither found nor built
 * @see https://book.kubebuilder.io/reference/envtest
 */
export const findBinaries = (env: NodeJS.ProcessEnv = process.env, say?: (line: string) => void): Promise<Binaries> =>
  findGoPrograms(
    {
      module: import.meta.dirname,
      versionOf: 'k8s.io/kubernetes',
      packages: PACKAGES,
      versionVariable: 'k8s.io/component-base/version.gitVersion',
      assets: 'KUBEBUILDER_ASSETS',
      purpose: 'A Kubernetes API server',
    },
    env,
    say,
  );
