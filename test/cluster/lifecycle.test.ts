import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFunctions, readRoles } from '../support/holdings.ts';
import { pipeline } from '../support/manifests.ts';
import { isOurWrite } from '../support/world.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { install, type Finally, type Installation } from './support/installation.ts';
import { conditionOf } from './support/live.ts';
import { until } from './support/until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

const REGION = 'us-west-2';
const REQUESTED_AT = 'ses-lambda-pipeline.dev/reconcile-requested-at';

async function ready(cleanUp: Finally, document = pipeline()): Promise<{ place: Installation; bucket: string }> {
  const place = await install(cluster, { finally: cleanUp });
  place.start();
  await place.apply(document);
  const { status } = await place.ready('app');
  return { place, bucket: status?.bucket?.name ?? '' };
}

async function remaining({ foreign, ruleNames }: Installation) {
  const [roles, functions, rules] = await Promise.all([
    readRoles(foreign(REGION)),
    readFunctions(foreign(REGION)),
    ruleNames(),
  ]);
  return { roles: roles.length, functions: functions.length, rules: rules.length };
}

const remove = (place: Installation) => place.kubectl('delete', 'slp', 'app', '--timeout=60s');
const requestReconcile = async (place: Installation, time: string): Promise<void> => {
  await place.kubectl('annotate', 'slp', 'app', '--overwrite', `${REQUESTED_AT}=${time}`);
};
const untilHandled = (place: Installation, time: string) =>
  until(
    'the request is handled',
    () => place.get('app'),
    ({ status }) => status?.lastHandledReconcileAt === time,
  );

describe.concurrent('kubectl delete', () => {
  test.for([
    { deletionPolicy: 'Retain', mail: false, kept: true },
    { deletionPolicy: 'Delete', mail: false, kept: false },
    { deletionPolicy: 'DeleteWithContents', mail: true, kept: false },
  ] as const)(
    'with deletionPolicy $deletionPolicy (mail: $mail) keeps the bucket: $kept',
    async ({ deletionPolicy, mail, kept }, { onTestFinished }) => {
      const { place, bucket } = await ready(onTestFinished, pipeline({ storage: { deletionPolicy } }));
      if (mail) await store(place, bucket);

      expect(await remove(place)).toMatchObject({ code: 0 });

      expect(place.sandbox.s3.bucketExists(bucket)).toBe(kept);
      expect(await remaining(place)).toEqual({ roles: 0, functions: 0, rules: 0 });
    },
  );

  test('with deletionPolicy Delete waits at a bucket with mail, says so, and goes on after an edit', async ({
    onTestFinished,
  }) => {
    const { place, bucket } = await ready(onTestFinished, pipeline({ storage: { deletionPolicy: 'Delete' } }));
    await store(place, bucket);

    await place.kubectl('delete', 'slp', 'app', '--wait=false');
    const blocked = await until(
      'the deletion is blocked',
      () => place.get('app'),
      (live) => conditionOf(live, 'Stalled') !== undefined,
    );
    await place.apply(pipeline({ storage: { deletionPolicy: 'Retain' } }));
    await until('the pipeline is gone', place.list, ({ length }) => length === 0);

    expect(conditionOf(blocked, 'Ready')).toMatchObject({ status: 'False' });
    expect(place.sandbox.s3.bucketExists(bucket)).toBe(true);
  });

  test('under NoDelete leaves everything on AWS', async ({ onTestFinished }) => {
    const { place, bucket } = await ready(onTestFinished, pipeline({ managementPolicy: 'NoDelete' }));

    expect(await remove(place)).toMatchObject({ code: 0 });

    expect(place.sandbox.s3.bucketExists(bucket)).toBe(true);
    expect(await remaining(place)).toEqual({ roles: 1, functions: 1, rules: 3 });
  });

  async function store({ foreign }: Installation, Bucket: string): Promise<void> {
    await foreign(REGION).s3.send(new PutObjectCommand({ Bucket, Key: 'a-mail', Body: 'Hello' }));
  }
});

describe.concurrent('a pipeline', () => {
  test('that is suspended is left alone, and carries its edits through when it is resumed', async ({
    onTestFinished,
  }) => {
    const { place } = await ready(onTestFinished);
    const memory = async () => (await readFunctions(place.foreign(REGION)))[0]?.memorySize;

    await place.apply(pipeline({ suspend: true, function: { memorySize: 256 } }));
    const suspended = await until(
      'the status says so',
      () => place.get('app'),
      (live) => conditionOf(live, 'Suspended')?.status === 'True',
    );
    const whileSuspended = await memory();
    await place.apply(pipeline({ function: { memorySize: 256 } }));
    const resumed = await until(
      'it is resumed',
      () => place.ready('app'),
      (live) => live.metadata.generation === 3,
    );

    expect(suspended.status?.observedGeneration).toBe(2);
    expect(whileSuspended).toBe(128);
    expect(await memory()).toBe(256);
    expect(conditionOf(resumed, 'Suspended')?.status).not.toBe('True');
  });

  test('under Observe shows what differs, and nothing is written', async ({ onTestFinished }) => {
    const { place } = await ready(onTestFinished);
    place.sandbox.faults.clearCalls();

    await place.apply(pipeline({ managementPolicy: 'Observe', function: { memorySize: 256 } }));
    const drifted = await until(
      'the status says so',
      () => place.get('app'),
      (live) => conditionOf(live, 'Drifted')?.status === 'True',
    );

    expect(drifted.status?.observedGeneration).toBe(2);
    expect(place.sandbox.faults.calls().filter(isOurWrite)).toEqual([]);
  });

  test('is looked at when it is asked for, and nothing is written when nothing differs', async ({ onTestFinished }) => {
    const { place } = await ready(onTestFinished);
    place.sandbox.faults.clearCalls();

    await requestReconcile(place, 'first');
    await untilHandled(place, 'first');
    await requestReconcile(place, 'second');
    await untilHandled(place, 'second');

    const calls = place.sandbox.faults.calls();
    expect(calls.filter(isOurWrite)).toEqual([]);
    expect(calls.length).toBeGreaterThan(1);
  });
});
