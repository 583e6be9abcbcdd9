import type { Fault } from './fault.ts';
import type { ObservedFunction } from './observed.ts';

/** Whether Lambda is done with the last change of a function, and how it went. */
export type FunctionState =
  | { readonly kind: 'ready' }
  /** Neither code nor configuration can be changed now. */
  | { readonly kind: 'busy'; readonly fault: Fault }
  /** The change had no effect, or the function cannot run; it can be changed again. */
  | { readonly kind: 'failed'; readonly fault: Fault };

/**
 * A state that is not known here is waited for. An idle function is `Inactive`; it wakes by itself and can be changed.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 */
export function functionState({
  name,
  state,
  stateReason,
  lastUpdateStatus,
  lastUpdateReason,
}: Pick<ObservedFunction, 'name' | 'state' | 'stateReason' | 'lastUpdateStatus' | 'lastUpdateReason'>): FunctionState {
  if (state === 'Failed') return failed(name, stateReason);
  if (state !== 'Active' && state !== 'Inactive') return busy(`Function ${name} is ${state}`);
  if (lastUpdateStatus === 'Failed') return failed(name, lastUpdateReason);
  return lastUpdateStatus === 'InProgress' ? busy(`Function ${name} is being updated`) : { kind: 'ready' };
}

const failed = (name: string, reason: string | undefined): FunctionState => ({
  kind: 'failed',
  fault: {
    class: 'invalid',
    reason: 'FunctionFailed',
    message: `Lambda could not make function ${name} ready: ${reason ?? 'it gave no reason'}`,
  },
});

const busy = (message: string): FunctionState => ({
  kind: 'busy',
  fault: { class: 'pending', reason: 'FunctionUpdating', message },
});
