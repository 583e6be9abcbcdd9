import type { Fault } from '../core/fault.ts';
import { GREEN } from '../core/names.ts';
import { describeAction, type Step } from '../core/step.ts';

/** So often a plan is carried out before it is believed that it changes nothing. */
const MOST_REPEATS = 3;

/**
 * Notices a plan that keeps coming back although every step of it succeeded: AWS keeps something else than what it was
 * sent, or somebody undoes each repair. Either way, writing on forever helps nobody.
 */
export type ConvergenceWatch = {
  /** The plan of a pipeline was carried out without a fault. */
  readonly carriedOut: (key: string, steps: readonly Step[]) => void;
  /** Set when this very plan was carried out too often in a row. */
  readonly judge: (key: string, steps: readonly Step[]) => Fault | undefined;
  /** Nothing was left to do, or the manifest has changed. */
  readonly forget: (key: string) => void;
};

export function createConvergenceWatch(): ConvergenceWatch {
  const repeats = new Map<string, { readonly plan: string; readonly times: number }>();
  return {
    carriedOut: (key, steps) => {
      const plan = textOf(steps);
      const known = repeats.get(key);
      repeats.set(key, { plan, times: known?.plan === plan ? known.times + 1 : 1 });
    },
    judge: (key, steps) => {
      const known = repeats.get(key);
      if (known === undefined || known.times < MOST_REPEATS || known.plan !== textOf(steps)) return undefined;
      return {
        class: 'invalid',
        reason: 'NotConverging',
        message:
          `The same changes were made ${MOST_REPEATS} times, and each time AWS showed them undone: ${fieldsOf(steps)}. ` +
          'Somebody else writes them too, or AWS keeps another value: let go of one side or change the manifest',
      };
    },
    forget: (key) => {
      repeats.delete(key);
    },
  };
}

/** What is done to what; values stay out of it beyond this comparison. A switch of sets changes only their names. */
const textOf = (steps: readonly Step[]): string =>
  JSON.stringify(steps.map(({ id, changes, action }) => [id, changes, hiddenValuesOf(action)])).replaceAll(GREEN, '');

/** A Secret that changes before each look is nobody's quarrel, although its changes all look alike. */
const hiddenValuesOf = (action: Step['action']): object =>
  action.kind === 'updateFunctionConfiguration' ? action.configuration.environment : {};

const MOST_NAMED = 5;

function fieldsOf(steps: readonly Step[]): string {
  const fields = steps.flatMap(({ action, changes }) => {
    const { verb, target } = describeAction(action);
    return changes.length === 0 ? [`${verb} ${target}`] : changes.map(({ field }) => `${field} of ${target}`);
  });
  const named = fields.slice(0, MOST_NAMED).join(', ');
  return fields.length > MOST_NAMED ? `${named} and ${fields.length - MOST_NAMED} more` : named;
}
