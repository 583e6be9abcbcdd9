import { apply, type ApplyOptions, type StepResult } from './apply.ts';
import { faultOf } from './fault.ts';
import { observe, problemForAll, type Observation, type Work } from './observe.ts';
import { EMPTY_PLAN, plan, type Plan, type Problem } from './plan.ts';
import type { Ports } from './ports.ts';

/** What AWS holds and what is to be done about it. */
export type Outlook = Plan & { readonly observation: Observation | undefined };

/** Looks and plans; writes nothing. Never throws: what cannot be read is a problem of each pipeline. */
export async function lookAhead(work: Work, ports: Ports): Promise<Outlook> {
  try {
    const observation = await observe(work, ports);
    const planned = plan(observation.input);
    return { ...planned, problems: [...observation.problems, ...planned.problems], observation };
  } catch (error) {
    return { ...EMPTY_PLAN, problems: problemForAll(work, faultOf(error)), observation: undefined };
  }
}

export type Convergence = {
  readonly results: readonly StepResult[];
  readonly problems: readonly Problem[];
};

/** Rounds of look, plan, run: the later ones settle what changed under our feet, such as an answer that was lost. */
const ROUNDS = 4;

/**
 * Runs a plan that was just made, and looks again where something was found to have changed meanwhile: a create that
 * met "already exists" is decided by the mark on the next look.
 */
export async function converge(
  work: Work,
  first: Outlook,
  ports: Ports,
  options: Omit<ApplyOptions, 'ruleSets'>,
): Promise<Convergence> {
  const results: StepResult[] = [];
  let outlook = first;
  for (let round = 1; ; round += 1) {
    if (outlook.observation === undefined) return { results, problems: outlook.problems };
    const { ruleSets } = outlook.observation.input;
    const run = await apply(outlook.steps, ports, { ...options, ruleSets });
    const stale = run.some((result) => result.kind === 'failed' && result.fault.class === 'stale');
    const again = stale && round < ROUNDS && options.signal?.aborted !== true;
    results.push(...(again ? run.filter((result) => result.kind === 'done') : run));
    if (!again) return { results, problems: outlook.problems };
    outlook = await lookAhead(work, ports);
  }
}
