import type { Step } from './step.ts';

/**
 * What SES allows for all of an account and region, reads included.
 * @see https://docs.aws.amazon.com/ses/latest/dg/quotas.html
 */
export const SES_CALLS_PER_SECOND = 1;

/**
 * How long these steps take at SES, at least: their calls there at its pace, in whole seconds. Regions have each a pace
 * of their own and are worked on at once, so the slowest counts.
 */
export function sesSeconds(steps: readonly Step[], callsPerSecond = SES_CALLS_PER_SECOND): number {
  const calls = [...Map.groupBy(steps, ({ region }) => region).values()].map(sesCalls);
  return Math.ceil(Math.max(0, ...calls) / callsPerSecond);
}

/** Calls to SES that these steps come to when all of them succeed. */
export const sesCalls = (steps: readonly Step[]): number => steps.reduce((sum, step) => sum + callsOf(step), 0);

/**
 * The steps at SES until it is done with one pipeline: its own, what is done to the set as a whole, and what stands
 * before these in the queue of its region.
 *
 * @param owner `namespace/name`
 */
export function sesStepsUntil(owner: string, steps: readonly Step[]): readonly Step[] {
  const atSes = steps.filter(isAtSes);
  const shares = atSes.some((step) => step.owner === owner) || atSes.every((step) => step.owner === undefined);
  return shares ? atSes.slice(0, atSes.findLastIndex((step) => [owner, undefined].includes(step.owner)) + 1) : [];
}

/** Whether the step is about a rule set, and so waits for its turn at SES. */
export const isAtSes = ({ part }: Step): boolean => part === 'rules' || part === 'ruleSet';

/** Most steps are one call; some look first. */
function callsOf(step: Step): number {
  if (!isAtSes(step)) return 0;
  const { action } = step;
  const looksFirst =
    ('expected' in action && action.expected === 'reorder') ||
    (action.kind === 'activateRuleSet' && action.onlyIfNone) ||
    action.kind === 'switchRuleSet' ||
    action.kind === 'deactivateRuleSet';
  return looksFirst ? 2 : 1;
}
