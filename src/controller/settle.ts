import type { Phase } from '../core/conditions.ts';
import type { Convergence } from '../core/converge.ts';
import type { Fault } from '../core/fault.ts';
import { functionState } from '../core/function-state.ts';
import { mailRouting } from '../core/mail-routing.ts';
import type { RoutingFacts } from '../core/routing-facts.ts';
import { statusOf, type PipelineStatus } from '../core/status.ts';
import type { Step } from '../core/step.ts';
import type { ConvergenceWatch } from './convergence-watch.ts';
import type { FaultStreaks } from './fault-streaks.ts';
import { worstFault, type Outcome } from './outcome.ts';
import type { PropagationWatch } from './propagation-watch.ts';
import { outcomeOfPhase, phaseOf, report, tell, type ReportDeps } from './report.ts';
import { faultsOf, wasReady, type Round } from './round.ts';
import type { Share } from './share.ts';
import type { PipelineSource } from './source.ts';
import { differs, toDo, writesOf } from './told-steps.ts';

export type SettleDeps = ReportDeps & {
  readonly source: Pick<PipelineSource, 'writeStatus' | 'tell' | 'release'>;
  readonly propagation: PropagationWatch;
  readonly streaks: FaultStreaks;
  readonly convergence: ConvergenceWatch;
};

/** The phase follows from what went wrong and from what is still to do. */
export async function settle(
  round: Round,
  share: Share,
  run: Convergence | undefined,
  facts: () => Promise<RoutingFacts>,
  deps: SettleDeps,
): Promise<Outcome> {
  const { task, current } = round;
  const { key } = current;
  const found = withFallBack(key, share, run);
  const faults = [...faultsOf(key, run), ...found.problems.map(({ fault }) => fault)];
  const worst = deps.propagation.judge(key, worstFault(faults));
  const { writes: left } = found;
  if (task.kind === 'remove') return settleDeletion(round, worst, left, deps);
  const fault = worst ?? deps.convergence.judge(key, left) ?? busyWith(key, found);
  const phase = fault === undefined ? phaseWithoutFault(left, writesOf({ steps: found.withheld })) : phaseOf(fault);
  if (phase.kind === 'retrying' && mayPass(phase.fault)) {
    // What is settled is not called broken because AWS was slow to answer once or twice.
    if (deps.streaks.failed(key) < FAULTS_SHOWN && wasReady(task.resource)) {
      deps.observer.faulted(current, phase.fault);
      return { kind: 'retry' };
    }
  } else deps.streaks.ended(key);
  await report(current, phase, statusFrom(key, found, await facts()), deps);
  return outcomeOfPhase(phase);
}

/** Nothing is left to write, but Lambda has not carried out the last change yet, and it may still fail. */
function busyWith(key: string, { observation, writes }: Share): Fault | undefined {
  const live = observation?.input.pipelines.find(({ desired }) => desired.key === key)?.observed.function;
  const state = live === undefined ? undefined : functionState(live);
  return state?.kind === 'busy' && writes.length === 0 ? state.fault : undefined;
}

/** Why a run gave up a switch of sets: what it then did in place leaves no trace for the look after it. */
function withFallBack(key: string, share: Share, run: Convergence | undefined): Share {
  if (share.problems.some(({ fault }) => fault.reason === 'RolloutFellBack')) return share;
  const fellBack = (run?.problems ?? []).filter(
    ({ owner, fault }) => owner === key && fault.reason === 'RolloutFellBack',
  );
  return { ...share, problems: [...share.problems, ...fellBack] };
}

function phaseWithoutFault(left: readonly Step[], withheld: readonly Step[]): Phase {
  if (left.length > 0) return { kind: 'working', message: toDo(left) };
  if (withheld.length === 0) return { kind: 'settled' };
  const missing = withheld.some(({ action }) => /^create(Bucket|Role|Function)$/.test(action.kind));
  return { kind: 'drifted', message: differs(withheld), missing };
}

async function settleDeletion(
  { current }: Round,
  worst: Fault | undefined,
  left: readonly Step[],
  deps: SettleDeps,
): Promise<Outcome> {
  if (worst !== undefined) {
    const phase: Phase = { kind: 'deleting', fault: worst };
    await report(current, phase, undefined, deps);
    return outcomeOfPhase(phase);
  }
  if (left.some(({ owner }) => owner === current.key)) return { kind: 'retry' };
  // Seen to be gone: only now may the resource go.
  tell(current, { type: 'Normal', reason: 'Deleted', message: 'What the pipeline owned on AWS is gone' }, deps);
  await deps.source.release(current);
  return { kind: 'forget' };
}

/** A settled pipeline shows a fault that may pass by itself when it came so often in a row. */
const FAULTS_SHOWN = 3;

const mayPass = (fault: Fault): boolean => fault.class === 'throttled' || fault.class === 'transient';

function statusFrom(
  key: string,
  { observation, steps, withheld, problems }: Share,
  facts: RoutingFacts,
): PipelineStatus | undefined {
  const pipeline = observation?.input.pipelines.find(({ desired }) => desired.key === key);
  if (observation === undefined || pipeline === undefined) return undefined;
  const { ruleSets } = observation.input;
  const routing = mailRouting(pipeline.desired, ruleSets, facts);
  return statusOf({ ...pipeline, ruleSets, steps: [...steps, ...withheld], problems, routing });
}
