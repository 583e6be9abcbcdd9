import type { FunctionInputs } from '../core/function-inputs.ts';
import type { CheckedZip } from './checked-zip.ts';
import { handlerWarning } from './handler-check.ts';
import { packCode } from './pack-code.ts';

/** Files to be packed, or a zip that is taken as it is. */
export type CodeContent =
  | { readonly kind: 'files'; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly kind: 'zip'; readonly zip: CheckedZip };

/** What is in it by name; of a zip nothing is unpacked. */
export const filesIn = (content: CodeContent): ReadonlyMap<string, Uint8Array | undefined> =>
  content.kind === 'files' ? content.files : new Map(content.zip.fileNames.map((name) => [name, undefined] as const));

/**
 * The code ready for Lambda, and a warning where the handler is not found in it.
 *
 * @throws {PipelineError} class `invalid`, when a name or a size is not allowed
 */
export function readyCode(
  content: CodeContent,
  { handler, runtime }: { readonly handler: string; readonly runtime: string },
  pack = packCode,
): Omit<FunctionInputs, 'environment'> {
  const warning = handlerWarning(handler, runtime, filesIn(content));
  return {
    code: content.kind === 'zip' ? content.zip.code : pack(content.files, { runtime }),
    ...(warning === undefined ? {} : { warnings: [warning] }),
  };
}
