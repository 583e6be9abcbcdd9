/** One try of one action. */
type Attempt = { readonly at: string; readonly ok: boolean; readonly detail: string };

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
};

/** What a rule had to say about a mail, and why. */
export type RuleRecord = {
  readonly name: string;
  outcome: 'matched' | 'disabled' | 'noRecipientMatches' | 'tlsRequired' | 'notReached';
  /** For each envelope recipient captured: the conditions that captured it, `*` for a rule without any. */
  matches: Readonly<Record<string, readonly string[]>>;
  actions: ActionRecord[];
};

/** The whole story of one mail in one region. */
export type MailRecord = {
  /** SES's message id: the last part of the S3 key, `mail.messageId` of the event. */
  readonly id: string;
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

/** Everything received since the start, oldest first. */
export type Journal = {
  readonly mails: () => readonly MailRecord[];
  readonly mail: (id: string) => MailRecord | undefined;
  /** The record itself, to be written on while the mail is processed; readers get copies. */
  readonly open: (record: MailRecord) => MailRecord;
};

/** Kept in memory; the oldest fall out beyond `maxMails`. */
export function createJournal(maxMails = 1000): Journal {
  const records: MailRecord[] = [];
  return {
    mails: () => structuredClone(records),
    mail: (id) => structuredClone(records.find((record) => record.id === id)),
    open: (record) => {
      records.push(record);
      if (records.length > maxMails) records.shift();
      return record;
    },
  };
}
