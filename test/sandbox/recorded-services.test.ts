import { describe, expect, test } from 'vitest';
import { NO_FAULTS } from '../../src/sandbox/fault-settings.ts';
import { createFaults } from '../../src/sandbox/faults.ts';
import type { History, HistoryEntry } from '../../src/sandbox/history.ts';
import { recordedContext } from '../../src/sandbox/recorded-context.ts';
import { recordedService, replayCall } from '../../src/sandbox/recorded-services.ts';
import type { Call, Reply, SandboxContext, Service } from '../../src/sandbox/service.ts';
import { manualClock } from './support/manual-clock.ts';

const OK: Reply = { status: 200, headers: {}, body: '' };

function world(handle: (call: Call, context: SandboxContext) => Reply, operation = 's3:PutObject') {
  const clock = manualClock();
  let digit = 0;
  const ids = { hex: (digits: number) => String((digit += 1)).repeat(digits) };
  const real = { account: '123456789012', partition: 'aws', clock, ids, faults: createFaults(clock) };
  const recorder = recordedContext(real);
  const service: Service = {
    signingName: 's3',
    operations: [operation],
    operationOf: () => operation,
    refuse: () => OK,
    handle: (call) => Promise.resolve(handle(call, recorder.context)),
  };
  return { clock, faults: real.faults, recorder, service };
}

function book(): History & { readonly written: HistoryEntry[] } {
  const written: HistoryEntry[] = [];
  return { written, append: (entry) => void written.push(entry), note: (entry) => void written.push(entry) };
}

function call(): Call {
  return {
    method: 'PUT',
    path: '/bucket/key',
    query: new URLSearchParams('a=1&a=2'),
    headers: { authorization: 'AWS4-HMAC-SHA256 …', 'x-amz-security-token': 'token', 'content-type': 'text/plain' },
    body: Buffer.from('body'),
    region: 'us-west-2',
    principal: { kind: 'root', account: '123456789012' },
    requestId: 'request',
  };
}

describe('a recorded service', () => {
  test('meets the same time, digits and faults, and the same call, when it is made again', async () => {
    const met: unknown[] = [];
    const { clock, faults, recorder, service } = world((each, { clock: time, ids, faults: modes }) => {
      met.push([
        time.now(),
        ids.hex(2),
        ids.hex(1),
        [modes.propagationMs('role'), modes.propagationMs('policy'), modes.propagationMs('permission')],
        modes.createsAppend(),
        each.query.getAll('a'),
      ]);
      return OK;
    });
    const history = book();
    faults.configure({ ...NO_FAULTS, propagationMs: { role: 5, policy: 6, permission: 7 }, createsAppend: true });
    await recordedService(service, recorder, history).handle(call());
    clock.advance(1000);
    faults.reset();

    const [entry] = history.written;
    if (entry?.kind !== 'call') throw new Error('a call is expected');
    await replayCall(JSON.parse(JSON.stringify(entry)) as typeof entry, Buffer.from('body'), [service], recorder);

    expect(met[1]).toEqual(met[0]);
  });

  test('keeps no signature', async () => {
    const { recorder, service } = world(() => OK);
    const history = book();
    await recordedService(service, recorder, history).handle(call());
    expect(JSON.stringify(history.written)).not.toMatch(/HMAC|token/);
  });

  test.each(['s3:GetObject', 'iam:ListRoles', 'logs:FilterLogEvents', 's3:HeadBucket', 'lambda:Invoke'])(
    'does not write down %s',
    async (operation) => {
      const { recorder, service } = world(() => OK, operation);
      const history = book();
      await recordedService(service, recorder, history).handle(call());
      expect(history.written).toEqual([]);
    },
  );

  test.each([
    ['was refused for its pace', { status: 400, headers: {}, body: '<Error><Code>Throttling</Code></Error>' }],
    ['the sandbox lacks', { status: 501, headers: {}, body: '<Error><Code>NotImplemented</Code></Error>' }],
  ])('does not write down what %s', async (_what, reply) => {
    const { recorder, service } = world(() => reply, 'ses:CreateReceiptRule');
    const history = book();
    await recordedService(service, recorder, history).handle(call());
    expect(history.written).toEqual([]);
  });

  test('refuses what it cannot write down, says why, and goes on', async () => {
    const { recorder, service } = world(() => OK);
    let full = true;
    const history = book();
    const append: History['append'] = (entry) => {
      if (full) throw new Error('the disk is full: make room.');
      history.append(entry);
    };
    const recorded = recordedService(service, recorder, { ...history, append });
    await expect(recorded.handle(call())).rejects.toMatchObject({
      shape: { status: 500, code: 'InternalFailure', message: 'the disk is full: make room.' },
    });
    full = false;
    await expect(recorded.handle(call())).resolves.toEqual(OK);
  });
});
