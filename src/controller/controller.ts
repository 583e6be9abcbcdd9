import { PipelineError } from '../core/fault.ts';
import type { Clock, Ports } from '../core/ports.ts';
import { nextCheckMs } from './drift-timing.ts';
import type { ControllerObserver, ReconcileResult } from './observer.ts';
import type { Outcome } from './outcome.ts';
import { createPropagationWatch } from './propagation-watch.ts';
import { reconcile } from './reconcile.ts';
import type { Change, PipelineSource } from './source.ts';
import type { WorkQueue } from './work-queue.ts';

export type ControllerOptions = {
  readonly source: PipelineSource;
  readonly portsOf: (region: string) => Ports;
  readonly queue: WorkQueue<string>;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  /** A fresh id for each reconcile: it ties log lines together. */
  readonly newReconcileId: () => string;
  readonly installation: string;
  /** Pipelines reconciled at once. */
  readonly concurrency: number;
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

export function createController(options: ControllerOptions): Controller {
  const { source, queue, observer, clock } = options;
  const propagation = createPropagationWatch(clock);

  const onChange = ({ key, kind }: Change): void => {
    if (kind === 'gone') {
      propagation.forget(key);
      observer.gone(key);
    }
    queue.add(key, 'change');
  };

  const runOne = async (key: string, calls: AbortSignal): Promise<void> => {
    const reconcileId = options.newReconcileId();
    const startedAtMs = clock.now();
    const timeout = AbortSignal.timeout(options.reconcileTimeoutMs);
    let noop = true;
    let stalled = false;
    const finished = (result: ReconcileResult) =>
      observer.reconcileFinished({ key, reconcileId, result, durationMs: clock.now() - startedAtMs, noop, stalled });
    try {
      const generation = source.get(key)?.generation;
      observer.reconcileStarted({ key, reconcileId, ...(generation === undefined ? {} : { generation }) });
      const outcome = await reconcile(
        key,
        {
          source,
          portsOf: options.portsOf,
          installation: options.installation,
          propagation,
          clock,
          observer: {
            ...observer,
            planned: (resource, steps) => {
              noop = steps.length === 0;
              observer.planned(resource, steps);
            },
            statusWritten: (resource, result, status) => {
              stalled = status.conditions.some(({ type, status: value }) => type === 'Stalled' && value === 'True');
              observer.statusWritten(resource, result, status);
            },
          },
        },
        AbortSignal.any([calls, timeout]),
      );
      if (timeout.aborted) observer.timedOut({ key, reconcileId });
      follow(key, outcome);
      finished(RESULTS[outcome.kind]);
    } catch (error) {
      queue.addRateLimited(key);
      // The source did not answer, or the resource has changed since it was read: no bug, and it comes back by itself.
      if (error instanceof PipelineError) {
        finished(error.fault.class === 'stale' ? 'requeue' : 'error');
        return;
      }
      observer.panicked({ key, reconcileId, error });
      finished('error');
    }
  };

  const follow = (key: string, outcome: Outcome): void => {
    switch (outcome.kind) {
      case 'settled':
        queue.forget(key);
        queue.addAfter(key, nextCheckMs(options.driftIntervalMs, options.driftJitter, clock.random()));
        return;
      case 'after':
        queue.forget(key);
        queue.addAfter(key, outcome.delayMs);
        return;
      case 'retry':
        queue.addRateLimited(key);
        return;
      case 'forget':
        queue.forget(key);
    }
  };

  const work = async (intake: AbortSignal, calls: AbortSignal): Promise<void> => {
    for (;;) {
      const key = await queue.get(intake).catch(() => undefined);
      if (key === undefined) return;
      await runOne(key, calls).finally(() => queue.done(key));
    }
  };

  return {
    run: async (intake, calls) => {
      await source.start(onChange, intake);
      await Promise.all(Array.from({ length: options.concurrency }, () => work(intake, calls)));
    },
  };
}

const RESULTS: Readonly<Record<Outcome['kind'], ReconcileResult>> = {
  settled: 'requeue_after',
  after: 'requeue_after',
  retry: 'requeue',
  forget: 'success',
};
