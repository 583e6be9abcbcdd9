import { isAtSes } from '../core/ses-pace.ts';
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
  return `${left.every(isAtSes) ? 'Waiting for its turn at SES' : 'Still to do'}: ${namesOf(left)}`;
}

/** What differs, in the words of events and of the Drifted condition. */
export const differs = (steps: readonly Step[]): string => `On AWS something differs: ${namesOf(steps)}`;
