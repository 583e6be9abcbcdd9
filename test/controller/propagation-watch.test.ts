import { describe, expect, it } from 'vitest';
import { createPropagationWatch } from '../../src/controller/propagation-watch.ts';
import type { Fault } from '../../src/core/fault.ts';

const MINUTE_MS = 60_000;

function propagating(operation: string | undefined, message = 'not visible yet'): Fault {
  const fault = { class: 'propagating', reason: 'WaitingForPropagation', message } as const;
  return operation === undefined ? fault : { ...fault, operation };
}

function watch() {
  let nowMs = 5_000;
  const { judge, forget } = createPropagationWatch({ now: () => nowMs });
  return {
    after: (ms: number, fault: Fault | undefined, key = 'mail/app') => {
      nowMs += ms;
      return judge(key, fault)?.class;
    },
    forget,
  };
}

describe('createPropagationWatch', () => {
  it.each([
    { operation: 'ses:CreateReceiptRule', limitMs: 5 * MINUTE_MS },
    { operation: 's3:PutBucketPolicy', limitMs: 5 * MINUTE_MS },
    { operation: undefined, limitMs: 5 * MINUTE_MS },
    { operation: 'lambda:CreateFunction', limitMs: 15 * MINUTE_MS },
  ])('lets $operation wait for $limitMs ms from the first sight, then calls it invalid', ({ operation, limitMs }) => {
    const { after } = watch();

    expect(after(0, propagating(operation))).toBe('propagating');
    expect(after(limitMs - 1, propagating(operation))).toBe('propagating');
    expect(after(1, propagating(operation))).toBe('invalid');
    expect(after(MINUTE_MS, propagating(operation))).toBe('invalid');
  });

  it('keeps reason and message of what has not passed in time', () => {
    let nowMs = 0;
    const { judge } = createPropagationWatch({ now: () => (nowMs += 6 * MINUTE_MS) });
    const fault = propagating('ses:CreateReceiptRule');

    judge('mail/app', fault);

    expect(judge('mail/app', fault)).toEqual({ ...fault, class: 'invalid' });
  });

  it.each<{ name: string; between: Fault | undefined }>([
    { name: 'it had passed', between: undefined },
    { name: 'something else was wrong', between: { class: 'transient', reason: 'AwsUnavailable', message: '503' } },
    { name: 'it waits for something else', between: propagating('ses:CreateReceiptRule', 'another rule') },
  ])('begins anew when $name meanwhile', ({ between }) => {
    const { after } = watch();
    after(0, propagating('ses:CreateReceiptRule'));

    expect(after(4 * MINUTE_MS, between)).toBe(between?.class);

    expect(after(4 * MINUTE_MS, propagating('ses:CreateReceiptRule'))).toBe('propagating');
  });

  it('begins anew for a pipeline that was forgotten', () => {
    const { after, forget } = watch();
    after(0, propagating(undefined));

    forget('mail/app');

    expect(after(6 * MINUTE_MS, propagating(undefined))).toBe('propagating');
  });

  it('keeps pipelines apart', () => {
    const { after } = watch();
    after(0, propagating(undefined), 'mail/first');

    expect(after(6 * MINUTE_MS, propagating(undefined), 'mail/second')).toBe('propagating');
    expect(after(0, propagating(undefined), 'mail/first')).toBe('invalid');
  });

  it('passes every other fault on as it is', () => {
    const { judge } = createPropagationWatch({ now: () => 0 });
    const fault: Fault = { class: 'denied', reason: 'AccessDenied', message: 'no' };

    expect(judge('mail/app', fault)).toBe(fault);
    expect(judge('mail/app', undefined)).toBeUndefined();
  });
});
