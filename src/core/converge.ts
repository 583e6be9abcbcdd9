import { apply, type ApplyOptions, type StepResult } from './apply.ts';
import { faultOf } from './fault.ts';
import { observe, observeRuleSets, problemForAll, type Observation, type Work } from './observe.ts';
import { EMPTY_PLAN, plan, type Plan, type PlanInput, type Problem } from './plan.ts';
import { planGiveBack } from './plan-give-back.ts';
import type { Ports } from './ports.ts';
import type { Step } from './step.ts';
import { NO_TRACING, type Tracing } from './tracing.ts';

/** What AWS holds and what is to be done about it. */
export type Outlook = Plan & { readonly observation: Observation | undefined };

/** Looks and plans; writes nothing. Never throws: what cannot be read is a problem of each pipeline. */
export function lookAhead(work: Work, ports: Ports, tracing: Tracing = NO_TRACING): Promise<Outlook> {
  return tracing.look(work, () => lookAndPlan(work, ports));
}

async function lookAndPlan(work: Work, ports: Ports): Promise<Outlook> {
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
    const overtaken = run.filter((result) => result.kind === 'failed' && result.fault.class === 'stale');
    const stale = overtaken.length > 0;
    const again = stale && round < ROUNDS && options.signal?.aborted !== true;
    results.push(...(again ? run.filter((result) => result.kind === 'done') : run));
    if (!again) {
      results.push(...(await giveBack(outlook.observation.input, run, ports, options)));
      return { results, problems: outlook.problems };
    }
    const switches = overtaken.some(({ step }) => step.action.kind === 'switchRuleSet');
    outlook = await lookAhead({ ...work, contested: switches && round === ROUNDS - 1 }, ports, options.tracing);
  }
}

/** A storage rule that was widened for a rule which then failed for good would store mail that no function looks at. */
async function giveBack(
  input: PlanInput,
  run: readonly StepResult[],
  ports: Ports,
  options: Omit<ApplyOptions, 'ruleSets'>,
): Promise<readonly StepResult[]> {
  const failedIn = (owner: string) =>
    run.some(({ kind, step }) => kind === 'failed' && step.owner === owner && isRuleWrite(step));
  const owners = input.pipelines.map(({ desired }) => desired).filter((desired) => failedIn(desired.key));
  if (owners.length === 0 || options.signal?.aborted === true) return [];
  try {
    const ruleSets = await observeRuleSets(
      owners.map((desired) => desired.ruleSet.name),
      ports,
    );
    return await apply(planGiveBack(owners, ruleSets), ports, { ...options, ruleSets });
  } catch {
    // The set cannot be read just now; the next run sees the same and tries again.
    return [];
  }
}

const isRuleWrite = ({ action }: Step): boolean => action.kind === 'createRule' || action.kind === 'updateRule';
