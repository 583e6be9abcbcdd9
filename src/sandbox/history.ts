import type { LogLine } from './lambda-logs.ts';
import type { Arrival, MailRecord, Refusal } from './mail-journal.ts';
import type { RecordedMoment } from './recorded-context.ts';
import type { Call, Principal, Service } from './service.ts';

/** A write as it came in over HTTP. Its body follows as bytes; who made it is settled, so no signature is kept. */
export type RecordedCall = {
  readonly kind: 'call';
  readonly service: Service['signingName'];
  readonly call: Omit<Call, 'query' | 'body'> & { readonly query: string };
  /** Of the answer. */
  readonly status: number;
  readonly moment: RecordedMoment;
};

/** An object that a service stored by itself. Its body follows as bytes. */
export type RecordedPut = {
  readonly kind: 'put';
  readonly principal: Principal;
  readonly bucket: string;
  readonly key: string;
  readonly moment: RecordedMoment;
};

/** An `Event` invocation that was accepted and has yet to succeed. */
export type QueuedEvent = {
  readonly functionArn: string;
  readonly requestId: string;
  readonly payload: string;
  readonly queuedAtMs: number;
};

/**
 * One thing that happened. What AWS is made of is the sum of its calls and puts; the rest is kept as it stands, a later
 * entry about the same thing replacing the one before.
 */
export type HistoryEntry =
  | RecordedCall
  | RecordedPut
  /** The message as SES keeps it follows as bytes. */
  | { readonly kind: 'mail'; readonly record: MailRecord; readonly arrival: Omit<Arrival, 'raw'> }
  | { readonly kind: 'mailChanged'; readonly record: MailRecord }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | { readonly kind: 'event'; readonly event: QueuedEvent }
  | { readonly kind: 'eventDone'; readonly requestId: string }
  | { readonly kind: 'logLine'; readonly functionName: string; readonly line: Omit<LogLine, 'number'> };

/** Where everything is written down that has to outlive the process. */
export type History = {
  /**
   * When it returns, the entry survives the end of this process, however that comes.
   *
   * @throws when it cannot be written; from then on every call does, for what comes later may stand on what is lost
   */
  readonly append: (entry: HistoryEntry, bytes?: Uint8Array) => void;
  /** The same for what may be lost: never throws. Lost progress is made again after a restart. */
  readonly note: (entry: HistoryEntry) => void;
};

/** For a sandbox in memory. */
export const NO_HISTORY: History = { append: () => undefined, note: () => undefined };
