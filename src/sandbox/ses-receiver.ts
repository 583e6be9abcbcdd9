import type { ActionRecord, Arrival, Ends, Journal, MailRecord, RuleRecord } from './mail-journal.ts';
import { commonHeaders, parseHeaders } from './mail-headers.ts';
import { withTrace, type IncomingMail } from './mail-message.ts';
import type { Work } from './mail-work.ts';
import { runAction, targetOf, type ActionResult, type Passage } from './ses-actions.ts';
import { judge } from './ses-evaluate.ts';
import type { Targets } from './ses-targets.ts';
import type { ReceiptAction, ReceiptRule, RuleHome, RuleSet } from './ses-types.ts';
import type { Clock, Ids } from './service.ts';

export type ReceiverDeps = {
  readonly targets: Targets;
  readonly journal: Journal;
  readonly work: Work;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Aborted when the sandbox stops: whatever still waits for a retry is left as it is. */
  readonly signal: AbortSignal;
};

const MINUTE_MS = 60_000;
/** SES retries an action for up to four hours, then gives it up. */
const RETRY_DELAYS_MS = [1, 5, 15, 60, 159].map((minutes) => minutes * MINUTE_MS);

/**
 * Takes a mail into one rule set as it stands now: later changes of the rules do not reach it. Returns its record at
 * once; the actions run behind. A failing action holds up those after it until a retry succeeds or it is given up, so a
 * function never runs ahead of the S3 action before it.
 *
 * @throws when the mail cannot be kept; nobody may be told then that it was taken
 */
export function takeIn(deps: ReceiverDeps, home: RuleHome, ruleSet: RuleSet, mail: IncomingMail): MailRecord {
  const id = messageId(deps.ids);
  const atMs = deps.clock.now();
  const raw = withTrace(mail, { id, region: home.region, atMs });
  const { subject } = commonHeaders(parseHeaders(raw));
  const { from, recipients, tls } = mail;
  const arrival: Arrival = { home, ruleSet, from, recipients, tls, receivedAtMs: atMs, raw };
  const record = deps.journal.open(
    {
      id,
      account: home.account,
      region: home.region,
      ruleSet: ruleSet.name,
      receivedAt: new Date(atMs).toISOString(),
      envelope: { from, recipients: [...recipients] },
      clientAddress: mail.clientAddress,
      tls,
      sizeBytes: raw.byteLength,
      ...(subject === undefined ? {} : { subject }),
      state: 'processing',
      rules: ruleSet.rules.map(({ name }) => ({ name, outcome: 'notReached', why: '', matches: {}, actions: [] })),
    },
    arrival,
  );
  processMail(deps, arrival, record);
  return record;
}

/** Runs what a mail's record shows to be still open: all of it for a new one, the rest after a restart. */
export function processMail(deps: ReceiverDeps, arrival: Arrival, record: MailRecord): void {
  deps.work.start(async () => {
    try {
      if ((await passThrough(deps, arrival, record)) === 'stopped') return;
    } catch (error) {
      record.bug = String(error);
    }
    record.state = 'done';
    deps.journal.changed(record);
  });
}

/** What an action leads to; `stopped` when the sandbox ends before it is over. */
type Outcome = Ends | 'stopped';

async function passThrough(deps: ReceiverDeps, arrival: Arrival, record: MailRecord): Promise<'done' | 'stopped'> {
  const { home, ruleSet, from, receivedAtMs, raw } = arrival;
  const passage: Passage = { id: record.id, home, ruleSet: ruleSet.name, from, receivedAtMs, raw };
  for (const [index, rule] of ruleSet.rules.entries()) {
    const entry = record.rules[index];
    if (entry === undefined) continue;
    if (entry.outcome === 'notReached') Object.assign(entry, judged(rule, arrival));
    if (entry.actions.length === 0) continue; // it captured nothing, or has nothing to do
    const outcome = await runRule(deps, passage, rule, entry, record);
    if (outcome === 'stopped') return 'stopped';
    if (outcome !== 'ruleSet') continue;
    record.stoppedBy = `rule ${rule.name}`;
    for (const rest of record.rules.slice(index + 1)) rest.why = `the rule ${rule.name} ended the evaluation`;
    return 'done';
  }
  return 'done';
}

function judged(rule: ReceiptRule, arrival: Arrival): Omit<RuleRecord, 'name'> {
  const verdict = judge(rule, arrival);
  return { ...verdict, actions: verdict.outcome === 'matched' ? rule.actions.map(newActionRecord) : [] };
}

/** Runs the actions in their order; returns how much of the evaluation they ended. */
async function runRule(
  deps: ReceiverDeps,
  passage: Passage,
  rule: ReceiptRule,
  entry: RuleRecord,
  record: MailRecord,
): Promise<Outcome> {
  for (const [index, action] of rule.actions.entries()) {
    const actionRecord = entry.actions[index];
    if (actionRecord === undefined) continue;
    const attempt = (): Promise<ActionResult> =>
      runAction(deps.targets, passage, rule, Object.keys(entry.matches), action, deps.clock.now());
    if (actionRecord.outcome === 'done' && action.kind === 'AddHeaderAction') await attempt(); // on the message only
    const outcome = isOver(actionRecord)
      ? (actionRecord.ends ?? 'nothing')
      : await runUntilOver(deps, record, actionRecord, attempt);
    if (outcome === 'nothing') continue;
    if (outcome === 'stopped') return outcome;
    for (const rest of entry.actions.slice(index + 1)) rest.outcome = 'notReached';
    return outcome;
  }
  return 'nothing';
}

const isOver = ({ outcome }: ActionRecord): boolean => outcome === 'done' || outcome === 'expired';

async function runUntilOver(
  { work, clock, signal, journal }: ReceiverDeps,
  record: MailRecord,
  action: ActionRecord,
  attempt: () => Promise<ActionResult>,
): Promise<Outcome> {
  for (;;) {
    const last = action.attempts.at(-1);
    if (last !== undefined) {
      const delayMs = RETRY_DELAYS_MS[action.attempts.length - 1];
      if (delayMs === undefined) break;
      action.outcome = 'retrying';
      record.state = 'waitingForRetry';
      journal.changed(record);
      await work.sleep(Math.max(0, Date.parse(last.at) + delayMs - clock.now()), signal);
      if (signal.aborted) return 'stopped';
      record.state = 'processing';
    }
    const result = await attempt();
    const at = new Date(clock.now()).toISOString();
    action.attempts.push({ at, ok: result.kind === 'done', detail: result.detail });
    if (result.kind === 'failed') {
      if (signal.aborted) return 'stopped';
      continue;
    }
    const { key, requestId, disposition, reply, ends } = result;
    const of = { key, requestId, disposition, reply, ends: ends === 'nothing' ? undefined : ends };
    Object.assign(action, { outcome: 'done' }, defined(of));
    journal.changed(record);
    return ends;
  }
  action.outcome = 'expired';
  journal.changed(record);
  return 'nothing';
}

function newActionRecord(action: ReceiptAction): ActionRecord {
  return { kind: action.kind, target: targetOf(action), outcome: 'pending', attempts: [] };
}

function defined(members: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** Forty of the characters 0-9 and a-v, as in SES's own ids. */
function messageId(ids: Ids): string {
  return BigInt(`0x${ids.hex(50)}`)
    .toString(32)
    .padStart(40, '0');
}
