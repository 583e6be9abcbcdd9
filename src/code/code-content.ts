import type { CheckedZip } from './checked-zip.ts';
import { packCode, type PackOptions, type ZipCode } from './pack-code.ts';

/** Files to be packed, or a zip that is taken as it is. */
export type CodeContent =
  | { readonly kind: 'files'; readonly files: ReadonlyMap<string, Uint8Array> }
  | { readonly kind: 'zip'; readonly zip: CheckedZip };

/** @throws {PipelineError} class `invalid`, when a name or a size is not allowed */
export const zipOfContent = (content: CodeContent, options: PackOptions): ZipCode =>
  content.kind === 'zip' ? content.zip.code : packCode(content.files, options);
