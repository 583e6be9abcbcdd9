import type { StepEvent } from '../core/apply.ts';
import type { Phase } from '../core/conditions.ts';
import type { Convergence, Outlook } from '../core/converge.ts';
import { isWrite, type Step } from '../core/step.ts';
import type { ConvergenceWatch } from './convergence-watch.ts';
import type { ControllerObserver } from './observer.ts';
import { report, tell, type ReportDeps } from './report.ts';
import { drifted, faultsOf, type Round } from './round.ts';
import type { Share } from './share.ts';
import type { Resource } from './source.ts';
import { differs, namesOf, toDo, writesOf } from './told-steps.ts';

export type TellDeps = ReportDeps & {
  readonly convergence: ConvergenceWatch;
  /** Calls once, after so many milliseconds, unless it is cancelled by what it returns. */
  readonly after: (delayMs: number, call: () => void) => () => void;
  readonly observer: Pick<ControllerObserver, 'planned' | 'driftDetected' | 'driftRepaired'>;
};

/** Says what was found before anything is done about it. */
export function announce({ task, current }: Round, { writes, withheld }: Share, deps: TellDeps): void {
  deps.observer.planned(current, writes);
  if (writes.length === 0) deps.convergence.forget(current.key);
  if (drifted(task, writes)) tellDrift(current, writes, deps);
  const held = writesOf({ steps: withheld });
  const told = current.status?.conditions.find(({ type }) => type === 'Drifted')?.message;
  if (held.length > 0 && differs(held) !== told) tellDrift(current, held, deps);
}

function tellDrift(resource: Resource, steps: readonly Step[], deps: TellDeps): void {
  deps.observer.driftDetected(resource, steps);
  tell(resource, { type: 'Warning', reason: 'DriftDetected', message: differs(steps) }, deps);
}

const LONG_RUN_MS = 5_000;

/** A run that takes long says so in the status, once; what takes no time at all does not make it flicker. */
export function tellProgress(rounds: readonly Round[], { steps }: Outlook, deps: TellDeps) {
  const left = new Set(steps);
  let told: Promise<unknown> = Promise.resolve();
  const tellOne = async (round: Round): Promise<void> => {
    const own = [...left].filter(({ owner, action }) => owner === round.current.key && isWrite(action));
    if (own.length === 0) return;
    const removing: Phase = { kind: 'deleting', fault: undefined };
    const phase: Phase = round.task.kind === 'remove' ? removing : { kind: 'working', message: toDo(own) };
    round.current = { ...round.current, status: await report(round.current, phase, undefined, deps) };
  };
  const cancel = deps.after(LONG_RUN_MS, () => {
    // What cannot be written now is written at the end of the run.
    told = Promise.allSettled(rounds.map(tellOne));
  });
  return {
    onEvent: ({ kind, step }: StepEvent) => void (kind === 'done' && left.delete(step)),
    stop: () => {
      cancel();
      return told;
    },
  };
}

/** Says what was done about one pipeline. */
export function tellWhatHappened(
  { task, current }: Round,
  { writes: planned }: Share,
  run: Convergence,
  deps: TellDeps,
): void {
  const { key } = current;
  const ids = new Set(planned.map(({ id }) => id));
  const done = run.results.flatMap((result) =>
    result.kind === 'done' && isWrite(result.step.action) && (result.step.owner === key || ids.has(result.step.id))
      ? [result.step]
      : [],
  );
  if (planned.length > 0 && faultsOf(key, run).length === 0 && done.length >= planned.length)
    deps.convergence.carriedOut(key, planned);
  if (done.length === 0 || task.kind === 'remove') return;
  const repaired = drifted(task, planned);
  const created = done.some((step) => step.action.kind === 'createFunction');
  const reason = repaired ? 'DriftRepaired' : created ? 'Created' : 'Updated';
  if (repaired) deps.observer.driftRepaired(current, done);
  tell(current, { type: 'Normal', reason, message: namesOf(done) }, deps);
  const bucket = done.find((step) => step.action.kind === 'createBucket');
  if (bucket !== undefined && task.resource.status?.bucket !== undefined)
    tell(current, { type: 'Warning', reason: 'BucketRecreated', message: bucket.why }, deps);
}
