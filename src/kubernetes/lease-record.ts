import { LEASES, type ApiObject, type ObjectRef } from './api-object.ts';

/** @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
export type Lease = ApiObject & {
  readonly spec?: {
    /** Empty: released. */
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
};

type Claim = { readonly identity: string; readonly durationSeconds: number; readonly nowMs: number };

export function newLease({ namespace, name }: ObjectRef, claim: Claim): Lease {
  const { apiVersion, kind } = LEASES;
  return claimed({ apiVersion, kind, metadata: { namespace, name } }, claim, 0);
}

/** The lease as its holder renews it, or as another takes it over: only a new holder counts as a transition. */
export function claimedLease(lease: Lease, claim: Claim): Lease {
  const transitions = lease.spec?.leaseTransitions ?? 0;
  if (holderOf(lease) !== claim.identity) return claimed(lease, claim, transitions + 1);
  const acquireTime = lease.spec?.acquireTime ?? microTime(claim.nowMs);
  const renewed = claimed(lease, claim, transitions);
  return { ...renewed, spec: { ...renewed.spec, acquireTime } };
}

/** What client-go leaves behind as well. */
const RELEASED_SECONDS = 1;

/** Anybody may take it at once. */
export function releasedLease(lease: Lease, nowMs: number): Lease {
  return claimed(lease, { identity: '', durationSeconds: RELEASED_SECONDS, nowMs }, lease.spec?.leaseTransitions ?? 0);
}

/** Its holder let it go, as {@link releasedLease} does; otherwise somebody took the holder out. */
export const isReleased = (lease: Lease): boolean =>
  holderOf(lease) === undefined && lease.spec?.leaseDurationSeconds === RELEASED_SECONDS;

/** Undefined when nobody holds it. */
export function holderOf({ spec }: Lease): string | undefined {
  return spec?.holderIdentity === '' ? undefined : spec?.holderIdentity;
}

function claimed(lease: Lease, { identity, durationSeconds, nowMs }: Claim, leaseTransitions: number): Lease {
  const now = microTime(nowMs);
  const spec = { holderIdentity: identity, leaseDurationSeconds: durationSeconds, acquireTime: now, renewTime: now };
  return { ...lease, spec: { ...lease.spec, ...spec, leaseTransitions } };
}

/** RFC 3339 with exactly six digits of a second: what the API server's MicroTime accepts. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
