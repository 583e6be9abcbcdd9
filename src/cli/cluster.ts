import type { Resource } from '../controller/source.ts';
import { faultOf } from '../core/fault.ts';
import type { FunctionInputs } from '../core/function-inputs.ts';
import type { Manifest } from '../core/manifest.ts';
import type { LeaseFacts } from '../diagnosis/lease-health.ts';
import type { EventFacts } from '../diagnosis/trace-facts.ts';
import { nearestNames } from '../files/nearest-names.ts';
import { failed, refused } from './command-failed.ts';
import { Interrupted, unlessInterrupted } from './interrupted.ts';
import type { CliIo } from './io.ts';

/** Which cluster of which kubeconfig; not set: those that kubectl would take. */
export type ClusterOptions = { readonly kubeconfig?: string | undefined; readonly context?: string | undefined };

/** Which pipelines of a cluster. */
export type ClusterChoice = ClusterOptions & {
  /** Not set: that of the context. */
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
};

type Ref = { readonly namespace: string; readonly name: string };

/** A cluster as commands see it. Each method throws {@link PipelineError} in words for whoever typed the command. */
export type Cluster = {
  readonly context: string;
  /** That of the context. */
  readonly namespace: string;
  /** Of one namespace, or of all. */
  readonly pipelines: (namespace: string | undefined) => Promise<readonly Resource[]>;
  readonly pipeline: (ref: Ref) => Promise<Resource | undefined>;
  /** Code and variables of a function. */
  readonly inputs: (manifest: Manifest, namespace: string) => Promise<FunctionInputs>;
  /** In the order in which it happened. */
  readonly events: (ref: Ref, uid: string) => Promise<readonly EventFacts[]>;
  /** Leases of this name, of one namespace or of all. */
  readonly leases: (name: string, namespace: string | undefined) => Promise<readonly LeaseFacts[]>;
  readonly definition: (name: string) => Promise<object | undefined>;
  readonly requestReconcile: (ref: Ref, token: string) => Promise<Resource | undefined>;
  readonly setSuspended: (ref: Ref, suspend: boolean) => Promise<Resource | undefined>;
};

/** Opens the cluster and does something with it; a fault of it is told and ends the command. */
export async function withinCluster<T>(
  options: ClusterOptions,
  io: CliIo,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  try {
    const cluster = await io.openCluster({ kubeconfig: options.kubeconfig, context: options.context });
    return await unlessInterrupted(io.signal, work(cluster));
  } catch (error) {
    if (error instanceof Interrupted || (error instanceof Error && error.name === 'CommandFailed')) throw error;
    throw failed(faultOf(error), io);
  }
}

export const namespaceOf = (choice: ClusterChoice, cluster: Pick<Cluster, 'namespace'>): string | undefined =>
  choice.allNamespaces === true ? undefined : (choice.namespace ?? cluster.namespace);

/** Where pipelines were looked for. @param namespace undefined: in all */
export const placeText = (namespace: string | undefined, { context }: Pick<Cluster, 'context'>, more = ''): string =>
  `${namespace === undefined ? 'any namespace' : `namespace ${namespace}`}${more} of context ${context}`;

/**
 * The pipelines that a person names, in this order, or all of the namespace. A name may have its namespace in front.
 *
 * @throws {CommandFailed} after it was told which are not there, and what else is
 */
export async function choosePipelines(
  names: readonly string[],
  choice: ClusterChoice,
  cluster: Cluster,
  io: Pick<CliIo, 'err'>,
): Promise<readonly Resource[]> {
  const namespace = namespaceOf(choice, cluster);
  if (names.length === 0) return byKey(await cluster.pipelines(namespace));
  const wanted = names.map((name) => (name.includes('/') || namespace === undefined ? name : `${namespace}/${name}`));
  const places = new Set(wanted.map((key) => (key.includes('/') ? key.slice(0, key.indexOf('/')) : undefined)));
  const known = (await Promise.all([...places].map((place) => cluster.pipelines(place)))).flat();
  return wanted.map((key) => {
    const found = known.filter((each) => each.key === key || each.key.endsWith(`/${key}`));
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    if (only !== undefined)
      throw refused(`${key} is in several namespaces; say which: ${found.map((each) => each.key).join(', ')}`, io);
    throw notThere(
      key,
      known.map((each) => each.key),
      ` in the cluster of context ${cluster.context}`,
      io,
    );
  });
}

/** As {@link choosePipelines}. @throws {CommandFailed} also when `--all` means none: a mistyped namespace is no success */
export async function chooseSome(
  names: readonly string[],
  choice: ClusterChoice,
  cluster: Cluster,
  io: Pick<CliIo, 'err'>,
): Promise<readonly Resource[]> {
  const chosen = await choosePipelines(names, choice, cluster, io);
  if (chosen.length > 0) return chosen;
  const where = placeText(namespaceOf(choice, cluster), cluster);
  throw refused(`there is no pipeline in ${where}: name another with -n, or say -A`, io);
}

const SHOWN = 5;

/** Says that there is no such pipeline, and which may have been meant. */
export function notThere(key: string, known: readonly string[], where: string, io: Pick<CliIo, 'err'>): Error {
  const bare = (each: string): string => each.slice(each.indexOf('/') + 1);
  const near = nearestNames(bare(key), [...new Set(known.map(bare))]);
  const meant = near.length > 0 ? known.filter((each) => near.includes(bare(each))) : [...known].sort();
  const list = meant.slice(0, SHOWN).join(', ') + (meant.length > SHOWN ? `, … (${meant.length})` : '');
  const rest =
    meant.length === 0 ? 'there is none at all' : near.length > 0 ? `did you mean ${list}?` : `there are: ${list}`;
  return refused(`There is no pipeline ${key}${where}; ${rest}`, io);
}

const byKey = (pipelines: readonly Resource[]): readonly Resource[] =>
  pipelines.toSorted((a, b) => (a.key < b.key ? -1 : 1));

/** Whether the command is about files; both at once would leave open what is meant. */
export function areFiles(
  options: ClusterChoice & { readonly filename?: readonly string[] },
  io: Pick<CliIo, 'err'>,
): boolean {
  if (options.filename === undefined) return false;
  const { context, kubeconfig, allNamespaces } = options;
  const given = [
    context === undefined ? '' : '--context',
    kubeconfig === undefined ? '' : '--kubeconfig',
    allNamespaces === undefined ? '' : '--all-namespaces',
  ].filter(Boolean);
  if (given.length > 0)
    throw refused(`-f looks at files, and ${given.join(' and ')} at a cluster: leave one of them out`, io);
  return true;
}

export function refOf({ key }: Pick<Resource, 'key'>): Ref {
  const at = key.indexOf('/');
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
}
