import { lambdaEvent } from './mail-event.ts';
import type { Ends } from './mail-journal.ts';
import { withHeaders } from './mail-message.ts';
import { dispositionOf } from './ses-evaluate.ts';
import { objectKey } from './ses-object-key.ts';
import { actingFor, writerOf, type Targets } from './ses-targets.ts';
import type { BounceAction, ReceiptAction, ReceiptRule, RuleHome, S3Action, LambdaAction } from './ses-types.ts';

/** A mail on its way through a rule set; `raw` grows by the headers that actions add. */
export type Passage = {
  readonly id: string;
  readonly home: RuleHome;
  readonly ruleSet: string;
  readonly from: string;
  readonly receivedAtMs: number;
  raw: Uint8Array;
};

/** How one try of an action went. A failure is worth another try; `ends` is how much of the evaluation it ends. */
export type ActionResult =
  | {
      readonly kind: 'done';
      readonly detail: string;
      readonly ends: Ends;
      readonly key?: string;
      readonly requestId?: string;
      readonly disposition?: string;
      readonly reply?: string;
    }
  | { readonly kind: 'failed'; readonly detail: string };

const SYNC_LIMIT_SECONDS = 30;

/** Runs one action once. `recipients` are the envelope recipients the rule captured. */
export async function runAction(
  targets: Targets,
  passage: Passage,
  rule: ReceiptRule,
  recipients: readonly string[],
  { kind, action }: ReceiptAction,
  nowMs: number,
): Promise<ActionResult> {
  switch (kind) {
    case 'S3Action':
      return store(targets, passage, rule, action);
    case 'LambdaAction':
      return invoke(targets, passage, rule, recipients, action, nowMs);
    case 'AddHeaderAction':
      passage.raw = withHeaders(passage.raw, [`${action.HeaderName}: ${action.HeaderValue}`]);
      return done(`added ${action.HeaderName}`);
    case 'StopAction':
      return { ...done('the rule set ends here'), ends: 'ruleSet' };
    case 'BounceAction':
      return bounce(passage, action);
    case 'SNSAction':
      return done('published to nobody: the sandbox has no SNS');
    case 'WorkmailAction':
      return done('delivered to nobody: the sandbox has no WorkMail');
    case 'ConnectAction':
      return done('delivered to nobody: the sandbox has no Amazon Connect');
  }
}

/** What an action aims at, for people. */
export function targetOf({ kind, action }: ReceiptAction): string {
  switch (kind) {
    case 'S3Action':
      return `s3://${action.BucketName}/${action.ObjectKeyPrefix ?? ''}`;
    case 'LambdaAction':
      return action.FunctionArn;
    case 'AddHeaderAction':
      return action.HeaderName;
    case 'StopAction':
      return action.Scope;
    case 'BounceAction':
      return action.Sender;
    case 'SNSAction':
      return action.TopicArn;
    case 'WorkmailAction':
      return action.OrganizationArn;
    case 'ConnectAction':
      return action.InstanceARN;
  }
}

function store({ s3, iam }: Targets, passage: Passage, rule: ReceiptRule, action: S3Action): ActionResult {
  const ses = actingFor(passage.home, passage.ruleSet, rule.name);
  if (action.IamRoleArn !== undefined && !iam.assumableBy(action.IamRoleArn, 'ses.amazonaws.com')) {
    return { kind: 'failed', detail: `SES cannot assume ${action.IamRoleArn}` };
  }
  const key = objectKey(action.ObjectKeyPrefix, passage.id);
  const written = s3.putAs(writerOf(action, passage.home, ses), action.BucketName, key, passage.raw);
  if (!written.ok) return { kind: 'failed', detail: `${written.reason}: ${written.why}` };
  return { ...done(`stored ${passage.raw.byteLength} bytes as ${key}`), key };
}

async function invoke(
  { lambda }: Targets,
  passage: Passage,
  rule: ReceiptRule,
  recipients: readonly string[],
  action: LambdaAction,
  nowMs: number,
): Promise<ActionResult> {
  const { FunctionArn: functionArn, InvocationType: invocationType } = action;
  if (!lambda.functionExists(functionArn)) return { kind: 'failed', detail: `${functionArn} does not exist` };
  if (!lambda.invokableBy(actingFor(passage.home, passage.ruleSet, rule.name), functionArn)) {
    return { kind: 'failed', detail: `${functionArn} does not permit ses.amazonaws.com to invoke it for this rule` };
  }
  const event = lambdaEvent({
    messageId: passage.id,
    from: passage.from,
    raw: passage.raw,
    receivedAtMs: passage.receivedAtMs,
    nowMs,
    recipients,
    scanEnabled: rule.scanEnabled,
    action: { functionArn, invocationType },
  });
  const invocation = lambda.invoke(functionArn, event, invocationType);
  const answer = await inTime(invocation).catch((error: unknown) => String(error));
  if (typeof answer === 'string') return { kind: 'failed', detail: answer };
  if (answer === undefined) return done(`no answer within ${SYNC_LIMIT_SECONDS} seconds: goes on`);
  const { requestId } = answer;
  if (invocationType === 'Event') return { ...done('queued'), requestId };
  if (answer.functionError !== undefined) {
    return { ...done(`the function failed: ${answer.payload}`), requestId, disposition: 'CONTINUE' };
  }
  const disposition = dispositionOf(answer.payload);
  const ends = { CONTINUE: 'nothing', STOP_RULE: 'rule', STOP_RULE_SET: 'ruleSet' } as const;
  return { kind: 'done', detail: `answered ${disposition}`, ends: ends[disposition], requestId, disposition };
}

/** A mail without a sender is a bounce itself, and a bounce is never answered (RFC 5321 6.1). */
function bounce({ from }: Passage, action: BounceAction): ActionResult {
  const { SmtpReplyCode: code, StatusCode: status, Message: message } = action;
  const reply = [code, ...(status === undefined ? [] : [status]), message].join(' ');
  if (from === '') return { ...done('no sender to tell'), reply };
  return { ...done(`recorded, not sent: ${action.Sender} would tell <${from}>`), reply };
}

/** SES waits 30 seconds for a RequestResponse function, whatever the function's own timeout. Real time: it really runs. */
async function inTime<Value>(value: Promise<Value>): Promise<Value | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), SYNC_LIMIT_SECONDS * 1000);
  return Promise.race([value, promise]).finally(() => clearTimeout(timer));
}

function done(detail: string): { readonly kind: 'done'; readonly detail: string; readonly ends: 'nothing' } {
  return { kind: 'done', detail, ends: 'nothing' };
}
