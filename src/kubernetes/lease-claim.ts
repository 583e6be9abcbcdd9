import { faultOf } from '../core/fault.ts';
import type { Clock } from '../core/ports.ts';
import type { ObjectRef } from './api-object.ts';
import { claimedLease, holderOf, isReleased, newLease, releasedLease, type Lease } from './lease-record.ts';
import type { LeaseStore } from './lease-store.ts';

/** `taken`: another holds it. `raced`: somebody changed it at the same moment. */
export type ClaimResult = 'held' | 'taken' | 'raced';

export type LeaseClaim = {
  /** Takes or renews the lease, if it may. */
  readonly claim: (signal: AbortSignal) => Promise<ClaimResult>;
  /** Takes note of what a watch has brought. True when nobody holds the lease. */
  readonly observe: (lease: Lease | undefined) => boolean;
  /** Until the lease may be taken from its holder, as far as we have seen; negative when that is past. */
  readonly untilFreeMs: () => number;
  /** How long ago the last claim that succeeded was sent. */
  readonly sinceHeldMs: () => number;
  /** Gives the lease to whoever comes first, if it is ours. */
  readonly release: (signal: AbortSignal) => Promise<void>;
};

type ClaimOptions = {
  readonly store: LeaseStore;
  readonly ref: ObjectRef;
  readonly identity: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly clock: Clock;
  readonly monotonicMs: () => number;
  readonly slowPath: () => void;
};

type Leader = {
  readonly identity: string;
  readonly renewTime: string | undefined;
  readonly seenAtMs: number;
  readonly untilMs: number;
  /** How long it may act without a renewal, by what it wrote itself. */
  readonly ownMs: number;
};

const RELEASE_TRIES = 3;

/**
 * What is known of a lease, and the claims to it. Two things make it safe whatever the clocks say: the lease's time is
 * counted on our own clock from when we saw it change, never from the times written in it; and every write names the
 * version it was made from. A claim counts from when it was sent, which is before anybody else can have seen it.
 *
 * It is safe from people too. Only a lease that its holder let go is free at once: one that somebody deleted, or took
 * the holder from, is free when who was seen to hold it cannot act any more: as long as the duration lasts that it wrote
 * itself. One below our own is no reason to be quicker.
 */
export function createLeaseClaim(options: ClaimOptions): LeaseClaim {
  const { store, ref, identity, leaseDurationMs, clock, monotonicMs } = options;
  let seen: Lease | undefined;
  let leader: Leader | undefined;
  let heldAtMs = -Infinity;

  const sinceHeldMs = (): number => monotonicMs() - heldAtMs;

  const observe = (lease: Lease | undefined): boolean => {
    const holder = lease === undefined ? undefined : holderOf(lease);
    if (lease !== undefined && lease.metadata.resourceVersion === seen?.metadata.resourceVersion)
      return holder === undefined;
    seen = lease;
    if (lease !== undefined && holder !== undefined) {
      const seenAtMs = monotonicMs();
      const lastsMs = Math.max(leaseDurationMs, 1_000 * (lease.spec?.leaseDurationSeconds ?? 0));
      const { renewTime } = lease.spec ?? {};
      // Its holder renews it with a duration of its own; people change the one and not the other.
      const before = leader;
      const ownMs = before?.identity === holder && before.renewTime === renewTime ? before.ownMs : lastsMs;
      leader = { identity: holder, renewTime, seenAtMs, untilMs: seenAtMs + lastsMs, ownMs };
    } else if (lease !== undefined && isReleased(lease)) {
      leader = undefined;
    } else if (leader !== undefined) {
      leader = { ...leader, untilMs: leader.seenAtMs + leader.ownMs }; // it does not know yet
    }
    return holder === undefined;
  };

  const untilFreeMs = (): number =>
    leader === undefined || leader.identity === identity ? 0 : leader.untilMs - monotonicMs();

  const ours = () => ({ identity, durationSeconds: leaseDurationMs / 1_000, nowMs: clock.now() });

  /** An answer that comes after its deadline says nothing any more. */
  const write = async (send: () => Promise<Lease | undefined>, signal: AbortSignal): Promise<ClaimResult> => {
    const sentAtMs = monotonicMs();
    try {
      const written = await send();
      signal.throwIfAborted();
      if (written === undefined) return 'raced';
      observe(written);
      heldAtMs = sentAtMs;
      return 'held';
    } catch (error) {
      signal.throwIfAborted();
      if (faultOf(error).class === 'stale') return 'raced';
      throw error;
    }
  };

  return {
    claim: async (signal) => {
      const held = seen;
      if (held !== undefined && holderOf(held) === identity && sinceHeldMs() < options.renewDeadlineMs) {
        if ((await write(() => store.update(claimedLease(held, ours()), signal), signal)) === 'held') return 'held';
        options.slowPath();
      }
      const lease = await store.get(signal);
      signal.throwIfAborted();
      observe(lease);
      if (untilFreeMs() > 0) return 'taken';
      return await write(
        () =>
          lease === undefined
            ? store.create(newLease(ref, ours()), signal)
            : store.update(claimedLease(lease, ours()), signal),
        signal,
      );
    },
    observe,
    untilFreeMs,
    sinceHeldMs,
    release: async (signal) => {
      for (let tries = 1; tries <= RELEASE_TRIES; tries += 1) {
        const lease = await store.get(signal);
        if (lease === undefined || holderOf(lease) !== identity) return;
        try {
          await store.update(releasedLease(lease, clock.now()), signal);
          return;
        } catch (error) {
          // A renewal that was still on its way came first.
          if (faultOf(error).class !== 'stale' || tries === RELEASE_TRIES) throw error;
        }
      }
    },
  };
}
