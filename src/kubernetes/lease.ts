import type { Clock } from '../core/ports.ts';
import type { ObjectRef } from './api-object.ts';
import { timeLimit } from './api-time-limit.ts';
import { createLeaseClaim, type ClaimResult } from './lease-claim.ts';
import type { LeaseStore } from './lease-store.ts';

export type ElectionObserver = {
  readonly leading?: (leading: boolean) => void;
  /** A renewal found that the lease had been changed. */
  readonly slowPath?: () => void;
  /** The API server could not be asked; it goes on by itself. */
  readonly failed?: (error: unknown) => void;
};

export type ElectionOptions = {
  readonly store: LeaseStore;
  readonly ref: ObjectRef;
  /** Different for each process, also for the one that follows in the same pod. */
  readonly identity: string;
  readonly clock: Clock;
  /** A clock that nobody sets, such as `performance.now`. */
  readonly monotonicMs: () => number;
  /** Leadership begins; the signal ends it, and everything done for it. Must not wait. */
  readonly onElected: (term: AbortSignal) => void;
  /** Leadership ended against our will; the signal was aborted just before. Not called for `stop`. */
  readonly onLost: (why: 'not-renewed' | 'taken') => void;
  readonly observer?: ElectionObserver;
  /** After so long without a renewal another may take over. */
  readonly leaseDurationMs?: number;
  /** After so long without a renewal we stop acting. */
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
};

export type Election = {
  readonly start: () => void;
  /** By the clock, not by a flag: false at once after a pause in which the deadline went by. */
  readonly isLeader: () => boolean;
  /** Ends the term and gives the lease to a standby at once: what was done under it has to be over before. Never rejects. */
  readonly stop: () => Promise<void>;
};

const JITTER = 1.2;
/** Of the renew deadline: one answer that never comes must leave time to ask again. */
const CLAIM_SHARE = 0.5;
const HERD_MS = 250;
const LONGEST_SLEEP_MS = 60 * 60_000;

/**
 * Leader election by a Lease, with client-go's figures and guarantees: at most one of all candidates acts, as long as
 * their clocks run at about the same speed. There is no fencing: what a leader has begun when it loses the lease has to
 * listen to the term's signal, and be harmless when it comes late.
 * @see https://pkg.go.dev/k8s.io/client-go/tools/leaderelection
 */
export function createElection(options: ElectionOptions): Election {
  const {
    store,
    clock,
    leaseDurationMs = 15_000,
    renewDeadlineMs = 10_000,
    retryPeriodMs = 2_000,
    observer = {},
  } = options;
  checkTimes(leaseDurationMs, renewDeadlineMs, retryPeriodMs);
  const lease = createLeaseClaim({
    ...options,
    leaseDurationMs,
    renewDeadlineMs,
    slowPath: () => observer.slowPath?.(),
  });
  const stopping = new AbortController();
  let term: AbortController | undefined;
  let running: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  /** How a standby learns that it is time. `chance`: the lease was let go. */
  const standby = { watching: false, chance: false, wake: () => {} };

  const claimMs = renewDeadlineMs * CLAIM_SHARE;
  const leftMs = (): number => renewDeadlineMs - lease.sinceHeldMs();
  const pollMs = (): number => retryPeriodMs * (1 + JITTER * clock.random());

  const claimWithin = async (limitMs: number): Promise<ClaimResult | 'failed'> => {
    const limit = timeLimit(clock, limitMs, stopping.signal);
    try {
      return await Promise.race([lease.claim(limit.signal), limit.over]);
    } catch (error) {
      if (!stopping.signal.aborted) observer.failed?.(error);
      return 'failed';
    } finally {
      limit.end();
    }
  };

  /** A callback that throws must not end the election. */
  const isolated = (callback: () => void): void => {
    try {
      callback();
    } catch (error) {
      observer.failed?.(error);
    }
  };

  const endTerm = (why: string): void => {
    const ended = term;
    term = undefined;
    ended?.abort(new Error(why));
    if (ended !== undefined) observer.leading?.(false);
  };

  const lead = async (): Promise<void> => {
    if (leftMs() <= 0) return; // the answer came too late to be worth anything
    const started = new AbortController();
    term = started;
    observer.leading?.(true);
    isolated(() => options.onElected(started.signal));
    for (;;) {
      await clock.sleep(Math.max(1, Math.min(retryPeriodMs, leftMs())), stopping.signal);
      const result = leftMs() > 0 ? await claimWithin(Math.min(leftMs(), claimMs)) : 'failed';
      stopping.signal.throwIfAborted();
      if (result !== 'taken' && leftMs() > 0) continue;
      endTerm('This replica no longer holds the lease.');
      isolated(() => options.onLost(result === 'taken' ? 'taken' : 'not-renewed'));
      return;
    }
  };

  /** Until the time is over or the lease is let go. */
  const sleepOrChance = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (standby.chance) return;
    const awake = new AbortController();
    standby.wake = () => awake.abort(new Error('awake'));
    const end = (): void => awake.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    await clock.sleep(ms, awake.signal).catch(() => {});
    signal.removeEventListener('abort', end);
    signal.throwIfAborted();
  };

  const watchLease = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        // Its holder renews far more often than that: silence means a dead connection, or a dead leader.
        const leases = await store.watch(renewDeadlineMs, signal);
        standby.watching = true;
        for await (const seen of leases) {
          signal.throwIfAborted();
          if (!lease.observe(seen)) continue;
          standby.chance = true;
          standby.wake();
        }
      } catch (error) {
        if (!signal.aborted) observer.failed?.(error);
      }
      standby.watching = false;
      standby.wake(); // what was waited for by watching is polled for from now on
      await clock.sleep(pollMs(), signal).catch(() => {});
    }
    standby.watching = false;
  };

  /** Until it is worth while to claim the lease again. */
  const standBy = async (result: ClaimResult | 'failed'): Promise<void> => {
    if (result === 'taken' && standby.watching) {
      for (
        let waitMs = lease.untilFreeMs();
        waitMs > 0 && standby.watching && !standby.chance;
        waitMs = lease.untilFreeMs()
      ) {
        // No longer than timers can: somebody may have written 68 years into the lease.
        await sleepOrChance(Math.min(Math.max(1, waitMs), LONGEST_SLEEP_MS), stopping.signal);
      }
      await clock.sleep(HERD_MS * clock.random(), stopping.signal); // not all standbys at the same moment
      return;
    }
    await sleepOrChance(pollMs(), stopping.signal);
  };

  const run = async (): Promise<void> => {
    for (;;) {
      const candidacy = new AbortController();
      const endWatch = (): void => candidacy.abort(stopping.signal.reason);
      stopping.signal.addEventListener('abort', endWatch, { once: true });
      let watch: Promise<void> | undefined;
      try {
        for (;;) {
          standby.chance = false;
          const result = await claimWithin(claimMs);
          stopping.signal.throwIfAborted();
          if (result === 'held') break;
          watch ??= watchLease(candidacy.signal);
          await standBy(result);
        }
      } finally {
        stopping.signal.removeEventListener('abort', endWatch);
        candidacy.abort(new Error('No longer a candidate.'));
      }
      await lead();
    }
  };

  const stop = async (): Promise<void> => {
    stopping.abort(new Error('This replica stops.'));
    endTerm('This replica stops.');
    if (running === undefined) return;
    await running;
    const limit = timeLimit(clock, renewDeadlineMs, undefined);
    await Promise.race([lease.release(limit.signal), limit.over]).catch((error: unknown) => observer.failed?.(error));
    limit.end();
  };

  return {
    start: () => {
      if (stopping.signal.aborted) return;
      running ??= run().catch((error: unknown) => {
        if (!stopping.signal.aborted) observer.failed?.(error);
      });
    },
    isLeader: () => term !== undefined && leftMs() > 0,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function checkTimes(leaseDurationMs: number, renewDeadlineMs: number, retryPeriodMs: number): void {
  if (leaseDurationMs % 1_000 !== 0)
    throw new Error('The lease duration must be whole seconds: a Lease knows no others.');
  if (leaseDurationMs <= renewDeadlineMs) throw new Error('The lease duration must be longer than the renew deadline.');
  if (renewDeadlineMs <= JITTER * retryPeriodMs)
    throw new Error('The renew deadline must be longer than 1.2 retry periods.');
}
