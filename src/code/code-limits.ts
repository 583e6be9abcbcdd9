import { invalidSpec } from '../core/fault.ts';

const MEGABYTE = 1024 * 1024;

/** Largest zip that Lambda takes in a call. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const ZIPPED_LIMIT_BYTES = 50 * MEGABYTE;

/** Largest sum of the files in a function's zip. */
export const UNZIPPED_LIMIT_BYTES = 250 * MEGABYTE;

/** Most files in one zip: far above what fits a function, far below what hurts us. */
const ENTRY_LIMIT = 50_000;

/** @throws {PipelineError} when the files are too many or too large for a function. */
export function checkUnzippedSize(fileCount: number, unzippedBytes: number): void {
  if (fileCount === 0) throw invalidSpec('The code holds no file; give at least the file that the handler names.');
  if (fileCount > ENTRY_LIMIT)
    throw invalidSpec(
      `The code holds ${fileCount} files; at most ${ENTRY_LIMIT} are packed, so leave out what is not needed.`,
    );
  if (unzippedBytes > UNZIPPED_LIMIT_BYTES)
    throw invalidSpec(
      `The code takes ${megabytes(unzippedBytes)} MB unzipped and Lambda allows 250; leave out what is not needed.`,
    );
}

/** @throws {PipelineError} when the zip is too large to be sent. */
export function checkZippedSize(zippedBytes: number): void {
  if (zippedBytes > ZIPPED_LIMIT_BYTES)
    throw invalidSpec(
      `The zip takes ${megabytes(zippedBytes)} MB and Lambda takes at most 50 in a call; put it in a bucket and use code.s3.`,
    );
}

const megabytes = (bytes: number): string => (Math.ceil((bytes / MEGABYTE) * 10) / 10).toString();
