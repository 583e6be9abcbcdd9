import type { Fault } from './fault.ts';
import type { ObservedFunction } from './observed.ts';

/** Whether Lambda is done with the last change of a function, and how it went. */
export type FunctionState =
  | { readonly kind: 'ready' }
  /** Neither code nor configuration can be changed now. */
  | { readonly kind: 'busy'; readonly fault: Fault }
  /** The change had no effect, or the function cannot run; it can be changed again. */
  | { readonly kind: 'failed'; readonly fault: Fault };

type States = Pick<
  ObservedFunction,
  | 'name'
  | 'state'
  | 'stateReason'
  | 'stateReasonCode'
  | 'lastUpdateStatus'
  | 'lastUpdateReason'
  | 'lastUpdateReasonCode'
>;

/** What to do about what Lambda found too late, by its reason code. @see API_FunctionConfiguration, StateReasonCode */
const TO_DO: Readonly<Record<string, string>> = {
  InvalidImage:
    'Build the image for one platform, that of function.architecture, and without attestations (docker build --platform linux/amd64 --provenance=false)',
  ImageAccessDenied:
    'Let Lambda pull in the policy of the ECR repository (lambda.amazonaws.com: ecr:BatchGetImage, ecr:GetDownloadUrlForLayer)',
  ImageDeleted: 'Push the image again, or name another one as function.code.imageUri',
};

/**
 * A state that is not known here is waited for. An idle function is `Inactive`; it wakes by itself and can be changed.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 */
export function functionState(fn: States): FunctionState {
  const { name, state, lastUpdateStatus } = fn;
  if (state === 'Failed') return failed(name, fn.stateReason, fn.stateReasonCode);
  if (state !== 'Active' && state !== 'Inactive') return busy(`Function ${name} is ${state}`);
  if (lastUpdateStatus === 'Failed') return failed(name, fn.lastUpdateReason, fn.lastUpdateReasonCode);
  return lastUpdateStatus === 'InProgress' ? busy(`Function ${name} is being updated`) : { kind: 'ready' };
}

const failed = (name: string, reason: string | undefined, code: string | undefined): FunctionState => ({
  kind: 'failed',
  fault: {
    class: 'invalid',
    reason: 'FunctionFailed',
    message: `Lambda could not make function ${name} ready: ${[reason ?? 'it gave no reason', TO_DO[code ?? ''] ?? []].flat().join('. ')}`,
  },
});

const busy = (message: string): FunctionState => ({
  kind: 'busy',
  fault: { class: 'pending', reason: 'FunctionUpdating', message },
});
