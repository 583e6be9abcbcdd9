import { chooseSome, refOf, withinCluster, type ClusterChoice } from './cluster.ts';
import { refused } from './command-failed.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { OutputFormat } from './options.ts';
import { print } from './print.ts';

export type SuspendOptions = ClusterChoice & { readonly all: boolean; readonly output: OutputFormat };

/** Nothing is written for the pipelines any more, until they are resumed. */
export const suspendCommand = (names: readonly string[], options: SuspendOptions, io: CliIo): Promise<ExitCode> =>
  setSuspended(names, options, true, io);

export const resumeCommand = (names: readonly string[], options: SuspendOptions, io: CliIo): Promise<ExitCode> =>
  setSuspended(names, options, false, io);

async function setSuspended(
  names: readonly string[],
  options: SuspendOptions,
  suspend: boolean,
  io: CliIo,
): Promise<ExitCode> {
  requireChoice(names, options, io);
  const done = suspend ? 'suspended' : 'resumed';
  return withinCluster<ExitCode>(options, io, async (cluster) => {
    const results: { readonly pipeline: string; readonly changed: boolean }[] = [];
    for (const pipeline of await chooseSome(names, options, cluster, io)) {
      const { key, manifest } = pipeline;
      const changed = manifest?.spec.suspend !== suspend;
      if (changed) await cluster.setSuspended(refOf(pipeline), suspend);
      results.push({ pipeline: key, changed });
      if (options.output === 'text')
        io.out(changed ? `${key} ${done}` : `${key} is ${suspend ? '' : 'not '}suspended already`);
    }
    if (options.output !== 'text') print(io, options.output, { [done]: results }, () => []);
    return 0;
  });
}

/** @throws {CommandFailed} unless names or `--all` were given, and not both */
export function requireChoice(
  names: readonly string[],
  { all, allNamespaces }: ClusterChoice & { readonly all: boolean },
  io: Pick<CliIo, 'err'>,
): void {
  if (names.length === 0 && !all)
    throw refused('say which pipelines: their names, or --all for those of the namespace', io);
  if (names.length > 0 && all) throw refused('--all means every pipeline: leave it or the names out', io);
  if (names.length > 0 && allNamespaces === true && !names.every((name) => name.includes('/')))
    throw refused('with --all-namespaces write names as NAMESPACE/NAME, or say --all', io);
}
