import { loadManifests } from '../files/load-manifests.ts';
import { refOf } from './cluster.ts';
import type { Candidate, Completion } from './complete.ts';
import type { CliIo } from './io.ts';
import { keyOf } from './work.ts';

/** The pipelines that a command line may name: those in its files, or those in the cluster that it means. */
export async function knownPipelines(
  given: NonNullable<Completion['pipelines']>,
  io: CliIo,
): Promise<readonly Candidate[]> {
  const only = (name: string): string | undefined => given[name]?.at(-1);
  const { filename } = given;
  if (filename !== undefined) {
    const namespace = only('namespace') ?? 'default';
    const { pipelines } = await loadManifests({ sources: filename, namespace, readStdin: () => Promise.resolve('') });
    return pipelines.map((each) => ({ value: each.manifest.metadata.name, about: keyOf(each) }));
  }
  const cluster = await io.openCluster({ kubeconfig: only('kubeconfig'), context: only('context') });
  const everywhere = given['allNamespaces'] !== undefined;
  const found = await cluster.pipelines(everywhere ? undefined : (only('namespace') ?? cluster.namespace));
  return found.map((each) => ({
    value: everywhere ? each.key : refOf(each).name,
    about: each.status?.conditions.find(({ type }) => type === 'Ready')?.reason ?? 'not looked at yet',
  }));
}
