import { TimeLimitError } from './api-time-limit.ts';
import { KubernetesError } from './api-error.ts';
import { MalformedEventError } from './api-watch.ts';

/** Why a list or a watch failed: a closed set, for a metric's label. */
export type TroubleReason =
  | 'expired'
  | 'malformed'
  | 'inactive'
  | 'connection'
  | 'short'
  | 'throttled'
  | 'denied'
  | 'refused'
  | 'unavailable'
  | 'stale-list'
  | 'other';

/** What is to be done about it besides waiting. `relist`: the version to go on from is of no use any more. */
export type Trouble = { readonly reason: TroubleReason; readonly relist: boolean; readonly retryAfterMs: number };

/** A list older than what is known: it comes from a server that lags behind, or from a cluster that was restored. */
export class StaleListError extends Error {
  override readonly name = 'StaleListError';
}

/** A watch that ended at once without a word: a server that does so again and again must not be asked in a loop. */
export class ShortWatchError extends Error {
  override readonly name = 'ShortWatchError';
}

export function troubleOf(error: unknown): Trouble {
  const reason = reasonOf(error);
  const relist = reason === 'expired' || reason === 'malformed' || reason === 'refused';
  return { reason, relist, retryAfterMs: error instanceof KubernetesError ? (error.retryAfterMs ?? 0) : 0 };
}

function reasonOf(error: unknown): TroubleReason {
  if (error instanceof StaleListError) return 'stale-list';
  if (error instanceof ShortWatchError) return 'short';
  if (error instanceof MalformedEventError) return 'malformed';
  if (!(error instanceof KubernetesError)) return 'other';
  if (error.cause instanceof TimeLimitError) return 'inactive';
  const { status } = error;
  if (status === undefined) return 'connection';
  if (status === 410) return 'expired';
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'denied';
  return status >= 500 ? 'unavailable' : 'refused';
}
