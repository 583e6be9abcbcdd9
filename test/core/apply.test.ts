import { describe, expect, test } from 'vitest';
import { apply, type StepEvent, type StepResult } from '../../src/core/apply.ts';
import type { Fault, FaultClass } from '../../src/core/fault.ts';
import type { Step, StepAction } from '../../src/core/step.ts';
import { functionConfiguration } from './support/function-configuration.ts';
import { fakeAws, type FakeAws } from './support/fake-aws.ts';
import { CODE } from './support/pipeline.ts';

const NO_SETS = { active: undefined, sets: new Map() };
const MINUTE_MS = 60_000;

/** A step that deletes a role of its own: a call that always succeeds. */
function step(id: string, over: Partial<Step> = {}): Step {
  const action: StepAction = { kind: 'deleteRole', role: id };
  return {
    id,
    owner: 'mail/app',
    part: 'role',
    region: 'us-west-2',
    action,
    needs: [],
    lane: id,
    why: '',
    changes: [],
    ...over,
  };
}

const fault = (faultClass: FaultClass, message: string = faultClass): Fault => ({
  class: faultClass,
  reason: 'InternalError',
  message,
});
const run = (steps: readonly Step[], aws: FakeAws, options: object = {}) =>
  apply(steps, aws.ports, { ruleSets: NO_SETS, ...options });
const told = (results: readonly StepResult[]) =>
  results.map(
    (result) => `${result.step.id} ${result.kind}${result.kind === 'skipped' ? ` because of ${result.because}` : ''}`,
  );

/** Calls wait until they are let go, and tell how many of them there are. */
function gate(aws: FakeAws) {
  const held: { readonly call: string; readonly go: () => void }[] = [];
  aws.before = (call) => new Promise<void>((go) => void held.push({ call, go }));
  return {
    held: () => held.map(({ call }) => call),
    release: () => held.splice(0).forEach(({ go }) => go()),
  };
}

/** Lets everything run that can run now. */
const settle = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe('steps', () => {
  test('that need nothing of each other run at once, eight of them', async () => {
    const aws = fakeAws();
    const { held, release } = gate(aws);
    const running = run(
      Array.from({ length: 12 }, (_, index) => step(`s${index}`)),
      aws,
    );
    await settle();
    expect(held()).toHaveLength(8);

    release();
    await settle();
    expect(held()).toHaveLength(4);

    release();
    expect((await running).every(({ kind }) => kind === 'done')).toBe(true);
  });

  test('of one lane run one after the other, in the order of the plan', async () => {
    const aws = fakeAws();
    const { held, release } = gate(aws);
    const running = run(
      ['a', 'b', 'c'].map((id) => step(id, { lane: 'ses' })),
      aws,
    );

    for (const expected of ['roles.delete a', 'roles.delete b', 'roles.delete c']) {
      await settle();
      expect(held()).toEqual([expected]);
      release();
    }
    expect(told(await running)).toEqual(['a done', 'b done', 'c done']);
  });

  test('wait for what they need', async () => {
    const aws = fakeAws();
    const { held, release } = gate(aws);
    const running = run([step('a'), step('b'), step('c', { needs: ['a', 'b'] })], aws);
    await settle();
    expect(held()).toEqual(['roles.delete a', 'roles.delete b']);

    release();
    await settle();
    expect(held()).toEqual(['roles.delete c']);
    release();
    await running;
  });

  test('that wait for AWS do not hold a place that others need', async () => {
    const aws = fakeAws();
    let open = false;
    aws.before = (call) => (call === 'roles.delete slow' && !open ? fault('pending') : undefined);
    const others = Array.from({ length: 20 }, (_, index) => step(`s${index}`));
    const events: string[] = [];

    const results = await run([step('slow'), ...others], aws, {
      onEvent: (event: StepEvent) => {
        events.push(event.kind);
        open ||= events.filter((kind) => kind === 'done').length === others.length;
      },
    });

    expect(results.every(({ kind }) => kind === 'done')).toBe(true);
  });

  test('that failed stop only what needs them, whatever is in their lane', async () => {
    const aws = fakeAws();
    aws.before = (call) => (call === 'roles.delete a' ? fault('denied') : undefined);

    const results = await run(
      [
        step('a', { lane: 'l' }),
        step('b', { needs: ['a'] }),
        step('c', { needs: ['b'] }),
        step('d', { lane: 'l' }),
        step('e'),
      ],
      aws,
    );

    expect(told(results)).toEqual(['a failed', 'b skipped because of a', 'c skipped because of a', 'd done', 'e done']);
    expect(aws.calls).not.toContain('roles.delete b');
  });

  test('are reported as they start, wait and end', async () => {
    const aws = fakeAws();
    let tries = 0;
    aws.before = () => ((tries += 1) === 1 ? fault('throttled') : undefined);
    const events: string[] = [];

    await run([step('a')], aws, { onEvent: ({ kind, step: { id } }: StepEvent) => events.push(`${id} ${kind}`) });

    expect(events).toEqual(['a started', 'a waiting', 'a done']);
  });

  test('that need one which is not part of the plan need nothing', async () => {
    expect(told(await run([step('a', { needs: ['done before'] })], fakeAws()))).toEqual(['a done']);
  });
});

describe('an error', () => {
  /** How a step ends whose call fails in this way for ever, and how long it was tried. */
  async function failing(
    faultClass: FaultClass,
    plan: (first: Step) => Step[] = (first) => [first],
    over: Partial<Step> = {},
  ) {
    const aws = fakeAws();
    const failingCall = over.action?.kind === 'createFunction' ? 'functions.create' : 'roles.delete a';
    aws.before = (call) => (call.startsWith(failingCall) ? fault(faultClass) : undefined);
    const results = await run(plan(step('a', over)), aws);
    const calls = aws.calls.filter((call) => call.startsWith(failingCall)).length;
    return {
      result: results.at(-1)?.kind,
      calls,
      slept: aws.slept,
      sleptMs: aws.slept.reduce((sum, ms) => sum + ms, 0),
    };
  }
  const afterChange = (first: Step) => [step('before'), { ...first, needs: ['before'] }];
  const create: StepAction = {
    kind: 'createFunction',
    fn: {
      name: 'f',
      architecture: 'x86_64',
      packageType: 'Zip',
      tags: {},
      ...functionConfiguration(),
    },
    code: CODE,
  };

  test.each<FaultClass>(['stale', 'dependency', 'conflict', 'denied', 'invalid', 'delete-blocked', 'bug'])(
    'that is %s is not tried again',
    async (faultClass) => {
      expect(await failing(faultClass)).toMatchObject({ result: 'failed', calls: 1, slept: [] });
    },
  );

  test.each<FaultClass>(['throttled', 'transient'])(
    'that is %s is tried five times, waiting longer each time',
    async (faultClass) => {
      expect(await failing(faultClass)).toMatchObject({ result: 'failed', calls: 5, slept: [1000, 1500, 2250, 3375] });
    },
  );

  test('that is pending is tried for a quarter of an hour, at most every five seconds', async () => {
    const { result, slept, sleptMs } = await failing('pending');

    expect(result).toBe('failed');
    expect(slept.slice(0, 5)).toEqual([1000, 1500, 2250, 3375, 5000]);
    expect(Math.max(...slept)).toBe(5000);
    expect(sleptMs).toBeGreaterThanOrEqual(15 * MINUTE_MS);
    expect(sleptMs).toBeLessThan(15 * MINUTE_MS + 5000);
  });

  test.each<[string, number, (first: Step) => Step[], Partial<Step>]>([
    ['one minute without a change of ours', 1, (first) => [first], {}],
    ['five minutes after a change of ours', 5, afterChange, {}],
    ['fifteen minutes when Lambda must see a role', 15, afterChange, { action: create }],
    ['one minute when Lambda must see a role that was there before', 1, (first) => [first], { action: create }],
  ])('that is propagating is tried for %s', async (_, minutes, plan, over) => {
    const { result, slept, sleptMs } = await failing('propagating', plan, over);

    expect(result).toBe('failed');
    expect(Math.max(...slept)).toBe(10_000);
    expect(sleptMs).toBeGreaterThanOrEqual(minutes * MINUTE_MS);
    expect(sleptMs).toBeLessThan(minutes * MINUTE_MS + 10_000);
  });

  test('that nobody foresaw is a bug, and does not stop the others', async () => {
    const aws = fakeAws();
    aws.before = (call) => {
      if (call === 'roles.delete a') throw new TypeError('x is not a function');
      return undefined;
    };

    const [first, second] = await run([step('a'), step('b')], aws);

    expect(first).toMatchObject({
      kind: 'failed',
      fault: { class: 'bug', message: expect.stringContaining('x is not a function') },
    });
    expect(second?.kind).toBe('done');
  });
});

describe('an abort', () => {
  test('lets calls in flight finish and starts nothing new', async () => {
    const aws = fakeAws();
    const { release } = gate(aws);
    const stopped = new AbortController();
    const running = run([step('a', { lane: 'l' }), step('b', { lane: 'l' }), step('c', { needs: ['a'] })], aws, {
      signal: stopped.signal,
    });
    await settle();

    stopped.abort();
    release();

    expect(told(await running)).toEqual([
      'a done',
      'b skipped because of interrupted',
      'c skipped because of interrupted',
    ]);
    expect(aws.calls).toEqual(['roles.delete a']);
  });

  test('ends a wait at once and says what it waited for', async () => {
    const aws = fakeAws();
    const stopped = new AbortController();
    aws.before = () => {
      stopped.abort();
      return fault('propagating', 'the role is not seen yet');
    };

    const results = await run([step('a')], aws, { signal: stopped.signal });

    expect(results).toMatchObject([
      { kind: 'failed', fault: { message: 'Interrupted while waiting: the role is not seen yet' } },
    ]);
    expect(aws.slept).toEqual([]);
  });
});

test('a rule is created behind the first of its anchors that is there at that moment', async () => {
  const rule = (name: string) =>
    ({ name, enabled: true, tlsPolicy: 'Optional', scanEnabled: true, recipients: [], actions: [] }) as const;
  const aws = fakeAws();
  aws.sets.set('set', [rule('x')]);
  const action = (name: string, after: string[]): StepAction => ({
    kind: 'createRule',
    ruleSet: 'set',
    rule: rule(name),
    after,
  });
  const gone: StepAction = { kind: 'deleteRule', ruleSet: 'set', before: rule('x') };
  const steps = [action('a', ['x']), gone, action('b', ['x', 'a']), action('c', ['nobody'])].map((one, index) =>
    step(`s${index}`, { action: one, lane: 'ses' }),
  );

  const results = await apply(steps, aws.ports, {
    ruleSets: { active: 'set', sets: new Map([['set', { name: 'set', rules: [rule('x')] }]]) },
  });

  expect(results.every(({ kind }) => kind === 'done')).toBe(true);
  expect(aws.sets.get('set')?.map(({ name }) => name)).toEqual(['c', 'a', 'b']);
});
