import type { FaultReason } from './reasons.ts';

/**
 * What kind of trouble an error is. The class alone decides condition, event, delay and metric label.
 *
 * - `throttled`, `transient`: will pass, retried with back-off
 * - `propagating`: AWS has not yet seen our own change of a role, policy or permission everywhere
 * - `pending`: the resource is busy with our last change
 * - `stale`: what we read is no longer so (already exists, anchor gone): read again and decide by the mark
 * - `dependency`: something the manifest names is missing
 * - `conflict`: somebody else's; never changed
 * - `denied`: credentials or permissions
 * - `invalid`: the manifest or a quota; needs a change by a person
 * - `delete-blocked`: AWS refuses the deletion
 * - `bug`: ours
 */
export type FaultClass =
  | 'throttled'
  | 'transient'
  | 'propagating'
  | 'pending'
  | 'stale'
  | 'dependency'
  | 'conflict'
  | 'denied'
  | 'invalid'
  | 'delete-blocked'
  | 'bug';

export type Fault = {
  readonly class: FaultClass;
  /** Becomes a condition's reason. */
  readonly reason: FaultReason;
  /** AWS or Kubernetes code, without the SDK's `Exception` suffix where the wire has none. */
  readonly code?: string;
  /** `service:Operation`. */
  readonly operation?: string;
  /** What it means and what to do. No request id, no time, no secret. */
  readonly message: string;
  /** For the log only. */
  readonly requestId?: string;
};

/** Carries a {@link Fault} up the stack; `cause` keeps the original error for the log, never for the user. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';
  readonly fault: Fault;

  constructor(fault: Fault, options?: ErrorOptions) {
    super(fault.message, options);
    this.fault = fault;
  }
}

/** An error of who wrote the manifest or the code. @param message a whole sentence that says what to do */
export const invalidSpec = (message: string, options?: ErrorOptions): PipelineError =>
  new PipelineError({ class: 'invalid', reason: 'InvalidSpec', message }, options);

/** The fault of anything thrown: what is not a {@link PipelineError} is a bug of ours. */
export function faultOf(error: unknown): Fault {
  if (error instanceof PipelineError) return error.fault;
  const message = error instanceof Error ? error.message : String(error);
  return { class: 'bug', reason: 'InternalError', message: `Unexpected error: ${message}. Please report it.` };
}
