import { describe, expect, it } from 'vitest';
import { createMailRoutingLooks } from '../../src/controller/mail-routing-looks.ts';
import { fakeAws } from '../core/support/fake-aws.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DENIED = { class: 'denied', reason: 'AccessDenied', message: 'May not.' } as const;

function looking() {
  const aws = fakeAws();
  aws.mx.set('example.com', { kind: 'no-such-domain' });
  let nowMs = 0;
  const questions: string[] = [];
  const { mailIdentities, dns } = aws.ports;
  const verification = (names: readonly string[]) => {
    questions.push(names.join(' '));
    return mailIdentities.verification(names);
  };
  const looks = createMailRoutingLooks({
    ports: { mailIdentities: { ...mailIdentities, verification }, dns },
    clock: { now: () => nowMs },
  });
  /** As the controller asks: what is no older than an hour will do. */
  const hourly = () => looks.planning(nowMs - HOUR_MS);
  return {
    aws,
    questions,
    dnsQuestions: () => aws.calls.filter((call) => call.startsWith('dns.')).length,
    pass: (ms: number) => void (nowMs += ms),
    verify: (...names: readonly string[]) => hourly().mailIdentities.verification(names),
    domains: () => hourly().mailIdentities.domains(),
    mx: (domain: string) => hourly().dns.mx(domain),
    now: () => looks.planning(nowMs),
  };
}

describe('identities', () => {
  it('are asked for once an hour, however many pipelines look', async () => {
    const { verify, questions, pass } = looking();
    await Promise.all([verify('example.com'), verify('example.com'), verify('example.com')]);
    pass(HOUR_MS);
    await verify('example.com');
    expect(questions).toEqual(['example.com']);

    pass(1);
    await verify('example.com');
    expect(questions).toEqual(['example.com', 'example.com']);
  });

  it('that are new are asked for at once, and alone', async () => {
    const { verify, questions } = looking();
    await verify('example.com');

    expect(await verify('example.com', 'example.org')).toEqual(new Map([['example.com', 'verified']]));
    expect(questions).toEqual(['example.com', 'example.org']);
  });

  it('of all pipelines are asked for in one call when the hour is over, and those that nobody wanted are not', async () => {
    const { verify, questions, pass } = looking();
    await verify('gone.example.com');
    pass(HOUR_MS + 1);
    await verify('a.example.com');
    await verify('b.example.com');
    pass(HOUR_MS + 1);
    await verify('b.example.com');

    expect(questions).toEqual([
      'gone.example.com',
      'a.example.com gone.example.com',
      'b.example.com',
      'a.example.com b.example.com',
    ]);
  });

  it('stay as they were known while SES refuses, which is asked again only after five minutes', async () => {
    const { aws, verify, questions, pass } = looking();
    await verify('example.com');
    aws.identities.set('example.com', 'failed');
    aws.before = () => DENIED;
    pass(HOUR_MS + 1);

    expect(await verify('example.com')).toEqual(new Map([['example.com', 'verified']]));
    await expect(verify('example.org')).rejects.toThrow('May not.');
    expect(questions).toHaveLength(2);

    aws.before = () => undefined;
    pass(5 * MINUTE_MS);
    expect(await verify('example.com')).toEqual(new Map([['example.com', 'failed']]));
    expect(questions).toHaveLength(3);
  });

  it('are asked for now when somebody asks now, also after a failure', async () => {
    const { aws, verify, now, pass } = looking();
    aws.before = () => DENIED;
    await expect(verify('example.com')).rejects.toThrow('May not.');
    aws.before = () => undefined;
    pass(1);

    expect(await now().mailIdentities.verification(['example.com'])).toEqual(new Map([['example.com', 'verified']]));
  });

  it('are listed once an hour, and stay listed while SES refuses', async () => {
    const { aws, domains, pass } = looking();
    await domains();
    await domains();
    expect(aws.calls).toEqual(['mailIdentities.domains']);

    pass(HOUR_MS + 1);
    aws.before = () => DENIED;
    expect(await domains()).toEqual(['example.com']);
  });
});

describe('MX records', () => {
  it('are asked for once an hour, however many look', async () => {
    const { mx, dnsQuestions, pass } = looking();
    await Promise.all([mx('example.com'), mx('example.com')]);
    pass(HOUR_MS);
    await mx('example.com');
    expect(dnsQuestions()).toBe(1);

    pass(1);
    await mx('example.com');
    expect(dnsQuestions()).toBe(2);
  });

  it('stay as they were known while DNS is silent, which is asked again only after five minutes', async () => {
    const { aws, mx, dnsQuestions, pass } = looking();
    await mx('example.com');
    aws.mx.set('example.com', { kind: 'unanswered' });
    pass(HOUR_MS + 1);

    expect(await mx('example.com')).toEqual({ kind: 'no-such-domain' });
    await mx('example.com');
    expect(dnsQuestions()).toBe(2);

    aws.mx.set('example.com', { kind: 'records', records: [] });
    pass(5 * MINUTE_MS);
    expect(await mx('example.com')).toEqual({ kind: 'records', records: [] });
  });
});
