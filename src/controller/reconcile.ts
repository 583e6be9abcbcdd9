import type { StepEvent } from '../core/apply.ts';
import { converge, lookAhead, type Convergence, type Outlook } from '../core/converge.ts';
import type { Phase } from '../core/conditions.ts';
import type { Fault } from '../core/fault.ts';
import type { Work } from '../core/observe.ts';
import { mailRouting } from '../core/mail-routing.ts';
import { routedRecipients, type RecipientLists, type RoutingFacts } from '../core/routing-facts.ts';
import { statusOf, type PipelineStatus } from '../core/status.ts';
import { isWrite, type Step } from '../core/step.ts';
import { admit, type AdmitDeps, type Admitted } from './admit.ts';
import { inputsChanged } from './changed-inputs.ts';
import type { ConvergenceWatch } from './convergence-watch.ts';
import type { FaultStreaks } from './fault-streaks.ts';
import type { Looks } from './looks.ts';
import { neighboursOf } from './neighbours.ts';
import type { ControllerObserver } from './observer.ts';
import { worstFault, type Outcome } from './outcome.ts';
import type { PropagationWatch } from './propagation-watch.ts';
import type { Depth } from './remembered-reads.ts';
import { outcomeOfPhase, phaseOf, report, tell } from './report.ts';
import { createRoutingQuestion } from './routing-question.ts';
import type { Resource } from './source.ts';
import { placeKey, type Place } from './tenants.ts';
import { namesOf, toDo, writesOf } from './told-steps.ts';

export type ReconcileDeps = AdmitDeps & {
  /** One for each place, so that the pipelines in it share their looks at AWS. */
  readonly looksOf: (place: Place) => Looks;
  readonly propagation: PropagationWatch;
  readonly streaks: FaultStreaks;
  readonly convergence: ConvergenceWatch;
  /** Calls once, after so many milliseconds, unless it is cancelled by what it returns. */
  readonly after: (delayMs: number, call: () => void) => () => void;
  readonly observer: Pick<
    ControllerObserver,
    'planned' | 'driftDetected' | 'driftRepaired' | 'statusWritten' | 'told' | 'faulted'
  >;
};

/** Pipelines to look at together. */
export type Asked = {
  readonly keys: readonly string[];
  /** Milliseconds since 1970: whether anything differs is judged by the rule sets as they were then, or later. */
  readonly lookedAfterMs: number;
  /** Rules are changed only by what they were then, or later. */
  readonly readAfterMs: number;
  /** Milliseconds since 1970: whether mail arrives is judged by what SES and DNS said then, or later. */
  readonly routedAfterMs: number;
  /** How much of everything else is read. */
  readonly depth: Depth;
};

type Task = Exclude<Admitted, { readonly kind: 'ended' }>;

/** What was found out about one pipeline, its status as it was last written included. */
type Round = { readonly task: Task; current: Resource };

/**
 * Brings AWS in line with pipelines that are looked at together: those of a place share its rule sets, and so one look
 * and one plan. Level-based: it looks at what is, never at which event came. Each pipeline fails by itself, and its
 * status is written only when it says something new.
 */
export async function reconcile(
  asked: Asked,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const tasks: Task[] = [];
  await Promise.all(
    asked.keys.map(async (key) => {
      try {
        const admitted = await admit(key, deps);
        if (admitted.kind === 'ended') outcomes.set(key, admitted.outcome);
        else tasks.push(admitted);
      } catch (error) {
        outcomes.set(key, { kind: 'threw', error });
      }
    }),
  );
  await Promise.all(
    byPlace(tasks).map(async ({ place, here }) => {
      const threw = (error: unknown): ReadonlyMap<string, Outcome> =>
        new Map(here.map(({ resource }) => [resource.key, { kind: 'threw', error }]));
      const ended = await reconcileAt(place, here, asked, deps, signal).catch(threw);
      for (const [key, outcome] of ended) outcomes.set(key, outcome);
    }),
  );
  return outcomes;
}

/** Pipelines of different roles are never planned together: what one may read, another may not. */
function byPlace(tasks: readonly Task[]): { readonly place: Place; readonly here: readonly Task[] }[] {
  const groups = Map.groupBy(tasks, ({ place }) => placeKey(place));
  return [...groups.values()].flatMap((here) => here.slice(0, 1).map(({ place }) => ({ place, here })));
}

async function reconcileAt(
  place: Place,
  tasks: readonly Task[],
  { lookedAfterMs, readAfterMs, routedAfterMs, depth }: Asked,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Outcome>> {
  const looks = deps.looksOf(place);
  const rounds = tasks.map((task): Round => ({ task, current: task.resource }));
  const facts = createRoutingQuestion(recipientsOf(tasks), looks.routing(routedAfterMs), deps.after);
  const look = (at: readonly Round[], afterMs: number, deep: Depth) =>
    lookAhead(workOf(place, at, deps), looks.planning(afterMs, deep));
  let outlook = await look(rounds, lookedAfterMs, depth);
  if (writesOf(outlook).some(isOfRules) && looks.takenAtMs() < readAfterMs)
    outlook = await look(rounds, readAfterMs, 'light');

  const endless = rounds.filter(({ current: { key } }) => notConverging(key, outlook, deps) !== undefined);
  const active = rounds.filter((round) => !endless.includes(round));
  const outcomes = await eachSettled(endless, (round) => settle(round, outlook, undefined, facts, deps));
  if (endless.length > 0) outlook = await look(active, lookedAfterMs, 'light');
  for (const round of active) announce(round, outlook, deps);
  // Where there is nothing to do but to wait, one look tells whether it has come to an end.
  if (outlook.steps.every(({ action }) => !isWrite(action) && action.kind !== 'awaitFunction'))
    return new Map([
      ...outcomes,
      ...(await eachSettled(active, (round) => settle(round, outlook, undefined, facts, deps))),
    ]);

  const progress = tellProgress(active, outlook, deps);
  const options = { signal, waits: false, onEvent: progress.onEvent };
  const run = await converge(workOf(place, active, deps), outlook, looks.acting, options);
  await progress.stop();
  const after = await look(active, lookedAfterMs, 'light');
  for (const round of active) tellWhatHappened(round, outlook, run, deps);
  const settled = await eachSettled(active, (round) => settle(round, after, run, facts, deps));
  return new Map([...outcomes, ...settled]);
}

const recipientsOf = (tasks: readonly Task[]): RecipientLists =>
  tasks.flatMap((task) => (task.kind === 'keep' ? routedRecipients(task.pipeline.manifest.spec) : []));

function workOf(place: Place, rounds: readonly Round[], { source, installation, tenants }: ReconcileDeps): Work {
  const tasks = rounds.map(({ task }) => task);
  const keys = new Set(tasks.map(({ resource }) => resource.key));
  const inAccount = source.list().filter(({ key }) => tenants.livesIn(key, place));
  return {
    region: place.region,
    apply: tasks.flatMap((task) => (task.kind === 'keep' ? [task.pipeline] : [])),
    remove: tasks.flatMap((task) => (task.kind === 'remove' ? [task.leaving] : [])),
    neighbours: neighboursOf(keys, place.region, inAccount, installation),
  };
}

/**
 * The part of a plan that is about one pipeline. What is done to a rule set as a whole is everybody's when nobody has
 * anything else to do in it, such as an order that somebody has changed; otherwise it is for those who have.
 */
function outlookOf(key: string, outlook: Outlook): Outlook {
  const writes = writesOf(outlook);
  const watched = outlook.observation?.input.pipelines.some(
    ({ desired }) => desired.key === key && desired.managementPolicy === 'Observe',
  );
  const shares = writes.some(({ owner }) => owner === key) || writes.every(({ owner }) => owner === undefined);
  return {
    ...outlook,
    steps: outlook.steps.filter(({ owner }) => owner === key || (owner === undefined && shares)),
    withheld: outlook.withheld.filter(({ owner }) => owner === key || (owner === undefined && watched)),
    problems: outlook.problems.filter(({ owner }) => owner === key),
  };
}

function notConverging(key: string, outlook: Outlook, { convergence }: ReconcileDeps): Fault | undefined {
  return convergence.judge(key, ownWrites(key, outlook));
}

/** Says what was found before anything is done about it. */
function announce({ task, current }: Round, outlook: Outlook, deps: ReconcileDeps): void {
  const own = ownWrites(current.key, outlook);
  deps.observer.planned(current, own);
  if (own.length === 0) deps.convergence.forget(current.key);
  if (drifted(task, own)) tellDrift(current, own, deps);
  const withheld = writesOf({ steps: outlookOf(current.key, outlook).withheld });
  const told = current.status?.conditions.find(({ type }) => type === 'Drifted')?.message;
  if (withheld.length > 0 && differs(withheld) !== told) tellDrift(current, withheld, deps);
}

function tellDrift(resource: Resource, steps: readonly Step[], deps: ReconcileDeps): void {
  deps.observer.driftDetected(resource, steps);
  tell(resource, { type: 'Warning', reason: 'DriftDetected', message: differs(steps) }, deps);
}

const differs = (steps: readonly Step[]): string => `On AWS something differs: ${namesOf(steps)}`;

const LONG_RUN_MS = 5_000;

/** A run that takes long says so in the status, once; what takes no time at all does not make it flicker. */
function tellProgress(rounds: readonly Round[], { steps }: Outlook, deps: ReconcileDeps) {
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

/** The phase follows from what went wrong and from what is still to do. */
async function settle(
  round: Round,
  whole: Outlook,
  run: Convergence | undefined,
  facts: () => Promise<RoutingFacts>,
  deps: ReconcileDeps,
): Promise<Outcome> {
  const { task, current } = round;
  const { key } = current;
  const outlook = withFallBack(key, outlookOf(key, whole), run);
  const faults = [...faultsOf(key, run), ...outlook.problems.map(({ fault }) => fault)];
  const worst = deps.propagation.judge(key, worstFault(faults));
  const left = writesOf(outlook);
  if (task.kind === 'remove') return settleDeletion(round, worst, left, deps);
  const fault = worst ?? notConverging(key, whole, deps);
  const phase = fault === undefined ? phaseWithoutFault(left, writesOf({ steps: outlook.withheld })) : phaseOf(fault);
  if (phase.kind === 'retrying' && mayPass(phase.fault)) {
    // What is settled is not called broken because AWS was slow to answer once or twice.
    if (deps.streaks.failed(key) < FAULTS_SHOWN && wasReady(task.resource)) {
      deps.observer.faulted(current, phase.fault);
      return { kind: 'retry' };
    }
  } else deps.streaks.ended(key);
  await report(current, phase, statusFrom(key, outlook, await facts()), deps);
  return outcomeOfPhase(phase);
}

/** Why a run gave up a switch of sets: what it then did in place leaves no trace for the look after it. */
function withFallBack(key: string, outlook: Outlook, run: Convergence | undefined): Outlook {
  if (outlook.problems.some(({ fault }) => fault.reason === 'RolloutFellBack')) return outlook;
  const fellBack = (run?.problems ?? []).filter(
    ({ owner, fault }) => owner === key && fault.reason === 'RolloutFellBack',
  );
  return { ...outlook, problems: [...outlook.problems, ...fellBack] };
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
  deps: ReconcileDeps,
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
  { observation, steps, withheld, problems }: Outlook,
  facts: RoutingFacts,
): PipelineStatus | undefined {
  const pipeline = observation?.input.pipelines.find(({ desired }) => desired.key === key);
  if (observation === undefined || pipeline === undefined) return undefined;
  const { ruleSets } = observation.input;
  const routing = mailRouting(pipeline.desired, ruleSets, facts);
  return statusOf({ ...pipeline, ruleSets, steps: [...steps, ...withheld], problems, routing });
}

function tellWhatHappened({ task, current }: Round, outlook: Outlook, run: Convergence, deps: ReconcileDeps): void {
  const { key } = current;
  const planned = ownWrites(key, outlook);
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

/** AWS differs from what it was seen to be, although nobody has changed the pipeline. */
const drifted = (task: Task, writes: readonly Step[]): boolean =>
  task.kind === 'keep' &&
  writes.length > 0 &&
  wasReady(task.resource) &&
  !inputsChanged(task.resource, task.pipeline, writes);

const wasReady = ({ status, generation }: Resource): boolean =>
  status?.observedGeneration === generation &&
  status.conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');

const isOfRules = ({ part }: Step): boolean => part === 'rules' || part === 'ruleSet';

const ownWrites = (key: string, outlook: Outlook): readonly Step[] => writesOf(outlookOf(key, outlook));

const faultsOf = (key: string, run: Convergence | undefined): readonly Fault[] =>
  (run?.results ?? []).flatMap((result) =>
    result.kind === 'failed' && (result.step.owner === key || result.step.owner === undefined) ? [result.fault] : [],
  );

/** One that throws does not keep the others from ending. */
async function eachSettled(
  rounds: readonly Round[],
  end: (round: Round) => Promise<Outcome>,
): Promise<readonly (readonly [string, Outcome])[]> {
  return Promise.all(
    rounds.map(async (round) => {
      const outcome = await end(round).catch((error: unknown): Outcome => ({ kind: 'threw', error }));
      return [round.current.key, outcome] as const;
    }),
  );
}
