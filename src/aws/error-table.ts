import type { ErrorRow } from './error-row.ts';
import { SHARED_ERRORS } from './errors-of-all.ts';
import { IAM_ERRORS } from './errors-of-iam.ts';
import { LAMBDA_ERRORS } from './errors-of-lambda.ts';
import { LOGS_ERRORS } from './errors-of-logs.ts';
import { S3_ERRORS } from './errors-of-s3.ts';
import { SES_ERRORS } from './errors-of-ses.ts';
import { STS_ERRORS } from './errors-of-sts.ts';

/**
 * What every AWS, network and credentials error means, first match first: services before what all share, rows with
 * `text` before the same code without. A code that is not here is judged by its HTTP status.
 */
export const ERROR_TABLE: readonly ErrorRow[] = [
  ...SES_ERRORS,
  ...IAM_ERRORS,
  ...LAMBDA_ERRORS,
  ...LOGS_ERRORS,
  ...S3_ERRORS,
  ...STS_ERRORS,
  ...SHARED_ERRORS,
];
