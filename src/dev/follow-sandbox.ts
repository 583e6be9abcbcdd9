import type { DevEvent } from '../cli/dev-events.ts';
import type { JournalNews, MailRecord } from '../sandbox/mail-journal.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';

type Followed = {
  readonly ses: { readonly journal: Pick<Sandbox['ses']['journal'], 'follow'> };
  readonly lambda: { readonly logs: Pick<Sandbox['lambda']['logs'], 'follow'> };
};

/** Tells of each mail when it comes in and when it is over, and each line of a log as it is written. Returns how to stop. */
export function followSandbox(sandbox: Followed, tell: (event: DevEvent) => void, now: () => string): () => void {
  const known = new Set<string>();
  const onNews = (news: JournalNews): void => {
    if (news.kind === 'refusal') {
      const { at, from, recipient, why } = news.refusal;
      tell({ kind: 'refused', at, from, recipient, why });
      return;
    }
    const { record } = news;
    if (!known.has(record.id)) tell(cameIn(record));
    known.add(record.id);
    if (record.state === 'waitingForRetry') tell(waits(record, now()));
    if (record.state !== 'done') return;
    tell(isOver(record, now()));
    known.delete(record.id);
  };
  const stops = [
    sandbox.ses.journal.follow(onNews),
    sandbox.lambda.logs.follow(({ at, functionName, mailId, requestId, source, text }) =>
      tell({
        kind: 'log',
        at,
        functionName,
        ...(mailId === undefined ? {} : { mailId }),
        ...(requestId === undefined ? {} : { requestId }),
        source,
        text,
      }),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function cameIn({ id, account, region, receivedAt, envelope, subject }: MailRecord): DevEvent {
  return {
    kind: 'mail',
    at: receivedAt,
    id,
    account,
    region,
    ...envelope,
    ...(subject === undefined ? {} : { subject }),
  };
}

function waits({ id, rules }: MailRecord, at: string): DevEvent {
  const [failed] = rules.flatMap(({ name, actions }) =>
    actions
      .filter(({ outcome }) => outcome === 'retrying')
      .map(({ kind, attempts }) => ({ rule: name, detail: `${kind}: ${attempts.at(-1)?.detail ?? 'it failed'}` })),
  );
  return { kind: 'mailWaits', at, id, rule: failed?.rule ?? '-', detail: failed?.detail ?? 'an action failed' };
}

function isOver({ id, rules, stoppedBy, bug }: MailRecord, at: string): DevEvent {
  const actions = rules.flatMap(({ name, actions }) =>
    actions.map(({ kind, outcome, attempts }) => ({
      rule: name,
      outcome,
      detail: `${kind}: ${attempts.at(-1)?.detail ?? outcome}`,
    })),
  );
  const broken = bug === undefined ? [] : [{ rule: '-', outcome: 'failed', detail: `a bug of the sandbox: ${bug}` }];
  return {
    kind: 'mailDone',
    at,
    id,
    actions: [...actions, ...broken],
    ...(stoppedBy === undefined ? {} : { stoppedBy }),
  };
}
