import { describe, expect, it } from 'vitest';
import { API_GROUP } from '../../src/core/api-group.ts';
import { PipelineError, type Fault } from '../../src/core/fault.ts';
import { functionName, roleName } from '../../src/core/names.ts';
import { BUCKET_NAME, CODE, IDENTITY } from '../core/support/pipeline.ts';
import { change, ready, reconciling, SUMMARY } from './support/reconciling.ts';
import { KEY, resource } from './support/resource.ts';

const FUNCTION = functionName(IDENTITY, 'Zip');
const MINUTE_MS = 60_000;
const AWAY: Fault = { class: 'transient', reason: 'AwsUnavailable', message: 'Lambda answers with 503' };
const STALE = new PipelineError({ class: 'stale', reason: 'ChangedMeanwhile', message: 'it has changed' });

describe('a pipeline that is new', () => {
  it('is claimed before anything else, and AWS is not so much as asked in that run', async () => {
    const world = reconciling(resource({}, { claimed: false }));

    expect(await world.reconcile()).toEqual({ kind: 'forget' });

    expect(world.source.claims).toEqual([KEY]);
    expect(world.aws.calls).toEqual([]);
    expect(world.source.statuses).toEqual([]);
  });

  it('is not claimed when its manifest is invalid', async () => {
    const world = reconciling(resource({}, { claimed: false, manifest: undefined }));

    await world.reconcile();

    expect(world.source.claims).toEqual([]);
  });

  it('becomes Ready with its names in the status, in one status write', async () => {
    const world = reconciling(resource());

    const { outcome, statuses, events } = await world.next();

    expect(outcome).toEqual({ kind: 'settled' });
    expect(statuses).toBe(1);
    expect(events).toEqual(['Created']);
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=True Succeeded']);
    expect(world.source.resources.get(KEY)?.status).toMatchObject({
      observedGeneration: 1,
      bucket: { name: BUCKET_NAME },
      role: { name: roleName(IDENTITY) },
      function: { name: FUNCTION, codeSha256: CODE.sha256 },
      ruleSet: { active: true },
    });
  });

  it('asks nothing of AWS when it is gone', async () => {
    const world = reconciling();

    expect(await world.reconcile()).toEqual({ kind: 'forget' });

    expect(world.aws.calls).toEqual([]);
  });
});

describe('a pipeline that is settled', () => {
  it('is looked at again without a write to AWS, to its status or to events', async () => {
    const world = await ready();
    world.told.length = 0;

    expect(await world.next()).toEqual({ outcome: { kind: 'settled' }, writes: [], statuses: 0, events: [] });

    expect(world.told).toEqual(['planned: ', 'status unchanged']);
  });

  it('is repaired where AWS drifted, and both are told', async () => {
    const world = await ready();
    const fn = world.aws.functions.get(FUNCTION);
    if (fn !== undefined) world.aws.functions.set(FUNCTION, { ...fn, timeout: 900 });
    world.told.length = 0;

    const { outcome, writes, events, statuses } = await world.next();

    expect(outcome).toEqual({ kind: 'settled' });
    expect(writes).toEqual([`functions.updateConfiguration ${FUNCTION}`]);
    expect(events).toEqual(['DriftDetected', 'DriftRepaired']);
    expect(statuses).toBe(0);
    expect(world.aws.functions.get(FUNCTION)?.timeout).toBe(fn?.timeout);
    expect(world.told).toContain('drift detected: update');
    expect(world.told).toContain('drift repaired: update');
  });

  it('gets a bucket that vanished back, and warns that the mail is lost', async () => {
    const world = await ready();
    world.aws.buckets.clear();

    const { events } = await world.next();

    expect(events).toEqual(['DriftDetected', 'DriftRepaired', 'BucketRecreated']);
    expect([...world.aws.buckets.keys()]).toEqual([BUCKET_NAME]);
  });

  it('takes a changed spec for an update, not for drift', async () => {
    const world = await ready();
    const { manifest } = resource({ function: { code: { inline: { 'index.mjs': '' } }, timeout: 77 } });
    change(world, { generation: 2, manifest });

    const { events, statuses } = await world.next();

    expect(events).toEqual(['Updated']);
    expect(statuses).toBe(1);
    expect(world.source.statuses.at(-1)).toMatchObject({ observedGeneration: 2 });
  });

  it('takes a new value in a ConfigMap or Secret for an update, and what else differs for drift', async () => {
    const world = await ready({
      function: {
        code: { inline: { 'index.mjs': 'export const handler = () => {};' } },
        environmentFrom: { TOKEN: { secretKeyRef: { name: 'login', key: 'token' } } },
      },
    });
    world.source.inputsOf = () => ({ code: CODE, environment: { TOKEN: 'first' } });
    await world.next();
    world.source.inputsOf = () => ({ code: CODE, environment: { TOKEN: 'second' } });

    expect(await world.next()).toMatchObject({ events: ['Updated'], statuses: 0 });
    const fn = world.aws.functions.get(FUNCTION);
    if (fn !== undefined) world.aws.functions.set(FUNCTION, { ...fn, timeout: 900 });
    expect((await world.next()).events).toEqual(['DriftDetected', 'DriftRepaired']);

    expect(world.aws.functions.get(FUNCTION)?.environment).toMatchObject({ TOKEN: 'second' });
  });

  it('takes new code under the same spec for an update, not for drift', async () => {
    const world = await ready();
    world.source.inputsOf = () => ({ code: { ...CODE, sha256: 'b3RoZXIgY29kZQ==' }, environment: {} });

    const { events, writes } = await world.next();

    expect(events).toEqual(['Updated']);
    expect(writes).toEqual([`functions.updateCode ${FUNCTION} x86_64`]);
  });
});

describe('a function that takes minutes to become ready', () => {
  const turned = async (over: object) => {
    const world = await ready();
    const fn = world.aws.functions.get(FUNCTION);
    if (fn !== undefined) world.aws.functions.set(FUNCTION, { ...fn, ...over });
    return world;
  };

  it.each([{ state: 'Pending' }, { lastUpdateStatus: 'InProgress' }])(
    'is looked at again after seconds without a run that waits, and is not Ready meanwhile: %j',
    async (over) => {
      const world = await turned(over);

      expect(await world.next()).toMatchObject({ outcome: { kind: 'after', delayMs: 4_000 }, writes: [] });

      // The clock of these tests itself goes on by a millisecond.
      expect(Math.max(...world.aws.slept)).toBe(1);
      expect(world.conditions('Ready')).toEqual(['Ready=False FunctionUpdating']);
      const fn = world.aws.functions.get(FUNCTION);
      if (fn !== undefined)
        world.aws.functions.set(FUNCTION, { ...fn, state: 'Active', lastUpdateStatus: 'Successful' });
      expect((await world.next()).outcome).toEqual({ kind: 'settled' });
      expect(world.conditions('Ready')).toEqual(['Ready=True Succeeded']);
    },
  );

  it('is Stalled when it never will, with what to do about it', async () => {
    const world = await turned({
      state: 'Failed',
      stateReason: 'The image manifest is not supported',
      stateReasonCode: 'InvalidImage',
    });

    await world.next();

    expect(world.conditions('Ready', 'Stalled')).toEqual(['Ready=False FunctionFailed', 'Stalled=True FunctionFailed']);
    expect(world.source.resources.get(KEY)?.status?.conditions).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('Build the image for one platform') }),
    );
  });
});

describe('a pipeline that cannot be brought about', () => {
  it('is Stalled by an invalid manifest, told once, and AWS is not asked', async () => {
    const issues = [{ path: ['spec', 'region'], message: 'is not a region' }];
    const world = reconciling(resource({}, { manifest: undefined, issues }));

    expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, statuses: 1, events: ['Stalled'] });
    expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, statuses: 0, events: [] });

    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False InvalidSpec', 'Stalled=True InvalidSpec']);
    expect(world.source.statuses[0]?.conditions[0]?.message).toBe('spec.region: is not a region');
    expect(world.aws.calls).toEqual([]);
  });

  it('waits for a ConfigMap that is missing, and goes on when it is there', async () => {
    const world = reconciling(resource());
    const missing = { class: 'dependency', reason: 'DependencyNotReady', message: 'no ConfigMap mail/code' } as const;
    world.source.inputsOf = () => {
      throw new PipelineError(missing);
    };

    expect(await world.next()).toEqual({
      outcome: { kind: 'after', delayMs: 30_000 },
      writes: [],
      statuses: 1,
      events: [],
    });
    expect(world.conditions(...SUMMARY)).toEqual([
      'Ready=False DependencyNotReady',
      'Reconciling=True ProgressingWithRetry',
    ]);

    world.source.inputsOf = () => ({ code: CODE, environment: {} });
    await world.reconcile();
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=True Succeeded']);
  });

  it('leaves a bucket of somebody else untouched, is Stalled and tells it once', async () => {
    const world = reconciling(resource());
    const tags = {
      [`${API_GROUP}/installation`]: 'other',
      [`${API_GROUP}/namespace`]: 'a',
      [`${API_GROUP}/name`]: 'b',
    };
    const role = { name: roleName(IDENTITY), path: '/', description: '', trust: { Statement: [] }, tags };
    await world.aws.ports.roles.create({ ...role, permissionsBoundaryArn: undefined });
    const theirs = world.aws.roles.get(role.name);

    expect(await world.next()).toMatchObject({
      outcome: { kind: 'settled' },
      events: expect.arrayContaining(['Stalled']),
    });
    expect(await world.next()).toMatchObject({ writes: [], statuses: 0, events: [] });

    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False OwnershipConflict', 'Stalled=True OwnershipConflict']);
    expect(world.aws.roles.get(role.name)).toBe(theirs);
  });

  it('tells a trouble once although its message is longer than a condition may be', async () => {
    const world = reconciling(resource());
    world.source.inputsOf = () => {
      throw new PipelineError({ class: 'invalid', reason: 'InvalidSpec', message: 'x'.repeat(5000) });
    };

    expect(await world.next()).toMatchObject({ statuses: 1, events: ['Stalled'] });
    expect(await world.next()).toMatchObject({ statuses: 0, events: [] });
  });

  it('is tried again after a transient fault, and says so', async () => {
    const world = reconciling(resource());
    world.aws.before = (call) => (call.startsWith('functions.create') ? AWAY : undefined);

    expect((await world.next()).outcome).toEqual({ kind: 'retry' });
    expect(world.conditions(...SUMMARY)).toEqual([
      'Ready=False AwsUnavailable',
      'Reconciling=True ProgressingWithRetry',
    ]);

    world.aws.before = () => undefined;
    expect((await world.next()).outcome).toEqual({ kind: 'settled' });
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=True Succeeded']);
  });

  it('is not said to have lost its bucket when its first run got no further than that', async () => {
    const world = reconciling(resource());
    world.aws.before = (call) => (call.startsWith('functions.create') ? AWAY : undefined);

    expect((await world.next()).events).toEqual(['Updated']);
  });

  it('is told as found and as repaired when somebody has switched its rule set off', async () => {
    const world = await ready();
    world.aws.active = undefined;

    expect((await world.next()).events).toEqual(['DriftDetected', 'DriftRepaired']);
    expect(world.aws.active).toBe('ses-lambda-pipeline');
  });

  it('keeps its status while AWS cannot be read once or twice, and shows it the third time in a row', async () => {
    const world = await ready();
    world.aws.before = (call) => (call.startsWith('receiptRules.') ? AWAY : undefined);

    for (const _ of ['first', 'second'])
      expect(await world.next()).toMatchObject({ outcome: { kind: 'retry' }, writes: [], statuses: 0 });
    expect(world.conditions('Ready')).toEqual(['Ready=True Succeeded']);

    expect(await world.next()).toMatchObject({ outcome: { kind: 'retry' }, writes: [], statuses: 1 });
    expect(world.source.resources.get(KEY)?.status?.function).toMatchObject({ name: FUNCTION });
    expect(world.conditions('Ready', 'BucketReady')).toEqual([
      'Ready=False AwsUnavailable',
      'BucketReady=True Succeeded',
    ]);
  });

  it('counts faults in a row only: a good look in between starts anew', async () => {
    const world = await ready();
    const away = () => {
      world.aws.before = (call) => (call.startsWith('receiptRules.') ? AWAY : undefined);
    };

    for (const _ of ['once', 'twice', 'thrice']) {
      away();
      await world.next();
      await world.next();
      world.aws.before = () => undefined;
      expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, statuses: 0 });
    }
  });

  it('shows a fault at once while its changed spec was not brought about', async () => {
    const world = await ready();
    change(world, { generation: 2 });
    world.aws.before = (call) => (call.startsWith('receiptRules.') ? AWAY : undefined);

    expect(await world.next()).toMatchObject({ outcome: { kind: 'retry' }, statuses: 1 });
    expect(world.conditions('Ready')).toEqual(['Ready=False AwsUnavailable']);
  });

  it('waits for propagation for a while, then calls it a fault of the manifest', async () => {
    const world = reconciling(resource());
    const fault: Fault = {
      class: 'propagating',
      reason: 'WaitingForPropagation',
      message: 'SES cannot write to the bucket yet',
      operation: 'ses:CreateReceiptRule',
    };
    world.aws.before = (call) => (call.startsWith('receiptRules.create ') ? fault : undefined);

    expect((await world.next()).outcome).toEqual({ kind: 'retry' });
    await world.aws.ports.clock.sleep(5 * MINUTE_MS);
    expect((await world.next()).outcome).toEqual({ kind: 'settled' });

    expect(world.conditions('Stalled')).toEqual(['Stalled=True WaitingForPropagation']);
  });

  it('says what is still to do when a run is cut short', async () => {
    const world = reconciling(resource());
    const cut = new AbortController();
    cut.abort();

    expect(await world.reconcile(KEY, cut.signal)).toEqual({ kind: 'retry' });

    expect(world.aws.writes()).toEqual([]);
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=Unknown Progressing', 'Reconciling=True Progressing']);
  });
});

describe('a run that takes longer than five seconds', () => {
  it('says what it is about once, and what came of it at the end', async () => {
    const world = reconciling(resource());
    world.aws.before = (call) => {
      if (call.startsWith('receiptRules.create ')) world.takesLong();
      return undefined;
    };

    expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, statuses: 2 });

    const [during, end] = world.source.statuses;
    expect(during?.conditions.slice(0, 2)).toMatchObject([
      {
        type: 'Ready',
        status: 'Unknown',
        reason: 'Progressing',
        message: expect.stringMatching(/^Waiting for its turn at SES: /),
      },
      { type: 'Reconciling', status: 'True' },
    ]);
    expect(end?.conditions[0]).toMatchObject({ type: 'Ready', status: 'True' });
  });

  it('says that it is deleting', async () => {
    const world = await ready();
    change(world, { deleting: true });
    world.aws.before = (call) => {
      if (call.startsWith('functions.delete')) world.takesLong();
      return undefined;
    };

    await world.next();

    expect(world.source.statuses.at(-1)?.conditions[0]).toMatchObject({
      type: 'Ready',
      status: 'False',
      reason: 'Deleting',
    });
    expect(world.source.releases).toEqual([KEY]);
  });
});

describe('a pipeline that is suspended', () => {
  it('is not looked at on AWS, keeps what was known, and says that it is suspended', async () => {
    const world = await ready();
    const calls = world.aws.calls.length;
    change(world, { ...resource({ suspend: true }), generation: 2, status: world.source.resources.get(KEY)?.status });

    expect(await world.next()).toMatchObject({ outcome: { kind: 'forget' }, writes: [], statuses: 1, events: [] });

    expect(world.aws.calls.length).toBe(calls);
    const status = world.source.resources.get(KEY)?.status;
    expect(status?.observedGeneration).toBe(2);
    expect(world.conditions('Ready', 'Suspended')).toEqual(['Ready=True Succeeded', 'Suspended=True Suspended']);
    // What Ready says is of the generation that was looked at.
    expect(status?.conditions.find(({ type }) => type === 'Ready')?.observedGeneration).toBe(1);
    expect(await world.next()).toMatchObject({ statuses: 0 });
  });

  it('is not even claimed when it is new', async () => {
    const world = reconciling(resource({ suspend: true }, { claimed: false }));

    await world.reconcile();

    expect(world.source.claims).toEqual([]);
    expect(world.conditions(...SUMMARY, 'Suspended')).toEqual(['Ready=Unknown Suspended', 'Suspended=True Suspended']);
  });

  it('goes on when it is resumed', async () => {
    const world = reconciling(resource({ suspend: true }));
    await world.reconcile();
    change(world, { ...resource(), generation: 2, status: world.source.resources.get(KEY)?.status });

    expect((await world.next()).outcome).toEqual({ kind: 'settled' });
    expect(world.conditions(...SUMMARY, 'Suspended')).toEqual(['Ready=True Succeeded']);
  });

  it('is taken down all the same when it is deleted', async () => {
    const world = await ready();
    change(world, { ...resource({ suspend: true }, { deleting: true }), generation: 2 });

    await world.reconcile();

    expect(world.source.releases).toEqual([KEY]);
    expect(world.aws.functions.size).toBe(0);
  });
});

describe('a pipeline that is only observed', () => {
  const observe = (world: Awaited<ReturnType<typeof ready>>) =>
    change(world, {
      ...resource({ managementPolicy: 'Observe' }),
      generation: 2,
      status: world.source.resources.get(KEY)?.status,
    });

  it('is Ready while nothing differs', async () => {
    const world = await ready();
    observe(world);

    expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, writes: [], statuses: 1 });
    expect(world.conditions(...SUMMARY, 'Drifted')).toEqual(['Ready=True Succeeded']);
  });

  it('tells a difference once, and writes nothing', async () => {
    const world = await ready();
    observe(world);
    const fn = world.aws.functions.get(FUNCTION);
    if (fn !== undefined) world.aws.functions.set(FUNCTION, { ...fn, memorySize: 3008 });

    expect(await world.next()).toMatchObject({ writes: [], statuses: 1, events: ['DriftDetected'] });
    expect(await world.next()).toMatchObject({ writes: [], statuses: 0, events: [] });

    expect(world.conditions('Ready', 'Drifted', 'FunctionReady')).toEqual([
      'Ready=True Succeeded',
      'Drifted=True DriftDetected',
      'FunctionReady=False OutOfSync',
    ]);
  });

  it('waits for a person where it does not exist', async () => {
    const world = reconciling(resource({ managementPolicy: 'Observe' }));

    expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, writes: [], statuses: 1 });
    expect(world.conditions(...SUMMARY, 'Drifted')).toEqual([
      'Ready=False NotCreated',
      'Stalled=True NotCreated',
      'Drifted=True DriftDetected',
    ]);
  });
});

describe('a request to reconcile now', () => {
  const REQUEST = `${API_GROUP}/reconcile-requested-at`;

  it('is followed and echoed in the status, once', async () => {
    const world = await ready();
    change(world, { annotations: { [REQUEST]: 'today' } });

    expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, statuses: 1 });
    expect(world.source.resources.get(KEY)?.status?.lastHandledReconcileAt).toBe('today');
    expect(await world.next()).toMatchObject({ statuses: 0 });
  });

  it('is not said to be followed while AWS could not be asked', async () => {
    const world = await ready();
    change(world, { annotations: { [REQUEST]: 'today' } });
    world.aws.before = (call) => (call.startsWith('receiptRules.') ? AWAY : undefined);

    await world.next();

    expect(world.source.resources.get(KEY)?.status?.lastHandledReconcileAt).toBeUndefined();
  });
});

describe('a plan that keeps coming back', () => {
  it('is given up after three times, with the fields that do not stay, and taken up again when it changes', async () => {
    const world = await ready();
    const undo = () => {
      const fn = world.aws.functions.get(FUNCTION);
      if (fn !== undefined) world.aws.functions.set(FUNCTION, { ...fn, memorySize: 3008 });
    };
    for (const _ of [1, 2, 3]) {
      undo();
      expect((await world.next()).writes).toHaveLength(1);
    }
    undo();

    expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, writes: [], events: ['Stalled'] });
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=False NotConverging', 'Stalled=True NotConverging']);
    expect(await world.next()).toMatchObject({ writes: [], statuses: 0, events: [] });

    const fn = world.aws.functions.get(FUNCTION);
    if (fn !== undefined) world.aws.functions.set(FUNCTION, { ...fn, memorySize: 128 });
    expect(await world.next()).toMatchObject({ outcome: { kind: 'settled' }, writes: [], statuses: 1 });
    expect(world.conditions(...SUMMARY)).toEqual(['Ready=True Succeeded']);
  });
});

describe('what the source says', () => {
  it.each(['claim', 'inputs', 'writeStatus', 'read', 'release'])(
    'is thrown on when %s has met a newer version, and stands in no status',
    async (method) => {
      const leaving = method === 'read' || method === 'release';
      const world = reconciling(resource({}, { claimed: method !== 'claim', deleting: leaving }));
      world.source.before = (called) => {
        if (called === method) throw STALE;
      };

      await expect(world.reconcile()).rejects.toBe(STALE);

      expect(world.source.statuses).toEqual([]);
    },
  );

  it('is thrown on when a status cannot be written, and AWS is not blamed', async () => {
    const world = await ready();
    change(world, { generation: 2 });
    let failures = 0;
    world.source.before = (method) => {
      if (method !== 'writeStatus') return;
      failures += 1;
      throw new PipelineError({
        class: 'transient',
        reason: 'KubernetesUnavailable',
        message: 'the API server is away',
      });
    };

    await expect(world.reconcile()).rejects.toThrow('the API server is away');

    expect(failures).toBe(1);
  });
});

describe('two pipelines of one rule set', () => {
  const beside = (key: string, recipient: string, priority: number) =>
    resource({ ruleSet: { priority }, receiptRules: [{ name: 'Default', recipients: [recipient] }] }, { key });
  const first = beside('mail/first', 'one@example.com', 100);
  const second = beside('mail/second', 'two@example.com', 200);

  const cases = [
    { name: 'first', order: ['mail/first', 'mail/second'] },
    { name: 'second', order: ['mail/second', 'mail/first'] },
  ];

  it.each(cases)('stand in the order of their priorities when the $name one comes first', async ({ order }) => {
    const world = reconciling(first, second);

    for (const key of order) await world.reconcile(key);

    const [rules = []] = world.aws.sets.values();
    const owners = rules.map(({ name }) => name.split('_')[2]);
    expect(owners.join(' ')).toMatch(/^(first )+second( second)*$/);
  });

  it.each(cases)('leave each other alone when the $name one comes first', async ({ order }) => {
    const world = reconciling(first, second);

    for (const key of order) await world.reconcile(key);

    for (const key of order) expect((await world.next(key)).writes).toEqual([]);
    const [rules = []] = world.aws.sets.values();
    expect(rules.map(({ name }) => name)).toEqual([
      'slp_mail_first_MessageBodyStorage',
      'slp_mail_first_Default',
      'slp_mail_second_MessageBodyStorage',
      'slp_mail_second_Default',
    ]);
  });
});
