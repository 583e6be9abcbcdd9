import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import {
  type Disposition,
  type SesEvent,
  sesHandler,
  type SesHandler,
  testEvent,
  type TestEventOptions,
} from '../../src/lambda/index.ts';

const RAW = 'From: Jane <jane@example.com>\r\nTo: info@example.org\r\nSubject: hello\r\n\r\nHi.\r\n';

let lines: { readonly level: string; readonly msg: string; readonly [field: string]: unknown }[] = [];
beforeEach(() => {
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(JSON.parse(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

const eventOf = (...messages: readonly TestEventOptions[]): SesEvent => ({
  Records: messages.flatMap((overrides) => testEvent(RAW, overrides).Records),
});
const called = (invocationType: 'Event' | 'RequestResponse') => ({ action: { invocationType } });
const messagesAt = (level: string): string[] => lines.filter((line) => line.level === level).map(({ msg }) => msg);

describe('a handler for Event', () => {
  test('calls onMessage for each record, in their order', async () => {
    const seen: string[] = [];
    const handler = sesHandler({ onMessage: ({ messageId }) => void seen.push(messageId) });

    await handler(eventOf({ messageId: 'a' }, { messageId: 'b' }));

    expect(seen).toEqual(['a', 'b']);
  });

  test('tries every record and fails with the error of the one that failed', async () => {
    const seen: string[] = [];
    const broken = new TypeError('broken');
    const handler = sesHandler({
      onMessage: ({ messageId }) => {
        seen.push(messageId);
        if (messageId === 'b') throw broken;
      },
    });

    await expect(handler(eventOf({ messageId: 'a' }, { messageId: 'b' }, { messageId: 'c' }))).rejects.toBe(broken);

    expect(seen).toEqual(['a', 'b', 'c']);
    expect(lines).toMatchObject([
      { level: 'error', msg: 'The message failed', messageId: 'b', error: 'TypeError: broken' },
    ]);
  });

  test('gathers the errors of several records into one', async () => {
    const handler = sesHandler({ onMessage: ({ messageId }) => Promise.reject(new Error(messageId)) });

    await expect(handler(eventOf({ messageId: 'a' }, { messageId: 'b' }))).rejects.toMatchObject({
      name: 'AggregateError',
      message: '2 of 2 messages failed: Error: a; Error: b',
      errors: [{ message: 'a' }, { message: 'b' }],
    });
  });

  test('leaves out what succeeded when Lambda tries again', async () => {
    const seen: string[] = [];
    let failing = true;
    const handler = sesHandler({
      onMessage: ({ messageId }) => {
        seen.push(messageId);
        if (failing && messageId === 'b') throw new Error('not yet');
      },
    });
    const event = eventOf({ messageId: 'a' }, { messageId: 'b' });
    await expect(handler(event)).rejects.toThrow('not yet');
    failing = false;

    await handler(event);

    expect(seen).toEqual(['a', 'b', 'b']);
    expect(messagesAt('info')).toEqual(['This instance has handled the message already; it is left out']);
  });

  test('fails on an event of somebody else, so that Lambda tries again', async () => {
    const handler = sesHandler({ onMessage: () => {} });

    await expect(handler({ Records: [{ eventSource: 'aws:s3' }] })).rejects.toThrow('This is not an SES event');
  });

  test('warns when the rule waits for an answer', async () => {
    await sesHandler({ onMessage: () => {} })(eventOf(called('RequestResponse')));

    expect(messagesAt('warn')).toEqual([
      'The rule invokes as RequestResponse a handler made for Event: SES goes on after a failure, and nobody tries again',
    ]);
  });
});

describe('a message that several rules match', () => {
  const rules = [
    { messageId: 'm', recipients: ['a@example.org'] },
    { messageId: 'm', recipients: ['b@example.org'] },
  ];

  test('is handled once', async () => {
    const onMessage = vi.fn<() => void>();
    const handler = sesHandler({ onMessage });

    for (const rule of rules) await handler(eventOf(rule));

    expect(onMessage).toHaveBeenCalledTimes(1);
  });

  test('is handled once when both invocations run at the same time', async () => {
    const gate = Promise.withResolvers<void>();
    const onMessage = vi.fn<() => Promise<void>>(() => gate.promise);
    const handler = sesHandler({ onMessage });

    const both = rules.map((rule) => handler(eventOf(rule)));
    gate.resolve();
    await Promise.all(both);

    expect(onMessage).toHaveBeenCalledTimes(1);
  });

  test('is tried again by who waited for a failure', async () => {
    let calls = 0;
    const handler = sesHandler({
      onMessage: async () => {
        calls += 1;
        if (calls === 1) throw new Error('first');
      },
    });

    const results = await Promise.allSettled(rules.map((rule) => handler(eventOf(rule))));

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  test.each([
    [
      'once for each list of recipients',
      ({ receipt }: { receipt: { recipients: readonly string[] } }) => receipt.recipients.join(' '),
    ],
    ['always without a key', () => undefined],
  ])('is handled as the key says: %s', async (_name, idempotencyKey) => {
    const onMessage = vi.fn<() => void>();
    const handler = sesHandler({ onMessage, idempotencyKey });

    for (const rule of rules) await handler(eventOf(rule));

    expect(onMessage).toHaveBeenCalledTimes(2);
  });

  test('gets the answer that was given first', async () => {
    const answers: Disposition[] = ['STOP_RULE', 'CONTINUE'];
    const handler = sesHandler({
      invocationType: 'RequestResponse',
      onMessage: async () => answers.shift() ?? 'CONTINUE',
    });

    const dispositions = [];
    for (const rule of rules) dispositions.push(await handler(eventOf({ ...rule, ...called('RequestResponse') })));

    expect(dispositions).toEqual([{ disposition: 'STOP_RULE' }, { disposition: 'STOP_RULE' }]);
  });
});

describe('a handler for RequestResponse', () => {
  const DISPOSITIONS: Disposition[] = ['CONTINUE', 'STOP_RULE', 'STOP_RULE_SET'];

  test('answers the strongest disposition, whatever their order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...DISPOSITIONS), { maxLength: 5 }), async (wanted) => {
        const left = [...wanted];
        const handler = sesHandler({
          invocationType: 'RequestResponse',
          onMessage: async () => left.shift() ?? 'CONTINUE',
        });

        const answer = await handler(eventOf(...wanted.map(() => called('RequestResponse'))));

        const strength = Math.max(0, ...wanted.map((disposition) => DISPOSITIONS.indexOf(disposition)));
        expect(answer).toEqual({ disposition: DISPOSITIONS[strength] });
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    ['a word that SES does not know', 'stop_rule', 'onMessage answered "stop_rule"'],
    ['nothing', undefined, 'onMessage answered undefined'],
  ])('fails with %s, which SES would take for CONTINUE', async (_name, answer, words) => {
    const handler = sesHandler({ invocationType: 'RequestResponse', onMessage: async () => answer as Disposition });

    await expect(handler(eventOf(called('RequestResponse')))).rejects.toThrow(words);
  });

  test('warns when nobody waits for its answer', async () => {
    await sesHandler({ invocationType: 'RequestResponse', onMessage: async () => 'STOP_RULE' })(
      eventOf(called('Event')),
    );

    expect(messagesAt('warn')).toEqual([
      'The rule invokes as Event a handler made for RequestResponse: SES does not wait for its disposition',
    ]);
  });
});

describe('onError', () => {
  const failing = () => Promise.reject(new Error('broken'));

  test('is told the error and the message, after the failure was logged', async () => {
    const told: unknown[] = [];
    const handler = sesHandler({
      onMessage: failing,
      onError: (error, { messageId }) => {
        told.push(error, messageId, messagesAt('error'));
        return Promise.resolve('DROP');
      },
    });

    await handler(eventOf({ messageId: 'm' }));

    expect(told).toEqual([new Error('broken'), 'm', ['The message failed']]);
  });

  test('makes Lambda try again by RETRY', async () => {
    const handler = sesHandler({ onMessage: failing, onError: async () => 'RETRY' });

    await expect(handler(eventOf({}))).rejects.toThrow('broken');
  });

  test('decides what SES does next', async () => {
    const handler = sesHandler({
      invocationType: 'RequestResponse',
      onMessage: failing,
      onError: async () => 'STOP_RULE_SET',
    });

    expect(await handler(eventOf(called('RequestResponse')))).toEqual({ disposition: 'STOP_RULE_SET' });
  });

  test('does not hide the first error when it fails itself', async () => {
    const handler = sesHandler({
      onMessage: failing,
      onError: () => {
        throw new Error('second');
      },
    });

    await expect(handler(eventOf({}))).rejects.toThrow('broken');
    expect(lines.map(({ error }) => error)).toEqual(['Error: broken', 'Error: second']);
  });
});

describe('the context', () => {
  test('logs with the ids of message and request', async () => {
    const handler = sesHandler({ onMessage: (_message, { log }) => log.child({ part: 1 }).info('seen', { size: 2 }) });

    await handler(eventOf({ messageId: 'm' }), { awsRequestId: 'r' });

    expect(lines).toEqual([{ level: 'info', msg: 'seen', messageId: 'm', requestId: 'r', part: 1, size: 2 }]);
  });

  test('has the discovery, which is asked for only when it is looked at', async () => {
    const seen: unknown[] = [];
    const handler = sesHandler({ onMessage: (_message, { discovery }) => void seen.push(discovery) });

    await expect(handler(eventOf({}))).rejects.toThrow('SES_LAMBDA_PIPELINE_DISCOVERY is not set');
    vi.stubEnv('SES_LAMBDA_PIPELINE_DISCOVERY', Buffer.from('{"handlerFunc":"index.handler"}').toString('base64'));
    await handler(eventOf({}));

    expect(seen).toEqual([{ handlerFunc: 'index.handler' }]);
  });

  const onceAborted = (signal: AbortSignal): Promise<never> =>
    new Promise((_done, fail) => {
      signal.addEventListener('abort', () => fail(signal.reason as Error));
    });

  test.each([
    ['half a second before the deadline', 'Event', 10_000, 9_500],
    ['a tenth before a deadline that is near', 'Event', 1_000, 900],
    ['before SES gives up, though Lambda would not', 'RequestResponse', 60_000, 29_500],
  ] as const)('aborts %s', async (_name, invocationType, remainingMs, abortsAfterMs) => {
    vi.useFakeTimers();
    const onMessage = (_message: unknown, { signal }: { signal: AbortSignal }) => onceAborted(signal);
    const handler = invocationType === 'Event' ? sesHandler({ onMessage }) : sesHandler({ invocationType, onMessage });
    const run = handler(eventOf(called(invocationType)), { getRemainingTimeInMillis: () => remainingMs });
    let ended = false;
    const outcome = run.catch((error: unknown) => error).finally(() => (ended = true));

    await vi.advanceTimersByTimeAsync(abortsAfterMs - 1);
    expect(ended).toBe(false);
    await vi.advanceTimersByTimeAsync(1);

    expect(await outcome).toMatchObject({ name: 'TimeoutError' });
    expect(messagesAt('warn')).toEqual(['The time of this invocation is nearly over; this message is not done']);
  });

  test('starts no message any more once the time is over', async () => {
    vi.useFakeTimers();
    const seen: string[] = [];
    const handler = sesHandler({
      onMessage: async ({ messageId }, { signal }) => {
        seen.push(messageId);
        await onceAborted(signal);
      },
    });
    const run = handler(eventOf({ messageId: 'a' }, { messageId: 'b' }), { getRemainingTimeInMillis: () => 100 });
    const outcome = run.catch(String);

    await vi.advanceTimersByTimeAsync(90);

    expect(await outcome).toContain('2 of 2 messages failed');
    expect(seen).toEqual(['a']);
  });

  test('leaves no timer behind', async () => {
    vi.useFakeTimers();
    const handler = sesHandler({ onMessage: () => {} });

    await handler(eventOf({}), { getRemainingTimeInMillis: () => 10_000 });

    expect(vi.getTimerCount()).toBe(0);
  });
});

// Never called: each marked line must not compile, or tsc reports the mark.
test('an answer of the wrong kind does not compile', () => {
  const never = (): void => {
    sesHandler({ onMessage: () => {} });
    sesHandler({ onMessage: async () => {}, onError: async () => 'RETRY' });
    sesHandler({ invocationType: 'RequestResponse', onMessage: async () => 'STOP_RULE' });
    // @ts-expect-error: nobody waits for a disposition
    sesHandler({ onMessage: async () => 'STOP_RULE' });
    // @ts-expect-error: nor is it one if it comes at once
    sesHandler({ invocationType: 'Event', onMessage: () => 'STOP_RULE' });
    // @ts-expect-error: SES waits for a disposition
    sesHandler({ invocationType: 'RequestResponse', onMessage: async () => {} });
    // @ts-expect-error: SES knows no such word
    sesHandler({ invocationType: 'RequestResponse', onMessage: async () => 'STOP' });
    // @ts-expect-error: one way through gives no answer
    sesHandler({ invocationType: 'RequestResponse', onMessage: async (m) => (m.messageId ? 'STOP_RULE' : undefined) });
    // @ts-expect-error: nothing is retried for SES
    sesHandler({ invocationType: 'RequestResponse', onMessage: async () => 'CONTINUE', onError: async () => 'RETRY' });
    // @ts-expect-error: whether to try again must be said
    sesHandler({ onMessage: () => {}, onError: async () => {} });
    // @ts-expect-error: no such way to invoke
    sesHandler({ invocationType: 'DryRun', onMessage: () => {} });
    // @ts-expect-error: no such option
    sesHandler({ onMessage: () => {}, onErorr: async () => 'DROP' });
  };

  expectTypeOf(never).toBeFunction();
  expectTypeOf(sesHandler({ onMessage: () => {} })).toEqualTypeOf<SesHandler<void>>();
  expectTypeOf(sesHandler({ invocationType: 'RequestResponse', onMessage: async () => 'CONTINUE' })).toEqualTypeOf<
    SesHandler<{ readonly disposition: Disposition }>
  >();
});
