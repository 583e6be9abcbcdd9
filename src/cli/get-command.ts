import type { Resource, ResourceStatus } from '../controller/source.ts';
import { mailRouting } from '../core/mail-routing.ts';
import { API_VERSION, KIND } from '../core/manifest.ts';
import { sesSeconds, sesStepsUntil } from '../core/ses-pace.ts';
import { statusOf, type PipelineStatus } from '../core/status.ts';
import type { Step } from '../core/step.ts';
import { areFiles, choosePipelines, namespaceOf, placeText, refOf, withinCluster } from './cluster.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { FilesOrClusterOptions, TenantsOption } from './options.ts';
import { askForRouting, lookAt } from './mail-routing.ts';
import { print } from './print.ts';
import { renderPace } from './render-plan.ts';
import { clean, renderProblems, renderWarning } from './render-problems.ts';
import { renderTable } from './table.ts';
import { chooseLoaded, loadFiles, openWork, restraintsOn, resumed } from './work.ts';

type GetOptions = FilesOrClusterOptions & TenantsOption;

type Item = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly status: PipelineStatus | Partial<ResourceStatus>;
  /** Of files: until SES would be done with it, at its pace; no part of the status, which holds nothing that passes. */
  readonly sesSeconds?: number;
};

/** Prints the status of pipelines: of those in files as AWS is now, of those in a cluster as the controller has it. */
export async function getCommand(names: readonly string[], options: GetOptions, io: CliIo): Promise<ExitCode> {
  return areFiles(options, io) ? getOfFiles(names, options, io) : getOfCluster(names, options, io);
}

/** What kubectl would print, without it. */
async function getOfCluster(names: readonly string[], options: FilesOrClusterOptions, io: CliIo): Promise<ExitCode> {
  return withinCluster<ExitCode>(options, io, async (cluster) => {
    const found = await choosePipelines(names, options, cluster, io);
    const here = found.filter(
      ({ manifest }) => options.region === undefined || manifest?.spec.region === options.region,
    );
    if (here.length === 0) io.err(`No pipelines in ${placeText(namespaceOf(options, cluster), cluster)}.`);
    printItems(here.map(itemOf), names.length === 1, options, io);
    return 0;
  });
}

const itemOf = (resource: Resource): Item => ({
  apiVersion: API_VERSION,
  kind: KIND,
  metadata: refOf(resource),
  status: resource.status ?? {},
});

/** It says how AWS is, whether or not anything would be done about it. */
async function getOfFiles(names: readonly string[], options: GetOptions, io: CliIo): Promise<ExitCode> {
  const files = { ...options, namespace: options.namespace ?? 'default' };
  const loaded = await loadFiles(files, io);
  const wanted = new Set(chooseLoaded(names, files.namespace, loaded, io));
  const regions = await openWork(loaded.map(resumed), files, io, 'apply');
  try {
    for (const restraint of restraintsOn(loaded)) if (wanted.has(restraint.owner)) io.err(renderWarning(restraint));
    const items: Item[] = [];
    const pending: Step[] = [];
    let failed = false;
    for (const region of regions) {
      const looks = Promise.all([lookAt(region), askForRouting(region)]);
      const [outlook, facts] = await unlessInterrupted(io.signal, looks);
      const { steps, withheld, problems, observation } = outlook;
      pending.push(...steps);
      const planned = observation?.input.pipelines ?? [];
      for (const { desired, observed } of planned) {
        if (!wanted.has(desired.key)) continue;
        const { ruleSets } = observation?.input ?? { ruleSets: { active: undefined, sets: new Map() } };
        const { name, namespace } = desired.identity;
        const routing = mailRouting(desired, ruleSets, facts);
        const status = statusOf({ desired, observed, ruleSets, steps: [...steps, ...withheld], problems, routing });
        const seconds = sesSeconds(sesStepsUntil(desired.key, steps), options.sesCallsPerSecond);
        items.push({
          apiVersion: API_VERSION,
          kind: KIND,
          metadata: { name, namespace },
          status,
          sesSeconds: seconds,
        });
      }
      const unread = problems.filter(
        ({ owner }) => wanted.has(owner) && !planned.some(({ desired }) => desired.key === owner),
      );
      for (const line of renderProblems(unread)) io.err(line);
      failed ||= unread.length > 0;
    }
    const pace = renderPace(pending, options.sesCallsPerSecond);
    printItems(items, items.length === 1, options, io, pace);
    return failed ? 1 : 0;
  } finally {
    for (const { ports } of regions) ports.close();
  }
}

function printItems(
  items: readonly Item[],
  single: boolean,
  { output }: FilesOrClusterOptions,
  io: CliIo,
  below: readonly string[] = [],
): void {
  const [only] = items;
  const data = single && items.length === 1 && only !== undefined ? only : { apiVersion: 'v1', kind: 'List', items };
  print(io, output, data, () => (items.length === 0 && !single ? [] : [...renderItems(items), ...below]));
}

function renderItems(items: readonly Item[]): string[] {
  const rows = items.map(({ metadata, status }) => {
    const ready = status.conditions?.find((condition) => condition.type === 'Ready');
    return [
      metadata.namespace,
      metadata.name,
      ready?.status ?? 'Unknown',
      ready?.reason ?? '',
      status.bucket?.name ?? '',
      status.function?.name ?? '',
      status.ruleSet === undefined ? '' : status.ruleSet.name + (status.ruleSet.active ? '' : ' (not active)'),
    ].map(clean);
  });
  return renderTable([['NAMESPACE', 'NAME', 'READY', 'REASON', 'BUCKET', 'FUNCTION', 'RULESET'], ...rows]);
}
