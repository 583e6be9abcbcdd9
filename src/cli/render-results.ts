import type { StepResult } from '../core/apply.ts';
import type { Plan, Problem } from '../core/plan.ts';
import { describeAction, isWrite } from '../core/step.ts';
import { stepJson, warningJson } from './render-plan.ts';

/** Nothing is done for a pipeline under `Observe` anyway, so its problems hold up nobody. */
export const holdsUp = ({ stops, withheld }: Problem): boolean => stops && withheld !== true;

/** What became of every step, as data: what `-o json` and `-o yaml` print. */
export function resultJson(
  results: readonly StepResult[],
  problems: readonly Problem[],
  { withheld, warnings }: Plan,
): object {
  return {
    format: 'ses-lambda-pipeline.dev/apply/v1',
    steps: results.map((result) => ({
      id: result.step.id,
      ...describeAction(result.step.action),
      result: result.kind,
      ...(result.kind === 'failed' ? { reason: result.fault.reason, message: result.fault.message } : {}),
      ...(result.kind === 'skipped' ? { because: result.because } : {}),
    })),
    withheld: withheld.map(stepJson),
    problems: problems.map((problem) => ({
      pipeline: problem.owner,
      reason: problem.fault.reason,
      message: problem.fault.message,
      stops: holdsUp(problem),
    })),
    warnings: warnings.map(warningJson),
  };
}

/**
 * What became of the steps, in one line.
 *
 * @param settled what is said when there was nothing to do
 */
export function renderResults(results: readonly StepResult[], problems: readonly Problem[], settled: string): string[] {
  const writes = results.filter((result) => isWrite(result.step.action));
  const done = writes.filter((result) => result.kind === 'done').length;
  if (writes.length === 0) return problems.some(holdsUp) ? ['Nothing was changed.'] : [settled];
  const rest = results.filter((result) => result.kind !== 'done');
  if (rest.length === 0) return [`Done: ${done} ${done === 1 ? 'change' : 'changes'}.`];
  return [
    `${done} of ${writes.length} changes done. Run the same command again to continue; what is done is not done twice.`,
  ];
}
