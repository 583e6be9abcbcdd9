import type { Finding } from './finding.ts';
import { duration } from './words.ts';

/** A Lease of a controller, and the API server's time when it was read: no clock of ours is part of it. */
export type LeaseFacts = {
  /** `namespace/name`. */
  readonly lease: string;
  /** Undefined: nobody holds it. */
  readonly holder: string | undefined;
  readonly durationMs: number;
  readonly renewedAtMs: number | undefined;
  readonly acquiredAtMs: number | undefined;
  readonly transitions: number;
  readonly readAtMs: number;
};

/** A takeover may take a moment longer than the Lease lasts. */
const GRACE_MS = 5_000;
/** So many changes of hands, the last so recent: replicas take it from each other. */
const RESTLESS = { transitions: 5, withinMs: 10 * 60_000 };

/** Whether a controller is at work: who holds the Lease, and whether it is still renewed. */
export function judgeLease(facts: LeaseFacts): Finding<'controller'> {
  const { lease, holder, durationMs, renewedAtMs, acquiredAtMs, transitions, readAtMs } = facts;
  const check = 'controller';
  if (holder === undefined)
    return {
      check,
      outcome: 'fail',
      about: lease,
      message: `No controller is running: Lease ${lease} was let go, as a controller does that stops in order`,
      todo: 'Start the controller, or scale its Deployment up',
    };
  const silentMs = renewedAtMs === undefined ? Number.POSITIVE_INFINITY : readAtMs - renewedAtMs;
  if (silentMs > durationMs + GRACE_MS)
    return {
      check,
      outcome: 'fail',
      about: lease,
      message: `The controller ${holder} has lost its Lease ${lease}: it was last renewed ${ago(silentMs)} and lasts ${duration(durationMs)}, and nobody has taken over`,
      todo: `Look at why ${podOf(holder)} ended or cannot reach the API server (kubectl logs, kubectl describe pod), and start another`,
    };
  const heldMs = acquiredAtMs === undefined ? Number.POSITIVE_INFINITY : readAtMs - acquiredAtMs;
  if (transitions >= RESTLESS.transitions && heldMs < RESTLESS.withinMs)
    return {
      check,
      outcome: 'warn',
      about: lease,
      message: `Lease ${lease} has changed hands ${transitions} times, last to ${holder} ${ago(heldMs)}`,
      todo: 'If nobody restarts the controller, look in its log for "the Lease is lost", and give it more CPU',
    };
  return { check, outcome: 'ok', about: lease, message: `${holder} holds Lease ${lease}, renewed ${ago(silentMs)}` };
}

const ago = (ms: number): string => (Number.isFinite(ms) ? `${duration(Math.max(0, ms))} ago` : 'never');

/** A controller calls itself by the name of its host, which in a cluster is that of its pod. */
const podOf = (holder: string): string => holder.replace(/_[0-9a-f-]{36}$/, '');

/** Where no Lease is to be seen. */
export const NO_LEASE: Finding<'controller'> = {
  check: 'controller',
  outcome: 'warn',
  message: 'No Lease of a controller is to be seen: none has run with leader election, or its Lease has another name',
  todo: 'Start the controller; if it runs, name its Lease with --lease-name and --lease-namespace',
};
