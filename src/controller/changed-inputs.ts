import type { Pipeline } from '../core/pipeline.ts';
import type { FunctionCode } from '../core/function-code.ts';
import { variableRefs } from '../core/function-inputs.ts';
import type { Step } from '../core/step.ts';
import type { Resource } from './source.ts';

/**
 * Whether a ConfigMap or Secret can be the reason for these writes. That is no drift, although the spec is the same.
 * Values of the environment are remembered nowhere, so one of `environmentFrom` that differs counts as changed there.
 */
export function inputsChanged({ status }: Resource, { code, manifest }: Pipeline, writes: readonly Step[]): boolean {
  if (codeChanged(status?.function, code)) return true;
  const fields = new Set(variableRefs(manifest.spec.function).map(({ variable }) => `environment.${variable}`));
  return writes.every(
    ({ action, changes }) =>
      action.kind === 'updateFunctionConfiguration' && changes.every(({ field }) => fields.has(field)),
  );
}

const codeChanged = (known: { readonly codeSha256: string } | undefined, code: FunctionCode): boolean =>
  code.kind === 'zip' && known !== undefined && known.codeSha256 !== code.sha256;
