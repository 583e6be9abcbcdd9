import type { Step, StepAction } from './step.ts';

/** Adds a step; returns its id for others to need. */
export type AddStep = (step: Omit<Step, 'id' | 'owner' | 'region'>) => string;

/**
 * Steps of one owner, each under an id of its own.
 *
 * @param remark stands behind every id, to tell these steps from others about the same thing
 */
export function createStepList(owner: string, region: string, remark = '') {
  const steps: Step[] = [];
  const add: AddStep = (step) => {
    const id = unusedId(stepId(owner, step.action) + remark, steps);
    steps.push({ id, owner, region, ...step });
    return id;
  };
  return { steps, add };
}

/** The same for the same thing in every plan: kind and what it is about. */
export function stepId(owner: string, action: StepAction): string {
  const about = Object.entries(action).flatMap(([key, value]) => {
    if (key === 'kind') return [];
    if (typeof value === 'string') return [value];
    if (key === 'role' || key === 'fn' || key === 'rule' || key === 'before') return [(value as { name: string }).name];
    return key === 'grant' ? [(value as { statementId: string }).statementId] : [];
  });
  return [owner, action.kind, ...new Set(about)].join(' ');
}

function unusedId(base: string, steps: readonly Step[]): string {
  let id = base;
  for (let again = 2; steps.some((step) => step.id === id); again += 1) id = `${base} #${again}`;
  return id;
}
