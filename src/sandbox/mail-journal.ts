import { NO_HISTORY, type History } from './history.ts';
import { createListeners } from './listeners.ts';
import { createMessageStore } from './message-store.ts';
import type { RuleHome, RuleSet } from './ses-types.ts';

/** One try of one action. */
type Attempt = { readonly at: string; readonly ok: boolean; readonly detail: string };

/** How much of the evaluation an action ended. */
export type Ends = 'nothing' | 'rule' | 'ruleSet';

/** What became of one action of a rule that matched. */
export type ActionRecord = {
  readonly kind: string;
  /** Bucket and key, function ARN, header: what the action aims at. */
  readonly target: string;
  outcome: 'pending' | 'done' | 'retrying' | 'expired' | 'notReached';
  readonly attempts: Attempt[];
  /** Of an S3 action. */
  key?: string;
  /** Of a Lambda action: leads to its log lines. */
  requestId?: string;
  /** Of a Lambda action that decides about the rest: what the function answered. */
  disposition?: string;
  /** Of a bounce action: what the sender is told. */
  reply?: string;
  /** Absent: nothing. */
  ends?: Ends;
};

/** What a rule had to say about a mail, and why. */
export type RuleRecord = {
  readonly name: string;
  outcome: 'matched' | 'disabled' | 'noRecipientMatches' | 'tlsRequired' | 'notReached';
  /** The outcome in words. */
  why: string;
  /** For each envelope recipient captured: the conditions that captured it, `*` for a rule without any. */
  matches: Readonly<Record<string, readonly string[]>>;
  actions: ActionRecord[];
};

/** The whole story of one mail in one account and region. */
export type MailRecord = {
  /** SES's message id: the last part of the S3 key, `mail.messageId` of the event. */
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly ruleSet: string;
  readonly receivedAt: string;
  readonly envelope: { readonly from: string; readonly recipients: readonly string[] };
  readonly clientAddress: string;
  readonly tls: boolean;
  /** Of the message as stored, trace headers included. */
  readonly sizeBytes: number;
  readonly subject?: string;
  state: 'processing' | 'waitingForRetry' | 'done';
  /** In evaluation order. */
  readonly rules: RuleRecord[];
  /** What ended the evaluation before the last rule. */
  stoppedBy?: string;
  /** A failure of the sandbox itself. */
  bug?: string;
};

/** A recipient that was turned away at the door. */
export type Refusal = {
  readonly at: string;
  readonly from: string;
  readonly recipient: string;
  readonly clientAddress: string;
  readonly tls: boolean;
  readonly why: string;
};

/** What a mail was judged by when it arrived, and is judged by until all its actions are over. */
export type Arrival = {
  readonly home: RuleHome;
  readonly ruleSet: RuleSet;
  readonly from: string;
  readonly recipients: readonly string[];
  readonly tls: boolean;
  readonly receivedAtMs: number;
  /** The message as SES keeps it. */
  readonly raw: Uint8Array;
};

/** What is new in the journal. A record that is told again has changed. */
export type JournalNews =
  | { readonly kind: 'mail'; readonly record: MailRecord }
  | { readonly kind: 'refusal'; readonly refusal: Refusal };

/** Everything that came in or was turned away, oldest first. */
export type Journal = {
  readonly mails: () => readonly MailRecord[];
  readonly mail: (id: string) => MailRecord | undefined;
  readonly refusals: () => readonly Refusal[];
  /** The message as SES keeps it; undefined when it was too long ago, or came to an earlier process. */
  readonly message: (id: string) => Uint8Array | undefined;
  /** Tells what is new, until the function that it returns is called. */
  readonly follow: (listener: (news: JournalNews) => void) => () => void;
  /** The record itself, to be written on while the mail is processed; readers get copies. */
  readonly open: (record: MailRecord, arrival: Arrival) => MailRecord;
  /** Says that something was written on an open record. */
  readonly changed: (record: MailRecord) => void;
  readonly refuse: (refusal: Refusal) => void;
  /** Puts back what an earlier process had written. */
  readonly restore: (records: readonly MailRecord[], refusals: readonly Refusal[]) => void;
};

/** Mails, and refusals, that are kept. */
export const JOURNAL_LIMIT = 1000;

/** The oldest fall out beyond the limit. */
export function createJournal(history: History = NO_HISTORY): Journal {
  const records: MailRecord[] = [];
  const refusals: Refusal[] = [];
  const messages = createMessageStore();
  const listeners = createListeners<JournalNews>();
  const tellOf = (record: MailRecord): void =>
    listeners.tell(() => ({ kind: 'mail', record: structuredClone(record) }));
  const keep = <Item>(list: Item[], item: Item): void => {
    list.push(item);
    if (list.length > JOURNAL_LIMIT) list.shift();
  };
  return {
    mails: () => structuredClone(records),
    mail: (id) => structuredClone(records.find((record) => record.id === id)),
    refusals: () => [...refusals],
    message: messages.get,
    follow: listeners.add,
    open: (record, { raw, ...arrival }) => {
      history.append({ kind: 'mail', record, arrival }, raw);
      keep(records, record);
      messages.put(record.id, raw);
      tellOf(record);
      return record;
    },
    changed: (record) => {
      history.note({ kind: 'mailChanged', record });
      tellOf(record);
    },
    refuse: (refusal) => {
      history.note({ kind: 'refusal', refusal });
      keep(refusals, refusal);
      listeners.tell(() => ({ kind: 'refusal', refusal }));
    },
    restore: (earlier, turnedAway) => {
      for (const record of earlier) keep(records, record);
      for (const refusal of turnedAway) keep(refusals, refusal);
    },
  };
}
