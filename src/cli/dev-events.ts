/** What happens in a `dev` session; with `-o json` each is one line. Times are those of the clock, `…Ms` are durations. */
export type DevEvent =
  | {
      readonly kind: 'ready';
      readonly url: string;
      readonly smtpPort: number;
      readonly account: string;
    }
  /** AWS equals the manifest and the code. */
  | {
      readonly kind: 'live';
      readonly at: string;
      readonly pipeline: string;
      /** What was written on the way; empty when there was nothing to change. */
      readonly steps: readonly string[];
      /** From the moment that the file system noticed the save, or else from the start of the work. */
      readonly afterMs: number;
      /** Addresses that mail can be sent to; a rule for every recipient names none. */
      readonly recipients: readonly string[];
    }
  /** AWS differs from the manifest, and why; it is tried again, or waits for another save. */
  | { readonly kind: 'notLive'; readonly at: string; readonly pipeline: string; readonly message: string }
  /** A file that cannot be used: what was live before goes on. */
  | {
      readonly kind: 'problem';
      readonly at: string;
      readonly file: string;
      readonly document?: number;
      readonly path?: string;
      readonly message: string;
    }
  | { readonly kind: 'gone'; readonly at: string; readonly pipeline: string; readonly file: string }
  | {
      readonly kind: 'mail';
      readonly at: string;
      readonly id: string;
      readonly account: string;
      readonly region: string;
      readonly from: string;
      readonly recipients: readonly string[];
      readonly subject?: string;
    }
  /** An action failed and is tried again later; those behind it wait. */
  | {
      readonly kind: 'mailWaits';
      readonly at: string;
      readonly id: string;
      readonly rule: string;
      readonly detail: string;
    }
  | {
      readonly kind: 'mailDone';
      readonly at: string;
      readonly id: string;
      /** Each action of each rule that captured the mail, and what came of it. */
      readonly actions: readonly { readonly rule: string; readonly outcome: string; readonly detail: string }[];
      readonly stoppedBy?: string;
    }
  | {
      readonly kind: 'refused';
      readonly at: string;
      readonly from: string;
      readonly recipient: string;
      readonly why: string;
    }
  | {
      readonly kind: 'log';
      readonly at: string;
      readonly functionName: string;
      /** Absent for an invocation that no mail has caused. */
      readonly mailId?: string;
      readonly requestId?: string;
      readonly source: string;
      readonly text: string;
    };

export type DevSettings = {
  readonly folder: string;
  /** Of documents that name none. */
  readonly namespace: string;
  readonly port: number;
  readonly smtpPort: number;
  readonly account: string;
};
