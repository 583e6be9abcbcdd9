import { faultOf } from '../core/fault.ts';
import type { Pipeline } from '../core/pipeline.ts';
import { restraintOf } from '../core/management-policy.ts';
import type { Scope } from '../core/departed.ts';
import { INSTALLATION, pipelineKey, type PipelineIdentity } from '../core/names.ts';
import type { Work } from '../core/observe.ts';
import type { Warning } from '../core/plan.ts';
import type { Tracing } from '../core/tracing.ts';
import { DNS_LABEL } from '../core/manifest.ts';
import { loadManifests, type LoadedPipeline } from '../files/load-manifests.ts';
import { notThere } from './cluster.ts';
import { CommandFailed, failed, refused } from './command-failed.ts';
import { Interrupted, unlessInterrupted } from './interrupted.ts';
import type { CliIo, Connected } from './io.ts';
import type { PipelineOptions, PruneOption } from './options.ts';
import { renderFileProblem } from './render-problems.ts';

/** What one region has to do with the given files. */
export type RegionWork = { readonly work: Work; readonly ports: Connected; readonly tracing: Tracing };

/**
 * Connects to every region of the pipelines.
 *
 * @throws {CommandFailed} after the problem was printed: no credentials, nobody at the endpoint
 */
export async function openWork(
  loaded: readonly LoadedPipeline[],
  options: PipelineOptions & PruneOption,
  io: CliIo,
  purpose: 'apply' | 'remove',
): Promise<readonly RegionWork[]> {
  const regions = [...new Set(loaded.map(({ manifest }) => manifest.spec.region))].sort();
  const opened: RegionWork[] = [];
  const { tracing } = io;
  try {
    for (const region of regions) {
      const ports = await io.connect({ region, ...connectionOf(options) });
      const here = loaded.filter(({ manifest }) => manifest.spec.region === region);
      opened.push({ ports, tracing, work: { region, apply: [], remove: [] } });
      const pipelines = await unlessInterrupted(io.signal, identify(here, region, options.installation, ports));
      const work = purpose === 'apply' ? { apply: pipelines, remove: [] } : { apply: [], remove: pipelines };
      const [scope] = options.prune === true ? pipelines.map(({ identity }) => scopeOf(identity)) : [];
      opened[opened.length - 1] = { ports, tracing, work: { region, ...work, ...(scope && { prune: scope }) } };
    }
    return opened;
  } catch (error) {
    for (const { ports } of opened) ports.close();
    if (error instanceof Interrupted) throw error;
    throw failed(faultOf(error), io);
  }
}

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
  const { pipelines, problems } = await loadManifests({
    sources: options.filename,
    namespace: options.namespace,
    readStdin: io.readStdin,
    pull: io.pullFrom(options.ociRegistries ?? []),
  });
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

export const connectionOf = (
  options: Pick<PipelineOptions, 'endpointUrl' | 'profile' | 'sesCallsPerSecond' | 'dnsServers'>,
) => ({
  endpointUrl: options.endpointUrl,
  profile: options.profile,
  sesCallsPerSecond: options.sesCallsPerSecond,
  dnsServers: options.dnsServers,
});

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

/** Why nothing is written for some of the pipelines. */
export const restraintsOn = (loaded: readonly LoadedPipeline[]): readonly Warning[] =>
  loaded.flatMap((pipeline) => {
    const message = restraintOf(pipeline.manifest);
    return message === undefined ? [] : [{ owner: keyOf(pipeline), message }];
  });

async function identify(
  loaded: readonly LoadedPipeline[],
  region: string,
  installation: string,
  ports: Pick<Connected, 'identity'>,
): Promise<readonly Pipeline[]> {
  const { account, partition } = await ports.identity.caller();
  return loaded.map(({ manifest, namespace, inputs }) => {
    const identity: PipelineIdentity = {
      partition,
      account,
      region,
      installation,
      namespace,
      name: manifest.metadata.name,
    };
    return { manifest, identity, ...inputs };
  });
}
