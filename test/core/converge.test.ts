import { describe, expect, test } from 'vitest';
import { converge, lookAhead } from '../../src/core/converge.ts';
import type { Fault } from '../../src/core/fault.ts';
import { roleName } from '../../src/core/names.ts';
import { isWrite } from '../../src/core/step.ts';
import { fakeAws } from './support/fake-aws.ts';
import { IDENTITY, pipeline } from './support/pipeline.ts';
import { applying, bringAbout, kindsOf } from './support/work.ts';

const STALE: Fault = { class: 'stale', reason: 'ChangedMeanwhile', message: 'exists already' };
const work = applying(pipeline());
const ROLE = roleName(IDENTITY);

test('a create whose answer was lost is settled by the next look', async () => {
  const aws = fakeAws();
  let lost = false;
  const { roles } = aws.ports;
  const create: typeof roles.create = async (role) => {
    await roles.create(role);
    if (lost) return;
    lost = true;
    // What a retry of the SDK then meets.
    await roles.create(role);
  };
  const ports = { ...aws.ports, roles: { ...roles, create } };

  const { results, problems } = await converge(work, await lookAhead(work, ports), ports, {});

  expect(problems).toEqual([]);
  expect(results.every(({ kind }) => kind === 'done')).toBe(true);
  expect(aws.calls.filter((call) => call.startsWith('roles.create '))).toHaveLength(2);
  expect(kindsOf(await lookAhead(work, aws.ports))).toEqual([]);
});

test('a role of somebody else that appears meanwhile is left alone, and that is told', async () => {
  const aws = fakeAws();
  const first = await lookAhead(work, aws.ports);
  await aws.ports.roles.create({
    name: ROLE,
    path: '/',
    description: '',
    trust: { Statement: [] },
    tags: {},
    permissionsBoundaryArn: undefined,
  });
  const writes = aws.writes().length;

  const { problems } = await converge(work, first, aws.ports, {});

  expect(problems).toMatchObject([{ stops: true, fault: { reason: 'OwnershipConflict' } }]);
  expect(aws.roles.get(ROLE)?.tags).toEqual({});
  expect(
    aws
      .writes()
      .slice(writes)
      .filter((call) => call.startsWith('roles.') && !call.startsWith('roles.create')),
  ).toEqual([]);
});

test('what is found changed for ever is given up after four rounds', async () => {
  const aws = fakeAws();
  aws.before = (call) => (call.startsWith('roles.create') ? STALE : undefined);

  const { results } = await bringAbout(work, aws);

  expect(aws.calls.filter((call) => call.startsWith('roles.create'))).toHaveLength(4);
  expect(results.filter(({ kind }) => kind === 'failed')).toMatchObject([{ fault: STALE }]);
  expect(results.filter(({ step }) => step.action.kind === 'createFunction')).toMatchObject([{ kind: 'skipped' }]);
});

test('each change that succeeded is told once, in whatever round', async () => {
  const aws = fakeAws();
  let tries = 0;
  aws.before = (call) => (call.startsWith('functions.create') && (tries += 1) === 1 ? STALE : undefined);

  const { results } = await bringAbout(work, aws);

  const changes = results.filter(({ step }) => isWrite(step.action)).map(({ step }) => step.id);
  expect(changes.filter((id, index) => changes.indexOf(id) < index)).toEqual([]);
  expect(results.every(({ kind }) => kind === 'done')).toBe(true);
});

describe('no second look', () => {
  test('follows an error that is nobody’s change', async () => {
    const aws = fakeAws();
    aws.before = (call) =>
      call.startsWith('roles.create') ? { class: 'denied', reason: 'AccessDenied', message: 'no' } : undefined;

    await bringAbout(work, aws);

    expect(aws.calls.filter((call) => call.startsWith('roles.get '))).toHaveLength(1);
  });

  test('follows an abort', async () => {
    const aws = fakeAws();
    const stopped = new AbortController();
    const first = await lookAhead(work, aws.ports);
    aws.before = (call) => {
      if (!call.startsWith('roles.create')) return undefined;
      stopped.abort();
      return STALE;
    };
    const looks = aws.calls.filter((call) => call.startsWith('roles.get ')).length;

    const { results } = await converge(work, first, aws.ports, { signal: stopped.signal });

    expect(aws.calls.filter((call) => call.startsWith('roles.get '))).toHaveLength(looks);
    expect(results.map(({ kind }) => kind)).toContain('skipped');
  });
});

test('without a look there is nothing to run', async () => {
  const aws = fakeAws();
  aws.before = (call) =>
    call === 'receiptRules.describeActive' ? { class: 'denied', reason: 'AccessDenied', message: 'no' } : undefined;

  const { results, problems } = await bringAbout(work, aws);

  expect(results).toEqual([]);
  expect(problems).toMatchObject([{ fault: { reason: 'AccessDenied' } }]);
  expect(aws.writes()).toEqual([]);
});

test('a run that is interrupted at any step is finished by the next one', async () => {
  const whole = fakeAws();
  await bringAbout(work, whole);

  for (let cut = 1; cut < whole.writes().length; cut += 1) {
    const aws = fakeAws();
    const stopped = new AbortController();
    const first = await lookAhead(work, aws.ports);
    aws.before = () => {
      if (aws.writes().length >= cut) stopped.abort();
      return undefined;
    };
    await converge(work, first, aws.ports, { signal: stopped.signal });
    aws.before = () => undefined;

    await bringAbout(work, aws);

    expect([...aws.roles.values()]).toEqual([...whole.roles.values()]);
    expect([...aws.functions.values()]).toEqual([...whole.functions.values()]);
    expect([...aws.buckets.values()]).toEqual([...whole.buckets.values()]);
    expect(aws.sets).toEqual(whole.sets);
    expect(aws.active).toBe(whole.active);
  }
});
