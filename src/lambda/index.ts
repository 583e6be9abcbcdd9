/**
 * Helper library for code that runs in a pipeline's function, imported as `ses-lambda-pipeline/lambda`.
 * It has no dependency, and what is packed beside the function's code is made of exactly these files.
 */
export { bucketOf, discover, objectKeys } from './discovery.ts';
export type { DiscoveredBucket, DiscoveredResource, DiscoveredTag, Discovery } from './discovery.ts';
export { log } from './log.ts';
export type { LogLevel } from './log.ts';
export { parseSesEvent } from './ses-event.ts';
export type {
  SesCommonHeaders,
  SesEvent,
  SesLambdaAction,
  SesMail,
  SesReceipt,
  SesRecord,
  SesScanVerdict,
  SesVerdict,
} from './ses-event.ts';
