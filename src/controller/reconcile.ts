import { converge, lookAhead, type Convergence, type Outlook } from '../core/converge.ts';
import type { Work } from '../core/observe.ts';
import { routedRecipients, type RecipientLists } from '../core/routing-facts.ts';
import { isAtSes } from '../core/ses-pace.ts';
import { isWrite } from '../core/step.ts';
import { admit, type AdmitDeps } from './admit.ts';
import { portsUntil } from './give-way.ts';
import type { Looks } from './looks.ts';
import { neighboursOf } from './neighbours.ts';
import type { Outcome } from './outcome.ts';
import type { Depth } from './remembered-reads.ts';
import type { Round, Task } from './round.ts';
import { createRoutingQuestion } from './routing-question.ts';
import { settle, type SettleDeps } from './settle.ts';
import { sharesOf, type Shares } from './share.ts';
import { announce, tellProgress, tellWhatHappened, type TellDeps } from './tell-run.ts';
import { inAccountOf, placeKey, type Place } from './tenants.ts';
import { writesOf } from './told-steps.ts';
import type { ControllerTracing } from './tracing.ts';

export type ReconcileDeps = AdmitDeps &
  TellDeps &
  SettleDeps & {
    /** One for each place, so that the pipelines in it share their looks at AWS. */
    readonly looksOf: (place: Place) => Looks;
    readonly tracing: ControllerTracing;
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
  /** Aborted: something that cannot wait has come. What is in flight is ended, and nothing new begun. */
  readonly giveWay: AbortSignal;
};

type Outcomes = ReadonlyMap<string, Outcome>;

/**
 * Brings AWS in line with pipelines that are looked at together: those of a place share its rule sets, and so one look
 * and one plan. Level-based: it looks at what is, never at which event came. Each pipeline fails by itself, and its
 * status is written only when it says something new.
 */
export async function reconcile(asked: Asked, deps: ReconcileDeps, signal: AbortSignal): Promise<Outcomes> {
  const outcomes = new Map<string, Outcome>();
  const tasks: Task[] = [];
  await Promise.all(
    asked.keys.map(async (key) => {
      try {
        const admitted = await deps.tracing.alone(key, () => admit(key, deps));
        if (admitted.kind === 'ended') outcomes.set(key, admitted.outcome);
        else tasks.push(admitted);
      } catch (error) {
        outcomes.set(key, { kind: 'threw', error });
      }
    }),
  );
  await Promise.all(
    [...byPlace(tasks)].map(async ({ place, here }) => {
      const threw = (error: unknown): Outcomes =>
        new Map(here.map(({ resource }) => [resource.key, { kind: 'threw', error }]));
      const ended = await reconcileAt(place, here, asked, deps, signal).catch(threw);
      for (const [key, outcome] of ended) outcomes.set(key, outcome);
    }),
  );
  return outcomes;
}

/** Pipelines of different roles are never planned together: what one may read, another may not. */
function byPlace(tasks: readonly Task[]): Iterable<{ readonly place: Place; readonly here: readonly Task[] }> {
  const groups = new Map<string, { readonly place: Place; readonly here: Task[] }>();
  for (const task of tasks) {
    const { place } = task;
    const group = groups.get(placeKey(place)) ?? { place, here: [] };
    group.here.push(task);
    groups.set(placeKey(place), group);
  }
  return groups.values();
}

async function reconcileAt(
  place: Place,
  tasks: readonly Task[],
  { lookedAfterMs, readAfterMs, routedAfterMs, depth, giveWay }: Asked,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<Outcomes> {
  const looks = deps.looksOf(place);
  const rounds = tasks.map((task): Round => ({ task, current: task.resource }));
  const routing = portsUntil(giveWay, looks.routing(routedAfterMs));
  const facts = createRoutingQuestion(recipientsOf(tasks), routing, deps.after, giveWay);
  const look = (at: readonly Round[], afterMs: number, deep: Depth): Promise<Outlook> =>
    lookAhead(workOf(place, at, deps), portsUntil(giveWay, looks.planning(afterMs, deep)), deps.tracing);
  const settleAll = (at: readonly Round[], shares: Shares, run?: Convergence): Promise<Outcomes> =>
    eachSettled(at, (round) => {
      const { key } = round.current;
      return deps.tracing.alone(key, () => settle(round, shares(key), run, facts, deps));
    });

  let outlook = await look(rounds, lookedAfterMs, depth);
  if (writesOf(outlook).some(isAtSes) && looks.takenAtMs() < readAfterMs)
    outlook = await look(rounds, readAfterMs, 'light');
  if (giveWay.aborted) return gaveWay(rounds);
  let shares = sharesOf(outlook);

  const endless = rounds.filter(
    ({ current: { key } }) => deps.convergence.judge(key, shares(key).writes) !== undefined,
  );
  const active = rounds.filter((round) => !endless.includes(round));
  const ended = await settleAll(endless, shares);
  if (endless.length > 0) {
    outlook = await look(active, lookedAfterMs, 'light');
    if (giveWay.aborted) return new Map([...ended, ...gaveWay(active)]);
    shares = sharesOf(outlook);
  }
  for (const round of active) announce(round, shares(round.current.key), deps);
  // Where there is nothing to do but to wait, one look tells whether it has come to an end.
  if (outlook.steps.every(({ action }) => !isWrite(action) && action.kind !== 'awaitFunction'))
    return new Map([...ended, ...(await settleAll(active, shares))]);

  const progress = tellProgress(active, outlook, deps);
  const options = {
    signal: AbortSignal.any([signal, giveWay]),
    waits: false,
    onEvent: progress.onEvent,
    tracing: deps.tracing,
  };
  const run = await converge(workOf(place, active, deps), outlook, looks.acting, options);
  await progress.stop();
  for (const round of active) tellWhatHappened(round, shares(round.current.key), run, deps);
  const after = sharesOf(await look(active, lookedAfterMs, 'light'));
  if (giveWay.aborted) return new Map([...ended, ...gaveWay(active)]);
  return new Map([...ended, ...(await settleAll(active, after, run))]);
}

/** What was done so far is whole by itself, as after a crash: the next run goes on from there. */
const gaveWay = (rounds: readonly Round[]): Outcomes =>
  new Map(rounds.map(({ current: { key } }) => [key, { kind: 'gave way' }]));

const recipientsOf = (tasks: readonly Task[]): RecipientLists =>
  tasks.flatMap((task) => (task.kind === 'keep' ? routedRecipients(task.pipeline.manifest.spec) : []));

function workOf(place: Place, rounds: readonly Round[], { source, installation, tenants }: ReconcileDeps): Work {
  const tasks = rounds.map(({ task }) => task);
  const keys = new Set(tasks.map(({ resource }) => resource.key));
  return {
    region: place.region,
    apply: tasks.flatMap((task) => (task.kind === 'keep' ? [task.pipeline] : [])),
    remove: tasks.flatMap((task) => (task.kind === 'remove' ? [task.leaving] : [])),
    neighbours: neighboursOf(keys, place.region, inAccountOf(place, source.list(), tenants), installation),
  };
}

/** One that throws does not keep the others from ending. */
async function eachSettled(rounds: readonly Round[], end: (round: Round) => Promise<Outcome>): Promise<Outcomes> {
  const ended = rounds.map(async (round) => {
    const outcome = await end(round).catch((error: unknown): Outcome => ({ kind: 'threw', error }));
    return [round.current.key, outcome] as const;
  });
  return new Map(await Promise.all(ended));
}
