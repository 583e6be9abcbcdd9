/**
 * Helper library for code that runs in a pipeline's function, imported as `ses-lambda-pipeline/lambda`.
 * What is packed beside the function's code is made of exactly these files, and loads nothing until it is needed: the
 * SDK that Lambda has for a message's body, and `postal-mime` to parse it.
 */
export type { LambdaContext } from './deadline.ts';
export { bucketOf, discover, objectKeys } from './discovery.ts';
export type { DiscoveredBucket, DiscoveredResource, DiscoveredTag, Discovery } from './discovery.ts';
export type { Disposition } from './disposition.ts';
export { log } from './log.ts';
export type { LogFields, Logger, LogLevel } from './log.ts';
export { MessageBodyError } from './message-body-error.ts';
export type { ReadOptions, SesMessage } from './message.ts';
export type { MailAddress, MailAttachment, ParsedMail } from './parsed-mail.ts';
export { parseSesEvent } from './ses-event.ts';
export type {
  InvocationType,
  SesCommonHeaders,
  SesEvent,
  SesLambdaAction,
  SesMail,
  SesReceipt,
  SesRecord,
  SesScanVerdict,
  SesVerdict,
} from './ses-event.ts';
export { sesHandler } from './ses-handler.ts';
export type { EventHandlerOptions, RequestResponseHandlerOptions, SesContext, SesHandler } from './ses-handler.ts';
export type { MessageHead } from './stored-body.ts';
export { testEvent } from './test-event.ts';
export type { TestEventOptions } from './test-event.ts';
