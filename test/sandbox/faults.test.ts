import { CreateRoleCommand, GetRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, HeadBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { GetFunctionCommand } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import type { CallRecord } from '../../src/sandbox/service.ts';
import { manualClock } from './support/manual-clock.ts';
import { clientsOf, codeOf, REGION, runningSandbox, trustOf } from './support/running-sandbox.ts';

const Bucket = 'mail-bodies';
const SLOW_DOWN = { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };

describe('an ordered failure', () => {
  it('strikes the next calls of its operation, as often as ordered', async () => {
    const sandbox = await runningSandbox();
    const { s3, iam } = clientsOf(sandbox);
    sandbox.faults.failNext({ operation: 's3:CreateBucket', times: 2, error: SLOW_DOWN });
    const create = () => s3.send(new CreateBucketCommand({ Bucket }));

    await iam.send(new ListRolesCommand({}));
    expect(await codeOf(create())).toBe('503 SlowDown');
    expect(await codeOf(create())).toBe('503 SlowDown');
    expect(sandbox.s3.bucketExists(Bucket)).toBe(false);
    await create();

    expect(sandbox.s3.bucketExists(Bucket)).toBe(true);
    expect(sandbox.faults.pendingFailures()).toBe(0);
  });

  it('ordered for afterwards leaves the effect and spoils the answer', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox);
    sandbox.faults.failNext({ operation: 's3:CreateBucket', when: 'after', error: SLOW_DOWN });

    expect(await codeOf(s3.send(new CreateBucketCommand({ Bucket })))).toBe('503 SlowDown');

    expect(sandbox.s3.bucketExists(Bucket)).toBe(true);
  });

  it('can lose the answer altogether', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox);
    sandbox.faults.failNext({ operation: 's3:*', when: 'after', error: 'drop' });

    await expect(s3.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({ code: 'ECONNRESET' });

    expect(sandbox.s3.bucketExists(Bucket)).toBe(true);
    expect(sandbox.faults.calls()).toMatchObject([{ operation: 's3:CreateBucket', status: undefined }]);
  });

  it('is worded by each protocol', async () => {
    const sandbox = await runningSandbox();
    const { s3, iam, lambda } = clientsOf(sandbox);
    sandbox.faults.failNext({ operation: '*', times: 3, error: { status: 403, code: 'AccessDenied', message: 'No.' } });

    const codes = [
      await codeOf(s3.send(new ListBucketsCommand({}))),
      await codeOf(iam.send(new ListRolesCommand({}))),
      await codeOf(lambda.send(new GetFunctionCommand({ FunctionName: 'f' }))),
    ];

    expect(codes).toEqual(['403 AccessDenied', '403 AccessDenied', '403 AccessDenied']);
  });

  it('is taken back by reset', async () => {
    const sandbox = await runningSandbox();
    sandbox.faults.failNext({ operation: 's3:*', times: 5, error: SLOW_DOWN });
    sandbox.faults.setPropagationMs(1000);

    sandbox.faults.reset();

    await expect(clientsOf(sandbox).s3.send(new ListBucketsCommand({}))).resolves.toBeDefined();
    expect(sandbox.faults.propagationMs('role')).toBe(0);
  });
});

describe('latency', () => {
  it('holds an operation back on the clock', async () => {
    const clock = manualClock();
    const sandbox = await runningSandbox({ clock });
    const { s3 } = clientsOf(sandbox);
    sandbox.faults.setLatency({ operation: 's3:CreateBucket', ms: 500 });
    const sleeping = watchSleep(clock);
    const created = s3.send(new CreateBucketCommand({ Bucket }));

    await sleeping;
    expect(sandbox.s3.bucketExists(Bucket)).toBe(false);
    clock.advance(500);
    await created;

    expect(sandbox.s3.bucketExists(Bucket)).toBe(true);
  });
});

describe('the journal of calls', () => {
  it('has every call with name, place, caller, time and status', async () => {
    const clock = manualClock(1_000_000);
    const sandbox = await runningSandbox({ clock });
    const { s3, iam } = clientsOf(sandbox);
    await s3.send(new CreateBucketCommand({ Bucket }));
    clock.advance(10);
    await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trustOf('lambda.amazonaws.com') }));
    await codeOf(iam.send(new GetRoleCommand({ RoleName: 'gone' })));
    await codeOf(s3.send(new HeadBucketCommand({ Bucket: 'gone' })));
    await fetch(`${sandbox.url}/_sandbox/health`);

    const root = { kind: 'root', account: sandbox.account };
    expect(sandbox.faults.calls()).toEqual([
      { operation: 's3:CreateBucket', region: REGION, principal: root, at: 1_000_000, status: 200 },
      { operation: 'iam:CreateRole', region: REGION, principal: root, at: 1_000_010, status: 200 },
      { operation: 'iam:GetRole', region: REGION, principal: root, at: 1_000_010, status: 404 },
      { operation: 's3:HeadBucket', region: REGION, principal: root, at: 1_000_010, status: 404 },
    ]);
    sandbox.faults.clearCalls();
    expect(sandbox.faults.calls()).toEqual([]);
  });

  it('tells a listener of each call until it is dismissed', async () => {
    const sandbox = await runningSandbox();
    const { s3 } = clientsOf(sandbox);
    const seen: CallRecord[] = [];
    const dismiss = sandbox.faults.onCall((call) => seen.push(call));

    await s3.send(new ListBucketsCommand({}));
    dismiss();
    await s3.send(new ListBucketsCommand({}));

    expect(seen.map(({ operation }) => operation)).toEqual(['s3:ListBuckets']);
  });
});

/** Resolves when somebody begins to sleep on the clock. */
function watchSleep(clock: { sleep: (ms: number, signal?: AbortSignal) => Promise<void> }): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const sleep = clock.sleep;
  clock.sleep = (ms, signal) => {
    const slept = sleep(ms, signal);
    resolve();
    return slept;
  };
  return promise;
}
