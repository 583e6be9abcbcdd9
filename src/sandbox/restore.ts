import type { HistoryFile, StoredEntry } from './history-file.ts';
import type { HistoryEntry, QueuedEvent } from './history.ts';
import { LOG_LIMIT, placeKey, type LogBook } from './lambda-logs.ts';
import { JOURNAL_LIMIT, type Arrival, type MailRecord, type Refusal } from './mail-journal.ts';
import type { ContextRecorder } from './recorded-context.ts';
import { replayCall, replayPut } from './recorded-services.ts';
import type { S3Door, Service } from './service.ts';

/** What a history tells besides the state of AWS itself. */
export type Restored = {
  /** As they stood last, oldest first. */
  readonly records: readonly MailRecord[];
  readonly refusals: readonly Refusal[];
  /** Mails whose actions were not over. */
  readonly openMails: readonly { readonly arrival: Arrival; readonly record: MailRecord }[];
  readonly openEvents: readonly QueuedEvent[];
  /** Writes that this version of the sandbox answers otherwise than the one that recorded them. */
  readonly answeredOtherwise: number;
  /** What the last process had begun to write when it ended. */
  readonly droppedBytes: number;
};

export const NOTHING_RESTORED: Restored = {
  records: [],
  refusals: [],
  openMails: [],
  openEvents: [],
  answeredOtherwise: 0,
  droppedBytes: 0,
};

/** What whoever started the sandbox should know of it. */
export function noticesOf({ droppedBytes, answeredOtherwise }: Restored): string[] {
  return [
    ...(droppedBytes === 0
      ? []
      : [`The last ${droppedBytes} bytes of the history were not whole and are dropped: its writer was killed.`]),
    ...(answeredOtherwise === 0
      ? []
      : [`This version of the sandbox answers ${answeredOtherwise} of the recorded writes otherwise.`]),
  ];
}

/** What is brought back to where it was. */
type Restorable = {
  readonly services: readonly Service[];
  readonly s3: S3Door;
  readonly logs: Pick<LogBook, 'restore'>;
  readonly recorder: ContextRecorder;
};

/**
 * Brings the services to where an earlier process left them: makes its writes again, in their order and at their time.
 * Then writes the history anew if much of it is about things that are over.
 */
export async function restore(history: HistoryFile, { services, s3, logs, recorder }: Restorable): Promise<Restored> {
  const story = createStory();
  for (const stored of history.entries()) story.add(stored);
  // First, for what became of a log group depends on what had been written into it.
  logs.restore(story.logLines());
  let answeredOtherwise = 0;
  for (const { entry, bytes } of story.writes()) {
    if (entry.kind === 'put') replayPut(entry, bytes(), s3, recorder);
    else if ((await replayCall(entry, bytes(), services, recorder)) !== entry.status) answeredOtherwise += 1;
  }
  const restored = { ...story.restored(), answeredOtherwise, droppedBytes: history.droppedBytes };
  story.forgetWhatIsOver(history);
  return restored;
}

type Stored<Kind extends HistoryEntry['kind']> = StoredEntry & {
  readonly entry: Extract<HistoryEntry, { readonly kind: Kind }>;
};

/** The entries that still tell something, by what they are about. */
function createStory() {
  const writes: Stored<'call' | 'put'>[] = [];
  const mails = new Map<string, Stored<'mail'>>();
  const records = new Map<string, StoredEntry>();
  const refusals: StoredEntry[] = [];
  const events = new Map<string, Stored<'event'>>();
  const logs = new Map<string, Stored<'logLine'>[]>();
  /** A log group goes on when the line that began it has fallen out. */
  const firstLines = new Map<string, Stored<'logLine'>>();
  let totalBytes = 0;

  const latest = (id: string): MailRecord | undefined => {
    const entry = (records.get(id) ?? mails.get(id))?.entry;
    return entry?.kind === 'mail' || entry?.kind === 'mailChanged' ? entry.record : undefined;
  };
  const isOpen = (id: string): boolean => latest(id)?.state !== 'done';
  const keep = <Item>(list: Item[], item: Item, limit: number): void => {
    list.push(item);
    if (list.length > limit) list.shift();
  };
  const logEntries = (): Stored<'logLine'>[] => [...new Set([...firstLines.values(), ...[...logs.values()].flat()])];
  /** A mail that is over, and so old that the journal has dropped it, is forgotten. */
  const forgetOldMails = (): void => {
    const excess = mails.size - JOURNAL_LIMIT;
    const over = [...mails.keys()].filter((id) => !isOpen(id));
    for (const id of over.slice(0, Math.max(0, excess))) {
      mails.delete(id);
      records.delete(id);
    }
  };

  return {
    add: (stored: StoredEntry): void => {
      const { entry } = stored;
      totalBytes += stored.sizeBytes;
      switch (entry.kind) {
        case 'call':
        case 'put':
          writes.push({ ...stored, entry });
          return;
        case 'mail':
          mails.set(entry.record.id, { ...stored, entry });
          if (mails.size > 2 * JOURNAL_LIMIT) forgetOldMails();
          return;
        case 'mailChanged':
          records.set(entry.record.id, stored);
          return;
        case 'refusal':
          keep(refusals, stored, JOURNAL_LIMIT);
          return;
        case 'event':
          events.set(entry.event.requestId, { ...stored, entry });
          return;
        case 'eventDone':
          events.delete(entry.requestId);
          return;
        case 'logLine': {
          const lines = logs.get(entry.functionName) ?? [];
          logs.set(entry.functionName, lines);
          const line = { ...stored, entry };
          keep(lines, line, LOG_LIMIT);
          const { cloudWatch } = entry.line;
          const key = cloudWatch === undefined ? undefined : placeKey(cloudWatch);
          if (key !== undefined && !firstLines.has(key)) firstLines.set(key, line);
        }
      }
    },
    logLines: () =>
      logEntries()
        .map(({ entry: { functionName, line } }) => ({ functionName, line }))
        .sort((a, b) => (a.line.at < b.line.at ? -1 : a.line.at > b.line.at ? 1 : 0)),
    /** In the order in which they took effect; a call is written down only once it is answered. */
    writes: (): readonly Stored<'call' | 'put'>[] =>
      writes.sort((a, b) => a.entry.moment.sequence - b.entry.moment.sequence),
    restored: (): Omit<Restored, 'answeredOtherwise' | 'droppedBytes'> => {
      forgetOldMails();
      const openMails = [...mails].flatMap(([id, { entry, bytes }]) => {
        const record = latest(id);
        return record === undefined || !isOpen(id) ? [] : [{ record, arrival: { ...entry.arrival, raw: bytes() } }];
      });
      const open = new Map(openMails.map(({ record }) => [record.id, record]));
      return {
        records: [...mails.keys()].flatMap((id) => open.get(id) ?? latest(id) ?? []),
        refusals: refusals.flatMap(({ entry }) => (entry.kind === 'refusal' ? [entry.refusal] : [])),
        openMails,
        openEvents: [...events.values()].map(({ entry }) => entry.event),
      };
    },
    forgetWhatIsOver: (history: HistoryFile): void => {
      const kept = [
        ...writes,
        ...[...mails.values()].map((mail) => (isOpen(mail.entry.record.id) ? mail : { ...mail, bytes: noBytes })),
        ...records.values(),
        ...refusals,
        ...events.values(),
        ...logEntries(),
      ];
      // Whether bytes are still needed shows only in the sum: a mail that is over lives in S3, if anywhere.
      const keptBytes = kept.reduce((sum, { sizeBytes, bytes }) => sum + (bytes === noBytes ? 0 : sizeBytes), 0);
      if (totalBytes - keptBytes > Math.max(keptBytes / 2, WORTH_REWRITING_BYTES)) history.rewrite(kept);
    },
  };
}

const WORTH_REWRITING_BYTES = 16 * 1024 * 1024;
const noBytes = (): Buffer => Buffer.alloc(0);
