import type { KubernetesApi } from './api.ts';
import { LEASES, type ObjectRef } from './api-object.ts';
import type { Lease } from './lease-record.ts';

/** The one Lease that an election is about. Refused as `stale`: somebody else was first. */
export type LeaseStore = {
  readonly get: (signal: AbortSignal) => Promise<Lease | undefined>;
  readonly create: (lease: Lease, signal: AbortSignal) => Promise<Lease>;
  /** Only while its resourceVersion is the current one; undefined when it is gone. */
  readonly update: (lease: Lease, signal: AbortSignal) => Promise<Lease | undefined>;
  /** The lease as it is, and each time it changes; undefined when it is deleted. Ends, or throws, when it cannot go on. */
  readonly watch: (inactivityMs: number, signal: AbortSignal) => Promise<AsyncIterable<Lease | undefined>>;
};

export function leaseStore(api: KubernetesApi, ref: ObjectRef): LeaseStore {
  return {
    get: (signal) => api.get<Lease>(LEASES, ref, signal),
    create: (lease, signal) => api.create(LEASES, lease, signal),
    update: (lease, signal) => api.update(LEASES, lease, signal),
    watch: async (inactivityMs, signal) => {
      const fieldSelector = `metadata.name=${ref.name}`;
      const selection = { namespace: ref.namespace, fieldSelector, timeoutSeconds: 290, inactivityMs, signal };
      const events = await api.watch<Lease>(LEASES, selection);
      return (async function* leases() {
        for await (const event of events) {
          if (event.kind === 'error') throw event.error;
          if (event.kind !== 'bookmark') yield event.kind === 'deleted' ? undefined : event.object;
        }
      })();
    },
  };
}
