import type { StepResult } from '../core/apply.ts';
import { converge, lookAhead, type Outlook } from '../core/converge.ts';
import { EMPTY_PLAN, type Plan, type Problem } from '../core/plan.ts';
import { isDestructive, isWrite, describeAction } from '../core/step.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { PipelineOptions } from './options.ts';
import { joinPlans } from './plan-command.ts';
import { print } from './print.ts';
import { createProgress } from './progress.ts';
import { planJson, renderPlan, renderSummary } from './render-plan.ts';
import { clean, renderProblem, renderWarning } from './render-problems.ts';
import { openWork, type RegionWork } from './work.ts';

export type ApplyOptions = PipelineOptions & { readonly yes: boolean; readonly dryRun: boolean };

/** Makes AWS equal to the manifests. Asks before it deletes anything, unless `--yes`. */
export function applyCommand(options: ApplyOptions, io: CliIo): Promise<ExitCode> {
  return carryOut(options, io, 'apply');
}

/** Takes the pipelines down; buckets stay unless their deletionPolicy says otherwise. */
export function deleteCommand(options: ApplyOptions, io: CliIo): Promise<ExitCode> {
  return carryOut(options, io, 'remove');
}

async function carryOut(options: ApplyOptions, io: CliIo, purpose: 'apply' | 'remove'): Promise<ExitCode> {
  const regions = await openWork(options, io, purpose);
  try {
    const looks = Promise.all(regions.map(({ work, ports }) => lookAhead(work, ports)));
    const outlooks = await unlessInterrupted(io.signal, looks);
    const whole = joinPlans(outlooks);
    if (options.dryRun) {
      for (const problem of whole.problems) io.err(renderProblem(problem));
      print(io, options.output, planJson(whole), () => renderPlan(whole, io.colours));
      return whole.problems.some((problem) => problem.stops) ? 1 : 0;
    }
    if (whole.problems.some((problem) => problem.stops)) {
      for (const problem of whole.problems) io.err(renderProblem(problem));
      io.err('Nothing was changed.');
      return nothingDone(whole, options, io, 'a problem above stops the whole run');
    }
    for (const warning of whole.warnings) io.err(renderWarning(warning));
    if (!(await mayGoOn(outlooks, options, io, purpose))) {
      const code = nothingDone(whole, options, io, 'not confirmed');
      return io.signal.aborted ? 130 : code;
    }
    return await run(regions, outlooks, options, io);
  } finally {
    for (const { ports } of regions) ports.close();
  }
}

/** Whoever reads JSON learns that every step was left out, and why. */
function nothingDone(whole: Plan, options: ApplyOptions, io: CliIo, because: string): ExitCode {
  const results = whole.steps.map((step): StepResult => ({ kind: 'skipped', step, because }));
  print(io, options.output, resultJson(results, whole.problems), () => []);
  return 1;
}

async function mayGoOn(
  outlooks: readonly Outlook[],
  options: ApplyOptions,
  io: CliIo,
  purpose: 'apply' | 'remove',
): Promise<boolean> {
  const destructive = outlooks.flatMap(({ steps }) => steps.filter((step) => isDestructive(step.action)));
  if (destructive.length === 0 || options.yes) return true;
  io.err(purpose === 'remove' ? 'This deletes:' : 'This also deletes:');
  for (const { action } of destructive) io.err(`  - ${clean(describeAction(action).target)}`);
  // The terminal is not where a manifest from standard input came from: an answer could not be read there.
  if (!io.interactive || options.filename?.includes('-') === true) {
    io.err('Nothing was changed. Say --yes to go on.');
    return false;
  }
  if (await io.confirm('Go on?')) return true;
  io.err('Nothing was changed.');
  return false;
}

async function run(
  regions: readonly RegionWork[],
  outlooks: readonly Outlook[],
  options: ApplyOptions,
  io: CliIo,
): Promise<ExitCode> {
  const progress = createProgress(io);
  const runs = await Promise.all(
    regions.map(async ({ work, ports }, index) => {
      const outlook = outlooks[index];
      if (outlook === undefined) throw new Error('every region was looked at');
      return converge(work, outlook, ports, { onEvent: progress.onEvent, signal: io.signal });
    }),
  ).finally(progress.stop);
  const results = runs.flatMap((one) => one.results);
  const problems = runs.flatMap((one) => one.problems);
  for (const problem of problems) io.err(renderProblem(problem));
  print(io, options.output, resultJson(results, problems), () => renderResults(results, problems));
  const incomplete = problems.some((problem) => problem.stops || problem.fault.class === 'delete-blocked');
  const failed = incomplete || results.some((result) => result.kind !== 'done');
  return io.signal.aborted ? 130 : failed ? 1 : 0;
}

function resultJson(results: readonly StepResult[], problems: readonly Problem[]): object {
  return {
    format: 'ses-lambda-pipeline.dev/apply/v1',
    steps: results.map((result) => ({
      id: result.step.id,
      ...describeAction(result.step.action),
      result: result.kind,
      ...(result.kind === 'failed' ? { reason: result.fault.reason, message: result.fault.message } : {}),
      ...(result.kind === 'skipped' ? { because: result.because } : {}),
    })),
    problems: problems.map(({ owner, fault, stops }) => ({
      pipeline: owner,
      reason: fault.reason,
      message: fault.message,
      stops,
    })),
  };
}

function renderResults(results: readonly StepResult[], problems: readonly Problem[]): string[] {
  const writes = results.filter((result) => isWrite(result.step.action));
  const done = writes.filter((result) => result.kind === 'done').length;
  if (writes.length === 0)
    return problems.some((problem) => problem.stops) ? ['Nothing was changed.'] : [renderSummary(EMPTY_PLAN)];
  const rest = results.filter((result) => result.kind !== 'done');
  if (rest.length === 0) return [`Done: ${done} changes.`];
  return [
    `${done} of ${writes.length} changes done. Run the same command again to continue; what is done is not done twice.`,
  ];
}
