import { CreateRoleCommand, GetRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { CreateReceiptRuleSetCommand, ListReceiptRuleSetsCommand } from '@aws-sdk/client-ses';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FaultSettingsError, NO_FAULTS, readFaultSettings, type FaultRule } from '../../src/sandbox/fault-settings.ts';
import { drawMs, seededRandom } from '../../src/sandbox/random.ts';
import { ACCOUNT, clientsOf, codeOf, REGION, runningSandbox, trustOf } from './support/running-sandbox.ts';
import { manualClock } from './support/manual-clock.ts';

/** A sandbox with this trouble from the start. */
async function troubled(...rules: readonly FaultRule[]) {
  const clock = manualClock();
  const sandbox = await runningSandbox({ clock, faultSettings: { ...NO_FAULTS, rules } });
  const clients = clientsOf(sandbox);
  const listBuckets = () => clients.s3.send(new ListBucketsCommand({}));
  return { clock, sandbox, ...clients, listBuckets };
}

const role = { RoleName: 'r', AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com') };
const bucket = { Bucket: 'mail-bodies', CreateBucketConfiguration: { LocationConstraint: REGION } } as const;

describe('/_sandbox/faults', () => {
  const door = async (url: string, method: string, body?: unknown) => {
    const response = await fetch(`${url}/_sandbox/faults`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, settings: JSON.parse(await response.text()) };
  };

  it('turns trouble on and off while the sandbox runs', async () => {
    const { sandbox, listBuckets } = await troubled();
    const rules = [{ operation: 's3:*', kind: 'throttle' }];

    expect((await door(sandbox.url, 'PUT', { rules })).settings).toEqual({ ...NO_FAULTS, rules });
    expect(await codeOf(listBuckets())).toBe('503 SlowDown');
    expect((await door(sandbox.url, 'GET')).settings.rules).toEqual(rules);
    await door(sandbox.url, 'DELETE');

    await expect(listBuckets()).resolves.toBeDefined();
    expect((await door(sandbox.url, 'GET')).settings).toEqual(NO_FAULTS);
  });

  it.each([
    ['no JSON', /not JSON/],
    [[], /the document takes a structure/],
    [{ propagation: 3 }, /the document has no propagation/],
    [{ propagationMs: { function: 3 } }, /propagationMs has no function/],
    [{ rules: [{ operation: 's3', kind: 'lose' }] }, /rules\[0\]\.operation takes an operation/],
    [{ rules: [{ operation: 's3:*', kind: 'fail' }] }, /rules\[0\]\.kind takes one of latency, throttle/],
    [{ rules: [{ operation: 's3:*', kind: 'latency' }] }, /rules\[0\]\.duration takes milliseconds/],
    [
      { rules: [{ operation: 's3:*', kind: 'latency', duration: { minMs: 5, maxMs: 1 } }] },
      /maxMs takes a number from 5/,
    ],
    [{ rules: [{ operation: 's3:*', kind: 'lose', probability: 2 }] }, /probability takes a number from 0 to 1/],
  ])('refuses %j and leaves things as they are', async (body, words) => {
    const { sandbox } = await troubled({ operation: 's3:*', kind: 'throttle' });

    const { status, settings } = await door(sandbox.url, 'PUT', body);

    expect([status, settings.message]).toEqual([400, expect.stringMatching(words)]);
    expect(sandbox.faults.settings().rules).toHaveLength(1);
  });
});

describe('a rule', () => {
  it('throttles each service in its own words', async () => {
    const { s3, iam, ses, lambda } = await troubled({ operation: '*:*', kind: 'throttle' });

    expect([
      await codeOf(s3.send(new ListBucketsCommand({}))),
      await codeOf(iam.send(new ListRolesCommand({}))),
      await codeOf(ses.send(new ListReceiptRuleSetsCommand({}))),
      await codeOf(lambda.send(new ListFunctionsCommand({}))),
    ]).toEqual(['503 SlowDown', '400 Throttling', '400 Throttling', '429 TooManyRequestsException']);
  });

  it('refuses before the effect, or behind it', async () => {
    const error = { status: 500, code: 'InternalError', message: 'Try again.' };
    const { sandbox, s3, ses } = await troubled(
      { operation: 's3:CreateBucket', kind: 'error', error },
      { operation: 'ses:*', kind: 'error', error, when: 'after', times: 1 },
    );

    expect(await codeOf(s3.send(new CreateBucketCommand(bucket)))).toBe('500 InternalError');
    expect(await codeOf(ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'mail' })))).toBe('500 InternalError');

    expect(sandbox.s3.buckets()).toEqual([]);
    expect((await ses.send(new ListReceiptRuleSetsCommand({}))).RuleSets).toHaveLength(1);
  });

  it('loses the answer of what was done', async () => {
    const { sandbox, s3 } = await troubled({ operation: 's3:CreateBucket', kind: 'lose', when: 'after' });

    await expect(s3.send(new CreateBucketCommand(bucket))).rejects.toMatchObject({ code: 'ECONNRESET' });

    expect(sandbox.s3.buckets()).toHaveLength(1);
  });

  it('reads stale for as long as it says', async () => {
    const { clock, iam } = await troubled({ operation: 'iam:Get*', kind: 'stale', staleMs: 1000 });
    const get = () => iam.send(new GetRoleCommand({ RoleName: 'r' }));
    expect(await codeOf(get())).toBe('404 NoSuchEntityException');
    await iam.send(new CreateRoleCommand(role));

    expect(await codeOf(get())).toBe('404 NoSuchEntityException');
    clock.advance(1001);
    expect((await get()).Role?.RoleName).toBe('r');
  });

  it('strikes the same calls whenever the seed is the same', async () => {
    const outcomes = async (seed: number) => {
      const rules: FaultRule[] = [{ operation: 's3:*', kind: 'throttle', probability: 0.5 }];
      const sandbox = await runningSandbox({ faultSettings: { ...NO_FAULTS, seed, rules } });
      const { s3 } = clientsOf(sandbox);
      const calls: boolean[] = [];
      for (let call = 0; call < 20; call += 1) {
        calls.push(
          await s3.send(new ListBucketsCommand({})).then(
            () => true,
            () => false,
          ),
        );
      }
      return calls;
    };

    const [first, again, other] = [await outcomes(7), await outcomes(7), await outcomes(8)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(new Set(first).size).toBe(2);
  });
});

it('delays roles, policies and permissions each on its own', async () => {
  const clock = manualClock();
  const propagationMs = { role: 100, policy: 300, permission: 0 };
  const sandbox = await runningSandbox({ clock, faultSettings: { ...NO_FAULTS, propagationMs } });
  const { iam } = clientsOf(sandbox);
  await iam.send(new CreateRoleCommand(role));
  const arn = `arn:aws:iam::${ACCOUNT}:role/r`;
  const visible = () => sandbox.iam.door.roleExists(arn);

  const before = visible();
  clock.advance(100);

  expect([before, visible()]).toEqual([false, true]);
  expect((['role', 'policy', 'permission'] as const).map((kind) => sandbox.faults.propagationMs(kind))).toEqual([
    100, 300, 0,
  ]);
});

describe('latency', () => {
  it('stays within its bounds', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.integer(), (minMs, spread, seed) => {
        const ms = drawMs({ minMs, maxMs: minMs + spread }, seededRandom(seed));
        expect(ms).toBeGreaterThanOrEqual(minMs);
        expect(ms).toBeLessThanOrEqual(minMs + spread);
      }),
    );
  });

  it('has the median and the 99th percentile it is given', () => {
    const random = seededRandom(1);
    const drawn = Array.from({ length: 20_000 }, () => drawMs({ medianMs: 20, p99Ms: 200 }, random)).sort(
      (a, b) => a - b,
    );

    expect(drawn[10_000]).toBeCloseTo(20, -1);
    expect(drawn[19_800]).toBeGreaterThan(170);
    expect(drawn[19_800]).toBeLessThan(230);
  });
});

it('gives back the settings it has read', () => {
  const settings = {
    seed: 3,
    propagationMs: { role: 1, policy: 2, permission: 3 },
    createsAppend: true,
    sesCallsPerSecond: 1,
    rules: [{ operation: 's3:*', kind: 'latency', duration: { medianMs: 1, p99Ms: 2 }, probability: 0.1, times: 2 }],
  };

  expect(readFaultSettings(settings)).toEqual(settings);
  expect(readFaultSettings({ propagationMs: 5 }).propagationMs).toEqual({ role: 5, policy: 5, permission: 5 });
  expect(() => readFaultSettings(null)).toThrow(FaultSettingsError);
});
