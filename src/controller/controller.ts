import { RECONCILE_REQUESTED_AT } from '../core/annotations.ts';
import { PipelineError, type Fault } from '../core/fault.ts';
import { intervalMsOf } from '../core/interval.ts';
import type { Clock, Ports } from '../core/ports.ts';
import { createConvergenceWatch } from './convergence-watch.ts';
import { firstCheckMs, nextCheckMs } from './drift-timing.ts';
import { createFaultStreaks } from './fault-streaks.ts';
import { createFullLooks } from './full-looks.ts';
import { createLooks, type Looks } from './looks.ts';
import { ownersOf } from './neighbours.ts';
import type { ControllerObserver, ReconcileResult } from './observer.ts';
import type { Outcome } from './outcome.ts';
import { createPropagationWatch } from './propagation-watch.ts';
import { reconcile, type Asked } from './reconcile.ts';
import { createRivals } from './rivals.ts';
import type { Change, PipelineSource, Resource, ResourceStatus } from './source.ts';
import { inAccountOf, placeKey, type Place, type Tenants } from './tenants.ts';
import { UNTRACED, type ControllerTracing } from './tracing.ts';
import { createTriggers, triggerOf, type Trigger } from './trigger.ts';
import type { Batch, WorkQueue } from './work-queue.ts';

export type ControllerOptions = {
  readonly source: PipelineSource;
  readonly portsOf: (place: Place) => Ports;
  readonly tenants: Tenants;
  readonly queue: WorkQueue<string>;
  readonly observer: ControllerObserver;
  /** Default: none. */
  readonly tracing?: ControllerTracing;
  readonly clock: Clock;
  /** Calls once, after so many milliseconds, unless it is cancelled by what it returns. */
  readonly after: (delayMs: number, call: () => void) => () => void;
  /** A fresh id for each reconcile: it ties log lines together. */
  readonly newReconcileId: () => string;
  readonly installation: string;
  /** Pipelines reconciled at once. */
  readonly concurrency: number;
  /** Where a pipeline names no interval of its own. */
  readonly driftIntervalMs: number;
  /** Share of the interval, 0 to 1. */
  readonly driftJitter: number;
  /** After this a run stops where it is, writes its status, and is tried again. */
  readonly reconcileTimeoutMs: number;
};

/** The loop, whatever the source. */
export type Controller = {
  /**
   * Runs until `intake` is aborted, then finishes what is under way and resolves.
   *
   * @param calls aborted: what is under way starts no further call
   */
  readonly run: (intake: AbortSignal, calls: AbortSignal) => Promise<void>;
};

/** How long what SES says of identities, and DNS of MX records, is good for. */
const ROUTING_INTERVAL_MS = 60 * 60_000;

/** What is told of one pipeline's part in a batch. */
type Run = { readonly reconcileId: string; readonly trigger: Trigger; noop: boolean; stalled: boolean };

export function createController(options: ControllerOptions): Controller {
  const { source, queue, observer, clock, tracing = UNTRACED } = options;
  const propagation = createPropagationWatch(clock);
  const streaks = createFaultStreaks();
  const convergence = createConvergenceWatch();
  const rivals = createRivals();
  const fullLooks = createFullLooks();
  const looks = new Map<string, Looks>();
  const triggers = createTriggers();
  let starting = true;

  const forget = (key: string): void => {
    propagation.forget(key);
    streaks.ended(key);
    convergence.forget(key);
    fullLooks.forget(key);
  };

  const onChange = (change: Change): void => {
    const { key, kind } = change;
    if (kind === 'gone') {
      forget(key);
      observer.gone(key);
    }
    // What somebody wants now is no longer what did not converge.
    if (kind === 'spec' || kind === 'dependency') convergence.forget(key);
    triggers.note(key, starting ? 'start' : triggerOf(change));
    // What was looked at by an earlier process does not stand in the way of what is new.
    queue.add(key, starting && isKnown(peek(key)) ? 'resync' : 'change');
    wakeRivals(key, kind);
  };

  const wakeRivals = (key: string, kind: Change['kind']): void => {
    const resource = kind === 'gone' ? undefined : peek(key);
    if (kind !== 'gone' && resource === undefined) return;
    const woken = rivals.note(key, resource);
    if (starting) return; // they all come by themselves
    for (const rival of woken) {
      triggers.note(rival, 'dependency');
      queue.add(rival, 'change');
    }
  };

  const looksOf = (place: Place): Looks => {
    const known = looks.get(placeKey(place));
    if (known !== undefined) return known;
    const made = createLooks(options.portsOf(place), clock, (rules) => {
      const inAccount = inAccountOf(place, source.list(), options.tenants);
      for (const key of ownersOf(rules, place.region, inAccount, options.installation)) {
        triggers.note(key, 'rules');
        queue.add(key, 'resync');
      }
    });
    looks.set(placeKey(place), made);
    return made;
  };

  const runBatch = async (batch: Batch<string>, calls: AbortSignal): Promise<void> => {
    const startedAtMs = clock.now();
    const timeout = AbortSignal.timeout(options.reconcileTimeoutMs);
    const runs = new Map(batch.keys.map((key) => [key, begin(key)]));
    const asked = askFor(batch, startedAtMs);
    const outcomes = await reconcile(
      asked,
      {
        source,
        portsOf: options.portsOf,
        tenants: options.tenants,
        looksOf,
        installation: options.installation,
        propagation,
        streaks,
        convergence,
        clock,
        after: options.after,
        tracing,
        observer: {
          ...observer,
          planned: (resource, steps) => {
            const run = runs.get(resource.key);
            if (run !== undefined) run.noop = steps.length === 0;
            observer.planned(resource, steps);
          },
          statusWritten: (resource, result, status) => {
            const run = runs.get(resource.key);
            if (run !== undefined) run.stalled = isStalled(status);
            observer.statusWritten(resource, result, status);
          },
        },
      },
      AbortSignal.any([calls, timeout]),
    );
    for (const [key, { reconcileId, trigger, noop, stalled }] of runs) {
      if (timeout.aborted) observer.timedOut({ key, reconcileId });
      const outcome = outcomes.get(key) ?? { kind: 'retry' };
      if (outcome.kind !== 'gave way' && outcome.kind !== 'forget') fullLooks.looked(key, asked.depth === 'full');
      follow(key, outcome, trigger);
      if (isBug(outcome)) observer.panicked({ key, reconcileId, error: outcome.error });
      const durationMs = clock.now() - startedAtMs;
      const result = resultOf(outcome);
      observer.reconcileFinished({ key, reconcileId, result, durationMs, noop, stalled, ...thrownFault(outcome) });
    }
  };

  /** One that cannot be read is for its own run to fail on: it does not keep the others of its batch from theirs. */
  const peek = (key: string): Resource | undefined => {
    try {
      return source.get(key);
    } catch {
      return undefined;
    }
  };

  const begin = (key: string): Run => {
    const reconcileId = options.newReconcileId();
    const resource = peek(key);
    const generation = resource?.generation;
    const cause = triggers.take(key);
    const trigger = cause === 'change' && isRequested(resource) ? 'requested' : cause;
    observer.reconcileStarted({ key, reconcileId, trigger, ...(generation === undefined ? {} : { generation }) });
    return { reconcileId, trigger, noop: true, stalled: false };
  };

  /** Who waited shares a look with those who waited too; only what somebody asks for now is looked at now. */
  const askFor = ({ keys, lane, askedAtMs, giveWay }: Batch<string>, nowMs: number): Asked => {
    if (keys.some((key) => isRequested(peek(key))))
      return { keys, lookedAfterMs: nowMs, readAfterMs: nowMs, routedAfterMs: nowMs, depth: 'full', giveWay };
    const routedAfterMs = nowMs - ROUTING_INTERVAL_MS;
    if (lane === 'change')
      return { keys, lookedAfterMs: askedAtMs, readAfterMs: askedAtMs, routedAfterMs, depth: 'full', giveWay };
    const intervalMs = Math.min(...keys.map(intervalOf));
    const depth = keys.some(fullLooks.due) ? 'full' : 'light';
    // The earliest that jitter brings anybody back: who comes that early is not shown the look of the time before.
    const lookedAfterMs = nowMs - intervalMs * (1 - options.driftJitter);
    return { keys, lookedAfterMs, readAfterMs: nowMs, routedAfterMs, depth, giveWay };
  };

  const intervalOf = (key: string): number => {
    const manifest = peek(key)?.manifest;
    return (manifest === undefined ? undefined : intervalMsOf(manifest)) ?? options.driftIntervalMs;
  };

  const follow = (key: string, outcome: Outcome, trigger: Trigger): void => {
    switch (outcome.kind) {
      case 'settled':
        queue.forget(key);
        triggers.note(key, 'resync');
        queue.addAfter(key, checkAgainInMs(key, trigger));
        return;
      case 'after':
        queue.forget(key);
        triggers.note(key, 'retry');
        queue.addAfter(key, outcome.delayMs);
        return;
      case 'retry':
      case 'threw':
        triggers.note(key, 'retry');
        queue.addRateLimited(key);
        return;
      case 'gave way':
        triggers.note(key, trigger);
        queue.putBack(key);
        return;
      case 'forget':
        queue.forget(key);
    }
  };

  const checkAgainInMs = (key: string, trigger: Trigger): number =>
    trigger === 'start'
      ? firstCheckMs(intervalOf(key), clock.random())
      : nextCheckMs(intervalOf(key), options.driftJitter, clock.random());

  const work = async (intake: AbortSignal, calls: AbortSignal): Promise<void> => {
    for (;;) {
      const batch = await queue.get(intake).catch(() => undefined);
      if (batch === undefined) return;
      await tracing
        .batch(batch, () => runBatch(batch, calls))
        .finally(() => {
          for (const key of batch.keys) queue.done(key);
        });
    }
  };

  return {
    run: async (intake, calls) => {
      await source.start(onChange, intake);
      starting = false;
      await Promise.all(Array.from({ length: options.concurrency }, () => work(intake, calls)));
    },
  };
}

/** Its spec was looked at before. */
const isKnown = (resource: Resource | undefined): boolean =>
  resource?.status !== undefined && resource.status.observedGeneration === resource.generation;

const isStalled = ({ conditions }: ResourceStatus): boolean =>
  conditions.some(({ type, status }) => type === 'Stalled' && status === 'True');

/** A request that no status tells of yet. */
const isRequested = (resource: Resource | undefined): boolean => {
  const request = resource?.annotations[RECONCILE_REQUESTED_AT];
  return request !== undefined && request !== resource?.status?.lastHandledReconcileAt;
};

/** The source did not answer, or the resource has changed since it was read: no bug, and it comes back by itself. */
const isBug = (outcome: Outcome): outcome is Extract<Outcome, { readonly kind: 'threw' }> =>
  outcome.kind === 'threw' && !(outcome.error instanceof PipelineError);

const thrownFault = (outcome: Outcome): { readonly fault?: Fault } =>
  outcome.kind === 'threw' && outcome.error instanceof PipelineError ? { fault: outcome.error.fault } : {};

function resultOf(outcome: Outcome): ReconcileResult {
  switch (outcome.kind) {
    case 'settled':
    case 'after':
      return 'requeue_after';
    case 'retry':
    case 'gave way':
      return 'requeue';
    case 'forget':
      return 'success';
    case 'threw':
      return outcome.error instanceof PipelineError && outcome.error.fault.class === 'stale' ? 'requeue' : 'error';
  }
}
