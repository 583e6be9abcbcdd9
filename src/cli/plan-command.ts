import { EMPTY_PLAN, type Plan } from '../core/plan.ts';
import { isWrite } from '../core/step.ts';
import { unlessInterrupted } from './interrupted.ts';
import type { CliIo, ExitCode } from './io.ts';
import type { PipelineOptions, PruneOption } from './options.ts';
import { lookAtRoutes } from './mail-routing.ts';
import { print } from './print.ts';
import { planJson, renderPace, renderPlan } from './render-plan.ts';
import { renderProblem } from './render-problems.ts';
import { loadChosen, openWork } from './work.ts';

/** Says what `apply` would do, and what it would leave. Exit code 0: nothing differs, 2: something, 1: something is wrong. */
export async function planCommand(
  names: readonly string[],
  options: PipelineOptions & PruneOption,
  io: CliIo,
): Promise<ExitCode> {
  const { chosen, others } = await loadChosen(names, options, io);
  const regions = await openWork(chosen, options, io, 'apply', others);
  try {
    const looks = Promise.all(regions.map(lookAtRoutes));
    const plans = await unlessInterrupted(io.signal, looks);
    const whole = joinPlans(plans);
    for (const problem of whole.problems) io.err(renderProblem(problem));
    const { output, sesCallsPerSecond } = options;
    print(io, output, planJson(whole, sesCallsPerSecond), () => [
      ...renderPlan(whole, io.colours),
      ...renderPace(whole.steps, sesCallsPerSecond),
    ]);
    if (whole.problems.some((problem) => problem.stops)) return 1;
    return [...whole.steps, ...whole.withheld].some((step) => isWrite(step.action)) ? 2 : 0;
  } finally {
    for (const { ports } of regions) ports.close();
  }
}

export function joinPlans(plans: readonly Plan[]): Plan {
  return plans.reduce(
    (whole, plan) => ({
      steps: [...whole.steps, ...plan.steps],
      withheld: [...whole.withheld, ...plan.withheld],
      problems: [...whole.problems, ...plan.problems],
      warnings: [...whole.warnings, ...plan.warnings],
    }),
    EMPTY_PLAN,
  );
}
