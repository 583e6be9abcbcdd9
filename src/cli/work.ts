import { neighboursOf } from '../controller/neighbours.ts';
import type { Grant, Place, Tenants } from '../controller/tenants.ts';
import { faultOf } from '../core/fault.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { restraintOf } from '../core/management-policy.ts';
import type { Scope } from '../core/departed.ts';
import { INSTALLATION, pipelineKey, type PipelineIdentity } from '../core/names.ts';
import type { Work } from '../core/observe.ts';
import type { Neighbour } from '../core/neighbour.ts';
import type { Warning } from '../core/plan.ts';
import type { Tracing } from '../core/tracing.ts';
import { DNS_LABEL } from '../core/manifest.ts';
import { loadManifests, type LoadedPipeline } from '../files/load-manifests.ts';
import { notThere } from './cluster.ts';
import { CommandFailed, failed, refused } from './command-failed.ts';
import { Interrupted, unlessInterrupted } from './interrupted.ts';
import type { CliIo, Connected } from './io.ts';
import type { PipelineOptions, PruneOption, TenantsOption } from './options.ts';
import { renderFileProblem } from './render-problems.ts';
import { connectTo, distinctPlaces, isSameRole, loadTenants } from './tenants.ts';

/** What one region has to do with the given files, as one role. */
export type RegionWork = {
  readonly place: Place;
  readonly work: Work;
  readonly ports: Connected;
  readonly tracing: Tracing;
};

/**
 * Connects to every region of the pipelines.
 *
 * @param others of the same files, which stay as they are: nothing is claimed from them, and the order among all is kept
 * @throws {CommandFailed} after the problem was printed: no credentials, nobody at the endpoint
 */
export async function openWork(
  loaded: readonly LoadedPipeline[],
  options: PipelineOptions & PruneOption & TenantsOption,
  io: CliIo,
  purpose: 'apply' | 'remove',
  others: readonly LoadedPipeline[] = [],
): Promise<readonly RegionWork[]> {
  const tenants = await loadTenants(options, io);
  const granted = loaded.map((pipeline) => ({ pipeline, ...grantOf(pipeline, tenants, io) }));
  const opened: RegionWork[] = [];
  const { tracing } = io;
  try {
    for (const place of distinctPlaces(granted.map((each) => each.place))) {
      const { region } = place;
      const ports = await connectTo(place, options, io);
      const here = granted.filter((each) => isSameRole(each.place, place));
      opened.push({ place, ports, tracing, work: { region, apply: [], remove: [] } });
      const identified = identify(here, region, options.installation, ports);
      const pipelines = await unlessInterrupted(io.signal, identified);
      const work = purpose === 'apply' ? { apply: pipelines, remove: [] } : { apply: [], remove: pipelines };
      const [scope] = options.prune === true ? pipelines.map(({ identity }) => scopeOf(identity)) : [];
      const neighbours = besides(place, here, [...loaded, ...others], tenants, options.installation);
      opened[opened.length - 1] = {
        place,
        ports,
        tracing,
        work: { region, ...work, ...(scope && { prune: scope }), ...(neighbours.length > 0 && { neighbours }) },
      };
    }
    return opened;
  } catch (error) {
    for (const { ports } of opened) ports.close();
    if (error instanceof Interrupted) throw error;
    throw failed(faultOf(error), io);
  }
}

type Granted = Extract<Grant, { readonly ok: true }> & { readonly pipeline: LoadedPipeline };

/** @throws {CommandFailed} for a pipeline that nobody works for */
function grantOf(pipeline: LoadedPipeline, tenants: Tenants, io: CliIo): Extract<Grant, { readonly ok: true }> {
  const grant = tenants.toApply(keyOf(pipeline), pipeline.manifest);
  if (grant.ok) return grant;
  throw failed({ ...grant.fault, message: `${keyOf(pipeline)}: ${grant.fault.message}` }, io);
}

/** Pipelines of other roles that meet these in the account's rule sets. */
function besides(
  place: Place,
  here: readonly Granted[],
  loaded: readonly LoadedPipeline[],
  tenants: Tenants,
  installation: string,
): readonly Neighbour[] {
  const own = new Set(here.map(({ pipeline }) => keyOf(pipeline)));
  const others = loaded.filter((each) => !own.has(keyOf(each)) && tenants.livesIn(keyOf(each), place));
  const resources = others.map((each) => ({ ...UNSEEN, key: keyOf(each), manifest: each.manifest }));
  return neighboursOf(own, place.region, resources, installation);
}

/** No cluster has it, so nobody has said anything of it. */
const UNSEEN = { createdAtMs: undefined, deleting: false, generation: 0, status: undefined } as const;

const scopeOf = ({ partition, account, region, installation }: PipelineIdentity): Scope => ({
  partition,
  account,
  region,
  installation,
});

/**
 * The valid pipelines of the given files and of the wanted region.
 *
 * @throws {CommandFailed} after every problem was printed
 */
export async function loadFiles(options: PipelineOptions, io: CliIo): Promise<readonly LoadedPipeline[]> {
  if (options.filename === undefined)
    throw refused('say which files to read: -f <file or folder>, or -f - for standard input', io);
  refuseBadNames(options, io);
  const loading = loadManifests({
    sources: options.filename,
    namespace: options.namespace,
    readStdin: io.readStdin,
    pull: io.pullFrom(options.ociRegistries ?? []),
  });
  const { pipelines, problems } = await unlessInterrupted(io.signal, loading);
  for (const problem of problems) io.err(renderFileProblem(problem));
  if (problems.length > 0) throw new CommandFailed(problems);
  if (options.region === undefined) return pipelines;
  const here = pipelines.filter(({ manifest }) => manifest.spec.region === options.region);
  if (here.length === 0) {
    const found = [...new Set(pipelines.map(({ manifest }) => manifest.spec.region))].sort().join(', ');
    throw refused(
      `--region ${options.region}: no pipeline in the given files has this spec.region; they have ${found}`,
      io,
    );
  }
  return here;
}

/** @throws {CommandFailed} for an installation or namespace that no pipeline can have */
export function refuseBadNames(
  options: Pick<PipelineOptions, 'installation' | 'namespace'>,
  io: Pick<CliIo, 'err'>,
): void {
  if (!INSTALLATION.test(options.installation))
    throw refused(
      `--installation ${options.installation}: must be 1 to 8 of a-z, 0-9 and -, beginning and ending with a letter or digit`,
      io,
    );
  if (!DNS_LABEL.test(options.namespace))
    throw refused(`--namespace ${options.namespace}: must be a DNS label: at most 63 of a-z, 0-9 and -, no dots`, io);
}

export const keyOf = ({ namespace, manifest }: LoadedPipeline): string =>
  pipelineKey({ namespace, name: manifest.metadata.name });

/** A suspended pipeline is looked at like any other, where nothing is written. */
export const resumed = (pipeline: LoadedPipeline): LoadedPipeline => ({
  ...pipeline,
  manifest: { ...pipeline.manifest, spec: { ...pipeline.manifest.spec, suspend: false } },
});

/**
 * Keys of the pipelines that a person names, or of all. A name may have its namespace in front.
 *
 * @throws {CommandFailed} after it was told which are not there
 */
export function chooseLoaded(
  names: readonly string[],
  namespace: string,
  loaded: readonly LoadedPipeline[],
  io: Pick<CliIo, 'err'>,
): readonly string[] {
  const keys = loaded.map(keyOf);
  if (names.length === 0) return keys;
  return names.map((name) => {
    const found = keys.filter((key) => key === name || key.endsWith(`/${name}`));
    const [only] = found.length > 1 ? found.filter((key) => key === `${namespace}/${name}`) : found;
    if (only !== undefined) return only;
    if (found.length > 1) throw refused(`${name} is in several namespaces; say which: ${found.join(', ')}`, io);
    throw notThere(name, keys, ' in the given files', io);
  });
}

/**
 * The pipelines of the files that a person names, or all of them, and those that they do not name.
 *
 * @throws {CommandFailed} after every problem was printed
 */
export async function loadChosen(
  names: readonly string[],
  options: PipelineOptions & PruneOption,
  io: CliIo,
): Promise<{ readonly chosen: readonly LoadedPipeline[]; readonly others: readonly LoadedPipeline[] }> {
  if (names.length > 0 && options.prune === true)
    throw refused('--prune is about all that no file names: leave out either it or the names of pipelines', io);
  // A shell makes one -f with several words of `-f *.yaml`.
  const file = names.find((name) => name.includes('.'));
  if (file !== undefined)
    throw refused(
      `${file} is no name of a pipeline; if it is a file, give it an -f of its own, or name the folder`,
      io,
    );
  const loaded = await loadFiles(options, io);
  const wanted = new Set(chooseLoaded(names, options.namespace, loaded, io));
  return {
    chosen: loaded.filter((each) => wanted.has(keyOf(each))),
    others: loaded.filter((each) => !wanted.has(keyOf(each))),
  };
}

/** Why nothing is written for some of the pipelines. */
export const restraintsOn = (loaded: readonly LoadedPipeline[]): readonly Warning[] =>
  loaded.flatMap((pipeline) => {
    const message = restraintOf(pipeline.manifest);
    return message === undefined ? [] : [{ owner: keyOf(pipeline), message }];
  });

async function identify(
  granted: readonly Granted[],
  region: string,
  installation: string,
  ports: Pick<Connected, 'identity'>,
): Promise<readonly Pipeline[]> {
  const { account, partition } = await ports.identity.caller();
  return granted.map(({ pipeline: { manifest, namespace, inputs }, roleLimits }) => {
    const identity: PipelineIdentity = {
      partition,
      account,
      region,
      installation,
      namespace,
      name: manifest.metadata.name,
    };
    return { manifest, identity, roleLimits, ...inputs };
  });
}
