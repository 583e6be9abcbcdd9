import { deadlineOf, type LambdaContext } from './deadline.ts';
import { discover, type Discovery } from './discovery.ts';
import { type Disposition, dispositionOf, strongest } from './disposition.ts';
import { log, type Logger } from './log.ts';
import { messageOf, type SesMessage } from './message.ts';
import { createOnce, type Once } from './once.ts';
import { type InvocationType, parseSesEvent, type SesRecord } from './ses-event.ts';

/** What else a handler may use. */
export type SesContext = {
  /** What the pipeline consists of. @throws {Error} when it is looked at outside a pipeline's function */
  readonly discovery: Discovery;
  /** Each line carries the ids of the message and of the request. */
  readonly log: Logger;
  /** Aborts shortly before Lambda, or SES that waits for a disposition, gives up: pass it on to whatever takes time. */
  readonly signal: AbortSignal;
  /** What Lambda gave the handler. */
  readonly lambda: LambdaContext;
};

type Options<MessageAnswer, ErrorAnswer> = {
  readonly onMessage: (message: SesMessage, context: SesContext) => MessageAnswer;
  /** Decides about a message whose `onMessage` failed, after the failure was logged. */
  readonly onError?: (error: unknown, message: SesMessage, context: SesContext) => Promise<ErrorAnswer>;
  /**
   * A message with the same key is handled once by a warm instance. The message id when this is left out: a mail that
   * several rules match is handled for the first of them. Undefined: it is always handled.
   */
  readonly idempotencyKey?: (message: SesMessage) => string | undefined;
};

/**
 * For rules that only hand the message over. `onMessage` answers nothing; `onError` says `RETRY`, which is what happens
 * without it, or `DROP`.
 */
export type EventHandlerOptions = Options<void | Promise<void>, 'RETRY' | 'DROP'> & {
  readonly invocationType?: 'Event';
};

/**
 * For rules that wait for a {@link Disposition}. Without `onError` a failed message fails the invocation, and SES goes
 * on as with `CONTINUE`.
 */
export type RequestResponseHandlerOptions = Options<Promise<Disposition>, Disposition> & {
  readonly invocationType: 'RequestResponse';
};

/** A function's handler. Lambda gives both arguments; a test may leave the second out. */
export type SesHandler<Answer> = (event: unknown, context?: LambdaContext) => Promise<Answer>;

/** Some 100 bytes each. */
const REMEMBERED_MESSAGES = 1_000;
/** However long the function itself may take. */
const SES_WAITS_MS = 30_000;

/**
 * A Lambda handler that calls `onMessage` for each message of an SES event.
 *
 * - `Event`: every message is tried. When one failed the invocation fails and Lambda tries it again; what succeeded is
 *   left out then, if the same instance gets it. That saves work and guarantees nothing, because instances share no
 *   memory: what must not happen twice needs a record kept elsewhere.
 * - `RequestResponse`: what `onMessage` answers is passed on to SES, the strongest of several.
 */
// TypeScript takes `async () => 'STOP_RULE'` for a promise of any string unless it meets `Promise<Disposition>` first and
// bare: so this overload comes first, and its answers are promises only.
export function sesHandler(options: RequestResponseHandlerOptions): SesHandler<{ readonly disposition: Disposition }>;
export function sesHandler(options: EventHandlerOptions): SesHandler<void>;
export function sesHandler(options: EventHandlerOptions | RequestResponseHandlerOptions): SesHandler<unknown> {
  const { invocationType = 'Event' } = options;
  const work: Work = { ...options, invocationType, once: createOnce(REMEMBERED_MESSAGES) };

  return async (event, lambda = {}) => {
    const { Records: records } = parseSesEvent(event);
    const { signal, clear } = deadlineOf(lambda, invocationType === 'Event' ? undefined : SES_WAITS_MS);
    const results: Result[] = [];
    try {
      for (const record of records) results.push(await handleRecord(record, work, lambda, signal));
    } finally {
      clear();
    }
    const failures = results.flatMap((result) => (result.kind === 'failed' ? [result.error] : []));
    if (failures.length > 0) throw oneError(failures, records.length);
    if (invocationType === 'Event') return undefined;
    return { disposition: strongest(results.flatMap((result) => (result.kind === 'answered' ? [result.with] : []))) };
  };
}

/** The options with what the types say about answers left out: those are checked when they come. */
type Work = {
  readonly invocationType: InvocationType;
  readonly onMessage: (message: SesMessage, context: SesContext) => unknown;
  readonly onError?: (error: unknown, message: SesMessage, context: SesContext) => unknown;
  readonly idempotencyKey?: (message: SesMessage) => string | undefined;
  readonly once: Once<Result>;
};

type Result =
  | { readonly kind: 'done' }
  | { readonly kind: 'answered'; readonly with: Disposition }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Never throws: the other messages of the event have their turn whatever happens to this one. */
async function handleRecord(
  record: SesRecord,
  work: Work,
  lambda: LambdaContext,
  signal: AbortSignal,
): Promise<Result> {
  const message = messageOf(record, discover, signal);
  const ids = { messageId: message.messageId, requestId: lambda.awsRequestId };
  const context: SesContext = {
    get discovery() {
      return discover();
    },
    log: log.child(ids),
    signal,
    lambda,
  };
  const onAbort = (): void => context.log.warn('The time of this invocation is nearly over; this message is not done');
  warnOfMismatch(record, work, context.log);
  try {
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort);
    const { idempotencyKey = byMessageId } = work;
    const { answer, repeated } = await work.once(idempotencyKey(message), async () =>
      resultOf(await work.onMessage(message, context), 'onMessage', work),
    );
    if (repeated) context.log.info('This instance has handled the message already; it is left out');
    return answer;
  } catch (error) {
    context.log.error('The message failed', { error, stack: error instanceof Error ? error.stack : undefined });
    return await afterFailure(error, message, context, work);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function afterFailure(error: unknown, message: SesMessage, context: SesContext, work: Work): Promise<Result> {
  if (work.onError === undefined) return { kind: 'failed', error };
  try {
    const answer = await work.onError(error, message, context);
    if (work.invocationType === 'RequestResponse') return resultOf(answer, 'onError', work);
    return answer === 'DROP' ? { kind: 'done' } : { kind: 'failed', error };
  } catch (second) {
    context.log.error('onError failed too', { error: second });
    return { kind: 'failed', error };
  }
}

function resultOf(answer: unknown, whose: string, { invocationType }: Work): Result {
  return invocationType === 'Event' ? { kind: 'done' } : { kind: 'answered', with: dispositionOf(answer, whose) };
}

const byMessageId = ({ messageId }: SesMessage): string => messageId;

function warnOfMismatch({ ses }: SesRecord, { invocationType }: Work, log: Logger): void {
  const actual = ses.receipt.action?.invocationType;
  if (actual === undefined || actual === invocationType) return;
  const consequence =
    actual === 'Event'
      ? 'SES does not wait for its disposition'
      : 'SES goes on after a failure, and nobody tries again';
  log.warn(`The rule invokes as ${actual} a handler made for ${invocationType}: ${consequence}`);
}

/** One failure speaks for itself; SES sends one record an event. */
function oneError(failures: readonly unknown[], total: number): unknown {
  if (failures.length === 1) return failures[0];
  return new AggregateError(
    failures,
    `${failures.length} of ${total} messages failed: ${failures.map(String).join('; ')}`,
  );
}
