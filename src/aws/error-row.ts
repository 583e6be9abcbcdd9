import type { FaultClass } from '../core/fault.ts';
import type { FaultReason } from '../core/reasons.ts';

export type AwsService = 's3' | 'iam' | 'lambda' | 'ses' | 'sts' | 'logs';

/** An error as told to the table. */
export type AwsError = {
  readonly service: AwsService;
  readonly operation: string;
  /** `service:Operation`. */
  readonly action: string;
  readonly resource: string | undefined;
  /** ` for <resource>`, or nothing. */
  readonly about: string;
  /** AWS code, Node's network code, or `Http404` where AWS sent no body. */
  readonly code: string;
  readonly status: number | undefined;
  /** AWS's own words, without request ids and final full stop. */
  readonly text: string;
  readonly region: string;
  readonly endpoint: string;
  /** The endpoint was set by the user: it is not AWS itself. */
  readonly ownEndpoint: boolean;
  readonly bucketRegion: string | undefined;
  /** The profile asked for, undefined for the default. */
  readonly profile: string | undefined;
};

/** What a code of AWS, with these words in its message, means. Codes match with and without `Exception` at the end. */
export type ErrorRow = {
  readonly of: AwsService | 'any';
  /** Only of this call. */
  readonly operation?: string;
  readonly codes: readonly string[];
  readonly text?: RegExp;
  readonly class: FaultClass;
  readonly reason: FaultReason;
  readonly say: (error: AwsError) => string;
};

/** Passes by itself. */
export const again = ({ action, about }: AwsError): string => `AWS could not complete ${action}${about}.`;
/** What we read is no longer so. */
export const reread = ({ action, about, text }: AwsError): string =>
  `Something changed in AWS while ${action}${about} was on its way (${text}). What is there is read again.`;
/** AWS's refusal in its own words, and what to do. */
export const refused = (advice: string) => {
  return ({ action, about, text }: AwsError): string => `AWS refuses ${action}${about}: ${text}. ${advice}`;
};

/** The same text with a capital at its beginning, as a sentence needs it; a URL stays as it is. */
export function capital(text: string): string {
  return text.startsWith('http') ? text : text.charAt(0).toUpperCase() + text.slice(1);
}
