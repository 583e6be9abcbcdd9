import { createColors } from 'picocolors';
import type { Plan, Warning } from '../core/plan.ts';
import { describeAction, isWrite, type FieldChange, type Step, type Verb } from '../core/step.ts';
import { sesCalls, sesSeconds, SES_CALLS_PER_SECOND } from '../core/ses-pace.ts';
import { clean, renderWarning } from './render-problems.ts';

/** Version of the JSON that `plan -o json` prints; fields may be added under it, never changed or removed. */
export const PLAN_FORMAT = 'ses-lambda-pipeline.dev/plan/v1';

export type PlanCounts = { readonly create: number; readonly change: number; readonly delete: number };

export function countSteps(steps: readonly Step[]): PlanCounts {
  const verbs = steps.filter((step) => isWrite(step.action)).map((step) => describeAction(step.action).verb);
  const count = (...wanted: Verb[]) => verbs.filter((verb) => wanted.includes(verb)).length;
  return {
    create: count('create'),
    change: count('update', 'reorder', 'activate'),
    delete: count('delete', 'deactivate'),
  };
}

/**
 * A plan as data: what `-o json` and `-o yaml` print.
 *
 * @param sesCallsPerSecond what SES is given; not set: what it allows
 */
export function planJson(plan: Plan, sesCallsPerSecond?: number): object {
  return {
    format: PLAN_FORMAT,
    summary: countSteps(plan.steps),
    sesSeconds: sesSeconds(plan.steps, sesCallsPerSecond),
    steps: plan.steps.map(stepJson),
    withheld: plan.withheld.map(stepJson),
    problems: plan.problems.map(({ owner, part, fault, stops, withheld }) => ({
      pipeline: owner,
      part,
      class: fault.class,
      reason: fault.reason,
      ...(fault.code === undefined ? {} : { code: fault.code }),
      message: fault.message,
      stops,
      ...(withheld === true ? { withheld } : {}),
    })),
    warnings: plan.warnings.map(warningJson),
  };
}

export const warningJson = ({ owner, message, routing }: Warning): object => ({
  pipeline: owner,
  message,
  ...(routing === undefined ? {} : { routing }),
});

export const stepJson = (step: Step): object => ({
  id: step.id,
  ...(step.owner === undefined ? {} : { pipeline: step.owner }),
  region: step.region,
  part: step.part,
  ...describeAction(step.action),
  writes: isWrite(step.action),
  why: step.why,
  needs: step.needs,
  changes: step.changes,
});

const SIGNS: Readonly<Record<Verb, string>> = {
  create: '+',
  update: '~',
  delete: '-',
  reorder: '~',
  verify: ' ',
  wait: ' ',
  activate: '+',
  deactivate: '-',
};

/** A plan for people, one line a step and one for each field that changes. */
export function renderPlan(plan: Plan, colours: boolean, settled = AS_DECLARED): string[] {
  return [
    ...renderSteps(plan.steps, colours),
    ...renderWithheld(plan, colours),
    ...plan.warnings.map(renderWarning),
    renderSummary(plan, settled),
  ];
}

/** What pipelines under `Observe` would need, set apart from what is done. */
export function renderWithheld({ withheld }: Plan, colours: boolean): string[] {
  const lines = renderSteps(withheld, colours);
  if (lines.length === 0) return [];
  return [createColors(colours).bold('Observe: reported only, nothing is written'), '', ...lines];
}

function renderSteps(all: readonly Step[], colours: boolean): string[] {
  const paint = createColors(colours);
  const painted = { '+': paint.green, '~': paint.yellow, '-': paint.red, ' ': paint.dim };
  const lines: string[] = [];
  const owners = [...new Set(all.map((step) => step.owner))];
  for (const owner of owners) {
    const steps = all.filter((step) => step.owner === owner && isWrite(step.action));
    const [first] = steps;
    if (first === undefined) continue;
    lines.push(paint.bold(`${owner ?? 'rule sets'} (${first.region})`));
    for (const step of steps) {
      const { verb, target } = describeAction(step.action);
      const sign = SIGNS[verb];
      const colour = painted[sign as keyof typeof painted];
      lines.push(`  ${colour(`${sign} ${verb} ${clean(target)}`)} ${paint.dim(`(${step.why})`)}`);
      lines.push(...step.changes.map((change) => `      ${clean(renderChange(change))}`));
    }
    lines.push('');
  }
  return lines;
}

export const AS_DECLARED = 'Nothing to do: AWS is as the manifests say';

/** @param settled what is said when there is nothing to do, without its full stop */
export function renderSummary(plan: Plan, settled = AS_DECLARED): string {
  const { create, change, delete: gone } = countSteps(plan.steps);
  if (create + change + gone > 0) return `${create} to create, ${change} to change, ${gone} to delete.`;
  if (plan.problems.some((problem) => problem.stops)) return 'Nothing can be planned for what the errors above name.';
  const withheld = plan.withheld.filter(({ action }) => isWrite(action)).length;
  if (withheld > 0)
    return `Nothing to do. Reported only: ${withheld} ${withheld === 1 ? 'difference' : 'differences'}.`;
  return plan.warnings.some(({ suspended }) => suspended) ? `${settled}, suspended pipelines aside.` : `${settled}.`;
}

/** How long SES takes for these steps, where that is worth a word. */
export function renderPace(steps: readonly Step[], sesCallsPerSecond = SES_CALLS_PER_SECOND): string[] {
  const calls = sesCalls(steps);
  if (calls === 0) return [];
  const pace = `${sesCallsPerSecond} ${sesCallsPerSecond === 1 ? 'call' : 'calls'} a second`;
  const inTurn = `${calls} ${calls === 1 ? 'call' : 'calls'} to SES`;
  return [`${inTurn}: about ${sesSeconds(steps, sesCallsPerSecond)} s at the pace of ${pace}.`];
}

function renderChange({ field, before, after }: FieldChange): string {
  if (before === undefined) return `${field}: ${value(after)}`;
  if (after === undefined) return `${field}: ${value(before)} → (removed)`;
  return `${field}: ${value(before)} → ${value(after)}`;
}

const LONGEST = 160;

function value(something: unknown): string {
  const text = typeof something === 'string' ? something : JSON.stringify(something);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
