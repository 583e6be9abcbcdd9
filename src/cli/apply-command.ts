import type { StepResult } from '../core/apply.ts';
import { converge, type Outlook } from '../core/converge.ts';
import { deletionIntent } from '../core/management-policy.ts';
import type { Plan, Problem, Warning } from '../core/plan.ts';
import { describeAction, isDestructive } from '../core/step.ts';
import type { LoadedPipeline } from '../files/load-manifests.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { PipelineOptions, PruneOption } from './options.ts';
import { lookAt, lookAtRoutes } from './mail-routing.ts';
import { joinPlans } from './plan-command.ts';
import { print } from './print.ts';
import { createProgress } from './progress.ts';
import { AS_DECLARED, planJson, renderPace, renderPlan, renderSummary, renderWithheld } from './render-plan.ts';
import { clean, renderProblem, renderWarning } from './render-problems.ts';
import { holdsUp, renderResults, resultJson } from './render-results.ts';
import { keyOf, loadChosen, openWork, type RegionWork } from './work.ts';

export type ApplyOptions = PipelineOptions & PruneOption & { readonly yes: boolean; readonly dryRun: boolean };

/** Makes AWS equal to the manifests, those that hold it back aside. Asks before it deletes anything, unless `--yes`. */
export function applyCommand(names: readonly string[], options: ApplyOptions, io: CliIo): Promise<ExitCode> {
  return carryOut(names, options, io, 'apply');
}

/** Takes the pipelines down; buckets stay unless their deletionPolicy says otherwise, and some pipelines stay as a whole. */
export function deleteCommand(names: readonly string[], options: ApplyOptions, io: CliIo): Promise<ExitCode> {
  return carryOut(names, options, io, 'remove');
}

async function carryOut(
  names: readonly string[],
  options: ApplyOptions,
  io: CliIo,
  purpose: 'apply' | 'remove',
): Promise<ExitCode> {
  const { chosen, others } = await loadChosen(names, options, io);
  const left = purpose === 'remove' ? leftOf(chosen) : [];
  const going = chosen.filter((pipeline) => !left.some(({ owner }) => owner === keyOf(pipeline)));
  const regions = await openWork(going, options, io, purpose, others);
  try {
    // What a dry run says is what `plan` says; an apply is not held up by what it cannot change.
    const look = options.dryRun ? lookAtRoutes : lookAt;
    const looks = Promise.all(regions.map(look));
    const outlooks = await unlessInterrupted(io.signal, looks);
    const joined = joinPlans(outlooks);
    const whole: Plan = { ...joined, warnings: [...left, ...joined.warnings] };
    if (options.dryRun) {
      tellProblems(whole.problems, io);
      const { output, sesCallsPerSecond } = options;
      print(io, output, planJson(whole, sesCallsPerSecond), () => [
        ...renderPlan(whole, io.colours, SETTLED[purpose]),
        ...renderPace(whole.steps, sesCallsPerSecond),
      ]);
      return whole.problems.some(holdsUp) ? 1 : 0;
    }
    if (whole.problems.some(holdsUp)) {
      tellProblems(whole.problems, io);
      io.err('Nothing was changed.');
      tellTheOthers(going.map(keyOf), whole.problems, purpose, io);
      return nothingDone(whole, options, io, 'a problem above stops the whole run');
    }
    for (const warning of whole.warnings) io.err(renderWarning(warning));
    for (const line of renderWithheld(whole, io.colours)) io.err(line);
    if (!(await mayGoOn(outlooks, options, io, purpose))) {
      const code = nothingDone(whole, options, io, 'not confirmed');
      return io.signal.aborted ? 130 : code;
    }
    const settled = renderSummary({ ...whole, steps: [], problems: [] }, SETTLED[purpose]);
    return await run({ regions, outlooks, whole, settled }, options, io);
  } finally {
    for (const { ports } of regions) ports.close();
  }
}

const SETTLED = { apply: AS_DECLARED, remove: 'Nothing to delete' } as const;

/** Those that `delete` leaves on AWS, which then need not even be reachable. */
function leftOf(loaded: readonly LoadedPipeline[]): readonly Warning[] {
  return loaded.flatMap((pipeline) => {
    const intent = deletionIntent(pipeline.manifest);
    return intent.kind === 'cleanUp'
      ? []
      : [
          {
            owner: keyOf(pipeline),
            message: `its rules, function, role and bucket stay on AWS, since ${intent.because}`,
          },
        ];
  });
}

function tellProblems(problems: readonly Problem[], io: CliIo): void {
  for (const problem of problems) io.err(renderProblem({ ...problem, stops: holdsUp(problem) }));
}

const VERBS = { apply: 'apply', remove: 'delete' } as const;

/** Pipelines of one run depend on each other, so none goes on by itself; whoever wants that has to name them. */
function tellTheOthers(
  keys: readonly string[],
  problems: readonly Problem[],
  purpose: keyof typeof VERBS,
  { program, err }: CliIo,
): void {
  const stopped = new Set(problems.filter(holdsUp).map(({ owner }) => owner));
  const fine = keys.filter((key) => !stopped.has(key));
  if (fine.length === 0 || fine.length === keys.length) return;
  const verb = VERBS[purpose];
  err(clean(`To ${verb} only what nothing is wrong with: ${program} ${verb} ${fine.join(' ')}, with the same -f.`));
}

/** Whoever reads JSON learns that every step was left out, and why. */
function nothingDone(whole: Plan, options: ApplyOptions, io: CliIo, because: string): ExitCode {
  const results = whole.steps.map((step): StepResult => ({ kind: 'skipped', step, because }));
  print(io, options.output, resultJson(results, whole.problems, whole), () => []);
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

type Run = {
  readonly regions: readonly RegionWork[];
  readonly outlooks: readonly Outlook[];
  readonly whole: Plan;
  /** What is said when there was nothing to do. */
  readonly settled: string;
};

async function run({ regions, outlooks, whole, settled }: Run, options: ApplyOptions, io: CliIo): Promise<ExitCode> {
  const progress = createProgress(io);
  const runs = await Promise.all(
    regions.map(async ({ work, ports, tracing }, index) => {
      const outlook = outlooks[index];
      if (outlook === undefined) throw new Error('every region was looked at');
      return converge(work, outlook, ports, { onEvent: progress.onEvent, signal: io.signal, tracing });
    }),
  ).finally(progress.stop);
  const results = runs.flatMap((one) => one.results);
  const problems = runs.flatMap((one) => one.problems);
  tellProblems(problems, io);
  print(io, options.output, resultJson(results, problems, whole), () => renderResults(results, problems, settled));
  const incomplete = problems.some((problem) => holdsUp(problem) || problem.fault.class === 'delete-blocked');
  const failed = incomplete || results.some((result) => result.kind !== 'done');
  return io.signal.aborted ? 130 : failed ? 1 : 0;
}
