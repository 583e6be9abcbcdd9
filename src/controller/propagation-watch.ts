import type { Fault } from '../core/fault.ts';
import type { Clock } from '../core/ports.ts';

const MINUTE_MS = 60_000;
const LIMIT_MS = 5 * MINUTE_MS;
/** AWS support has quoted this for "cannot be assumed by Lambda". */
const ROLE_LIMIT_MS = 15 * MINUTE_MS;

/** Remembers since when each pipeline waits for AWS to see our own change. */
export type PropagationWatch = {
  /** The fault as it is now: one that has not passed in time is a fault of the manifest. */
  readonly judge: (key: string, fault: Fault | undefined) => Fault | undefined;
  readonly forget: (key: string) => void;
};

export function createPropagationWatch(clock: Pick<Clock, 'now'>): PropagationWatch {
  const since = new Map<string, { readonly message: string; readonly atMs: number }>();
  return {
    judge: (key, fault) => {
      if (fault?.class !== 'propagating') {
        since.delete(key);
        return fault;
      }
      const known = since.get(key);
      const first = known?.message === fault.message ? known : { message: fault.message, atMs: clock.now() };
      since.set(key, first);
      const limitMs = fault.operation?.startsWith('lambda:') === true ? ROLE_LIMIT_MS : LIMIT_MS;
      return clock.now() - first.atMs < limitMs ? fault : { ...fault, class: 'invalid' };
    },
    forget: (key) => {
      since.delete(key);
    },
  };
}
