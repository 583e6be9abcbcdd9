/** What Lambda tells about an invocation, as far as it is used here. */
export type LambdaContext = {
  readonly awsRequestId?: string;
  readonly getRemainingTimeInMillis?: () => number;
};

export type Deadline = { readonly signal: AbortSignal; readonly clear: () => void };

/** A tenth of what is left, and not more than half a second: enough for a last log line. */
const MARGIN_SHARE = 0.1;
const MAX_MARGIN_MS = 500;

/**
 * A signal that aborts shortly before the invocation ends; without Lambda's context it never does.
 *
 * @param limitMs what the caller of the function waits, whatever the function's own timeout
 */
export function deadlineOf({ getRemainingTimeInMillis }: LambdaContext, limitMs = Number.POSITIVE_INFINITY): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const leftMs = Math.min(getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY, limitMs);
  if (!Number.isFinite(leftMs)) return { signal, clear: () => {} };
  const marginMs = Math.min(leftMs * MARGIN_SHARE, MAX_MARGIN_MS);
  const reason = Object.assign(new Error('The time of this invocation is nearly over.'), { name: 'TimeoutError' });
  const timer = setTimeout(() => controller.abort(reason), leftMs - marginMs);
  return { signal, clear: () => clearTimeout(timer) };
}
