import type { Fault } from './fault.ts';
import type { ObservedFunction } from './observed.ts';

/** What to do about what Lambda found too late, by its reason code. @see API_FunctionConfiguration, StateReasonCode */
const TO_DO: Readonly<Record<string, string>> = {
  InvalidImage:
    'Build the image for one platform, that of function.architecture, and without attestations (docker build --platform linux/amd64 --provenance=false)',
  ImageAccessDenied:
    'Let Lambda pull in the policy of the ECR repository (lambda.amazonaws.com: ecr:BatchGetImage, ecr:GetDownloadUrlForLayer)',
  ImageDeleted: 'Push the image again, or name another one as function.code.imageUri',
};

type State = Pick<
  ObservedFunction,
  | 'name'
  | 'state'
  | 'stateReason'
  | 'stateReasonCode'
  | 'lastUpdateStatus'
  | 'lastUpdateReason'
  | 'lastUpdateReasonCode'
>;

/** Why a function cannot be made ready; undefined while nothing has failed. */
export function functionFailure(fn: State): Fault | undefined {
  if (fn.state !== 'Failed' && fn.lastUpdateStatus !== 'Failed') return undefined;
  const [reason, code] =
    fn.state === 'Failed' ? [fn.stateReason, fn.stateReasonCode] : [fn.lastUpdateReason, fn.lastUpdateReasonCode];
  const toDo = TO_DO[code ?? ''];
  return {
    class: 'invalid',
    reason: 'FunctionFailed',
    message: `Lambda could not make function ${fn.name} ready: ${reason ?? 'it gave no reason'}${toDo === undefined ? '' : `. ${toDo}`}`,
  };
}
