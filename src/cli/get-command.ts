import { mailRouting } from '../core/mail-routing.ts';
import { API_VERSION, KIND } from '../core/manifest.ts';
import { sesSeconds, sesStepsUntil } from '../core/ses-pace.ts';
import { statusOf, type PipelineStatus } from '../core/status.ts';
import type { Step } from '../core/step.ts';
import type { LoadedPipeline } from '../files/load-manifests.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { PipelineOptions } from './options.ts';
import { askForRouting, lookAt } from './mail-routing.ts';
import { print } from './print.ts';
import { renderPace } from './render-plan.ts';
import { renderProblem, renderWarning } from './render-problems.ts';
import { renderTable } from './table.ts';
import { loadFiles, openWork, restraintsOn } from './work.ts';

type Item = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly status: PipelineStatus;
  /** Until SES would be done with it, at its pace; no part of the status, which holds nothing that passes. */
  readonly sesSeconds: number;
};

/**
 * Prints the status that a custom resource of each manifest would have. It says how AWS is, whether or not anything
 * would be done about it.
 */
export async function getCommand(options: PipelineOptions, io: CliIo): Promise<ExitCode> {
  const loaded = await loadFiles(options, io);
  const regions = await openWork(loaded.map(resumed), options, io, 'apply');
  try {
    for (const restraint of restraintsOn(loaded)) io.err(renderWarning(restraint));
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
      const unread = problems.filter((problem) => !planned.some(({ desired }) => desired.key === problem.owner));
      for (const problem of unread) io.err(renderProblem(problem));
      failed ||= unread.length > 0;
    }
    const [only] = items;
    const data = items.length === 1 && only !== undefined ? only : { apiVersion: 'v1', kind: 'List', items };
    print(io, options.output, data, () => [...renderItems(items), ...renderPace(pending, options.sesCallsPerSecond)]);
    return failed ? 1 : 0;
  } finally {
    for (const { ports } of regions) ports.close();
  }
}

/** A suspended pipeline is looked at like any other: nothing is written here. */
const resumed = (pipeline: LoadedPipeline): LoadedPipeline => ({
  ...pipeline,
  manifest: { ...pipeline.manifest, spec: { ...pipeline.manifest.spec, suspend: false } },
});

function renderItems(items: readonly Item[]): string[] {
  const rows = items.map(({ metadata, status }) => {
    const ready = status.conditions.find((condition) => condition.type === 'Ready');
    return [
      metadata.namespace,
      metadata.name,
      ready?.status ?? 'Unknown',
      ready?.reason ?? '',
      status.bucket?.name ?? '',
      status.function?.name ?? '',
      status.ruleSet.name + (status.ruleSet.active ? '' : ' (not active)'),
    ];
  });
  return renderTable([['NAMESPACE', 'NAME', 'READY', 'REASON', 'BUCKET', 'FUNCTION', 'RULESET'], ...rows]);
}
