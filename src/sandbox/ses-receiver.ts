import type { ActionRecord, Journal, MailRecord, RuleRecord } from './mail-journal.ts';
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
  /** Aborted when the sandbox stops: whatever still waits for a retry is given up. */
  readonly signal: AbortSignal;
};

const MINUTE_MS = 60_000;
/** SES retries an action for up to four hours, then gives it up. */
const RETRY_DELAYS_MS = [1, 5, 15, 60, 159].map((minutes) => minutes * MINUTE_MS);

/**
 * Takes a mail into one rule set as it stands now: later changes of the rules do not reach it. Returns its record at
 * once; the actions run behind. A failing action holds up those after it until a retry succeeds or it is given up, so a
 * function never runs ahead of the S3 action before it.
 */
export function takeIn(deps: ReceiverDeps, home: RuleHome, ruleSet: RuleSet, mail: IncomingMail): MailRecord {
  const id = messageId(deps.ids);
  const atMs = deps.clock.now();
  const raw = withTrace(mail, { id, region: home.region, atMs });
  const { subject } = commonHeaders(parseHeaders(raw));
  const record = deps.journal.open({
    id,
    region: home.region,
    ruleSet: ruleSet.name,
    receivedAt: new Date(atMs).toISOString(),
    envelope: { from: mail.from, recipients: [...mail.recipients] },
    clientAddress: mail.clientAddress,
    tls: mail.tls,
    sizeBytes: raw.byteLength,
    ...(subject === undefined ? {} : { subject }),
    state: 'processing',
    rules: ruleSet.rules.map(({ name }) => ({ name, outcome: 'notReached', matches: {}, actions: [] })),
  });
  const passage: Passage = { id, home, ruleSet: ruleSet.name, from: mail.from, receivedAtMs: atMs, raw };
  deps.work.start(async () => {
    try {
      await passThrough(deps, passage, ruleSet, mail, record);
    } catch (error) {
      record.bug = String(error);
    } finally {
      record.state = 'done';
    }
  });
  return record;
}

async function passThrough(
  deps: ReceiverDeps,
  passage: Passage,
  ruleSet: RuleSet,
  mail: IncomingMail,
  record: MailRecord,
): Promise<void> {
  for (const [index, rule] of ruleSet.rules.entries()) {
    const entry = record.rules[index];
    if (entry === undefined) continue;
    Object.assign(entry, judge(rule, mail));
    if (entry.outcome !== 'matched') continue;
    entry.actions = rule.actions.map(newActionRecord);
    if ((await runRule(deps, passage, rule, entry, record)) !== 'ruleSet') continue;
    record.stoppedBy = `rule ${rule.name}`;
    return;
  }
}

/** Runs the actions in their order; returns how much of the evaluation they ended. */
async function runRule(
  deps: ReceiverDeps,
  passage: Passage,
  rule: ReceiptRule,
  entry: RuleRecord,
  record: MailRecord,
): Promise<'nothing' | 'rule' | 'ruleSet'> {
  for (const [index, action] of rule.actions.entries()) {
    const actionRecord = entry.actions[index];
    if (actionRecord === undefined) continue;
    const ends = await runUntilDone(deps, record, actionRecord, () =>
      runAction(deps.targets, passage, rule, Object.keys(entry.matches), action, deps.clock.now()),
    );
    if (ends === 'nothing') continue;
    for (const rest of entry.actions.slice(index + 1)) rest.outcome = 'notReached';
    return ends;
  }
  return 'nothing';
}

async function runUntilDone(
  { work, clock, signal }: ReceiverDeps,
  record: MailRecord,
  action: ActionRecord,
  attempt: () => Promise<ActionResult>,
): Promise<'nothing' | 'rule' | 'ruleSet'> {
  for (const delayMs of [...RETRY_DELAYS_MS, undefined]) {
    const result = await attempt();
    action.attempts.push({
      at: new Date(clock.now()).toISOString(),
      ok: result.kind === 'done',
      detail: result.detail,
    });
    if (result.kind === 'done') {
      const { key, requestId, disposition } = result;
      Object.assign(action, { outcome: 'done' }, defined({ key, requestId, disposition }));
      return result.ends;
    }
    if (delayMs === undefined) break;
    action.outcome = 'retrying';
    record.state = 'waitingForRetry';
    await work.sleep(delayMs, signal);
    record.state = 'processing';
    if (signal.aborted) return 'ruleSet';
  }
  action.outcome = 'expired';
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
