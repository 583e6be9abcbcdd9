import { faultOf } from '../core/fault.ts';
import type { Clock } from '../core/ports.ts';
import type { ObjectRef } from './api-object.ts';
import { claimedLease, holderOf, newLease, releasedLease, type Lease } from './lease-record.ts';
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

const RELEASE_TRIES = 3;

/**
 * What is known of a lease, and the claims to it. Two things make it safe whatever the clocks say: the lease's time is
 * counted on our own clock from when we saw it change, never from the times written in it; and every write names the
 * version it was made from. A claim counts from when it was sent, which is before anybody else can have seen it.
 */
export function createLeaseClaim(options: ClaimOptions): LeaseClaim {
  const { store, ref, identity, leaseDurationMs, clock, monotonicMs } = options;
  let seen: { readonly lease: Lease; readonly atMs: number } | undefined;
  let heldAtMs = -Infinity;

  const sinceHeldMs = (): number => monotonicMs() - heldAtMs;

  const observe = (lease: Lease | undefined): boolean => {
    if (lease === undefined) return true; // what was seen still counts: its holder does not know yet
    if (lease.metadata.resourceVersion !== seen?.lease.metadata.resourceVersion) seen = { lease, atMs: monotonicMs() };
    return holderOf(lease) === undefined;
  };

  const untilFreeMs = (): number => {
    const holder = seen === undefined ? undefined : holderOf(seen.lease);
    if (seen === undefined || holder === undefined || holder === identity) return 0;
    const seconds = seen.lease.spec?.leaseDurationSeconds ?? leaseDurationMs / 1_000;
    return seen.atMs + seconds * 1_000 - monotonicMs();
  };

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
      if (seen !== undefined && holderOf(seen.lease) === identity && sinceHeldMs() < options.renewDeadlineMs) {
        const { lease } = seen;
        if ((await write(() => store.update(claimedLease(lease, ours()), signal), signal)) === 'held') return 'held';
        options.slowPath();
      }
      const lease = await store.get(signal);
      signal.throwIfAborted();
      if (lease !== undefined) observe(lease);
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
