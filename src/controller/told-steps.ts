import { describeAction, isWrite, type Step } from '../core/step.ts';

const MOST_NAMED = 5;

/** Steps in a line of text, the first few by name. */
export function namesOf(steps: readonly Step[]): string {
  const names = steps.slice(0, MOST_NAMED).map(({ action }) => {
    const { verb, target } = describeAction(action);
    return `${verb} ${target}`;
  });
  return steps.length > MOST_NAMED ? `${names.join(', ')} and ${steps.length - MOST_NAMED} more` : names.join(', ');
}

export const writesOf = ({ steps }: { readonly steps: readonly Step[] }): readonly Step[] =>
  steps.filter((step) => isWrite(step.action));

/** What is still to do, as a condition says it: stable while the same is waited for. */
export function toDo(left: readonly Step[]): string {
  const atSes = left.every(({ part }) => part === 'rules' || part === 'ruleSet');
  return `${atSes ? 'Waiting for its turn at SES' : 'Still to do'}: ${namesOf(left)}`;
}
