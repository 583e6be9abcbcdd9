import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFunctions } from '../support/holdings.ts';
import { pipeline } from '../support/manifests.ts';
import type { ApiFault, ApiFaultOrder, OrderedFault } from './support/api-faults.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { install, type Finally, type Installation } from './support/installation.ts';
import { conditionOf } from './support/live.ts';
import { until } from './support/until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

/** A controller with one Ready pipeline. */
async function running(cleanUp: Finally, ...flags: readonly string[]): Promise<Installation> {
  const place = await install(cluster, { finally: cleanUp });
  place.start({}, ...flags);
  await place.apply(pipeline());
  await place.ready('app');
  return place;
}

const edit = (place: Installation, memorySize: number) => place.apply(pipeline({ function: { memorySize } }));

/** Waits until AWS has the edit. @returns what the status then says of it */
async function reconciled(place: Installation, memorySize: number, timeoutMs?: number) {
  const onAws = async () => (await readFunctions(place.foreign('us-west-2')))[0]?.memorySize;
  await until(`the function has ${memorySize} MB`, onAws, (seen) => seen === memorySize, timeoutMs);
  return conditionOf(await place.ready('app', timeoutMs), 'Ready');
}

/** How often each order has struck, once nothing more is to come. */
const struck = (faults: readonly OrderedFault[], times: readonly number[]): Promise<readonly number[]> =>
  until(
    'every fault has struck',
    () => faults.map((fault) => fault.struck()),
    (seen) => seen.every((count, index) => count === times[index]),
  );

const PIPELINES = 'seslambdapipelines';
const refuse = (status: number, reason: string): ApiFault => ({ kind: 'refuse', status, reason });
const LOST_ANSWER: ApiFault = { kind: 'reset', when: 'after' };
const UNAVAILABLE = refuse(503, 'ServiceUnavailable');
const CONFLICT = refuse(409, 'Conflict');
const TOO_MANY: ApiFault = { kind: 'refuse', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 };

type OneFault = { readonly name: string; readonly order: ApiFaultOrder };
type Faults = { readonly name: string; readonly orders: readonly ApiFaultOrder[] };

const EXPIRED: ApiFaultOrder = { verb: 'watch', resource: PIPELINES, fault: refuse(410, 'Expired') };

const ON_THE_NEXT_WATCH: readonly Faults[] = [
  { name: 'the watch was too old, by its HTTP status', orders: [EXPIRED] },
  {
    name: 'the watch was too old, by its first event',
    orders: [{ verb: 'watch', resource: PIPELINES, fault: { kind: 'expired-event' } }],
  },
  {
    name: 'the watch was not available',
    orders: [{ verb: 'watch', resource: PIPELINES, fault: UNAVAILABLE }],
  },
  { name: 'the watch was turned away', orders: [{ verb: 'watch', resource: PIPELINES, fault: TOO_MANY }] },
  {
    name: 'the list was not available',
    orders: [EXPIRED, { verb: 'list', resource: PIPELINES, fault: UNAVAILABLE }],
  },
  {
    name: 'the answer to the list was lost',
    orders: [EXPIRED, { verb: 'list', resource: PIPELINES, fault: LOST_ANSWER }],
  },
];

const STATUS = { verb: 'patch', resource: 'seslambdapipelines/status' } as const;
const ON_A_WRITE: readonly OneFault[] = [
  // The first of them: later ones of its kind are added to its event instead of making one.
  { name: 'its event could not be told', order: { verb: 'create', resource: 'events', fault: UNAVAILABLE } },
  { name: 'the write of its status met a conflict, three times', order: { ...STATUS, fault: CONFLICT, times: 3 } },
  { name: 'the write of its status was not available', order: { ...STATUS, fault: UNAVAILABLE } },
  { name: 'the write of its status was turned away', order: { ...STATUS, fault: TOO_MANY } },
  { name: 'the answer to the write of its status was lost', order: { ...STATUS, fault: LOST_ANSWER } },
  { name: 'the write of its status took two seconds', order: { ...STATUS, fault: { kind: 'slow', delayMs: 2_000 } } },
  {
    name: 'the Lease could not be renewed, three times',
    order: { verb: 'update', resource: 'leases', fault: UNAVAILABLE, times: 3 },
  },
];

const CLAIM = { verb: 'patch', resource: PIPELINES } as const;
const AT_THE_START: readonly Faults[] = [
  {
    name: 'no list was available at first',
    orders: ['seslambdapipelines', 'configmaps'].map((resource) => ({ verb: 'list', resource, fault: UNAVAILABLE })),
  },
  { name: 'its finalizer met a conflict', orders: [{ ...CLAIM, fault: CONFLICT }] },
  { name: 'the answer to its finalizer was lost', orders: [{ ...CLAIM, fault: LOST_ANSWER }] },
  { name: 'the answer to the Lease was lost', orders: [{ verb: 'create', resource: 'leases', fault: LOST_ANSWER }] },
];

const READY = { status: 'True', reason: 'Succeeded' };

describe.concurrent('an edit is carried through', () => {
  test('that was made while the watch was reset, three times', async ({ onTestFinished }) => {
    const place = await running(onTestFinished);
    for (const memorySize of [256, 512, 1024]) {
      await until(
        'the watch is open, and reset',
        () => place.proxy.resetWatches(PIPELINES),
        (reset) => reset === 1,
      );
      await edit(place, memorySize);
      expect(await reconciled(place, memorySize)).toMatchObject(READY);
    }
  });

  test.for(ON_THE_NEXT_WATCH)('that was made while $name', async ({ orders }, { onTestFinished }) => {
    const place = await running(onTestFinished);
    const faults = orders.map((order) => place.proxy.fail(order));

    place.proxy.resetWatches(PIPELINES);
    await edit(place, 256);

    expect(await reconciled(place, 256)).toMatchObject(READY);
    const once = orders.map(() => 1);
    expect(await struck(faults, once)).toEqual(once);
  });

  test('that was made while the connections had fallen silent', { timeout: 300_000 }, async ({ onTestFinished }) => {
    const place = await running(onTestFinished);

    place.proxy.fallSilent();
    await edit(place, 256);

    // A watch without a byte is given up after 100 s: bookmarks come about once a minute.
    expect(await reconciled(place, 256, 240_000)).toMatchObject(READY);
  });
});

describe.concurrent('a pipeline is created', () => {
  test.for(AT_THE_START)('although $name', async ({ orders }, { onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const faults = orders.map((order) => place.proxy.fail(order));
    place.start();

    await place.apply(pipeline());

    expect(conditionOf(await place.ready('app'), 'Ready')).toMatchObject(READY);
    const once = orders.map(() => 1);
    expect(await struck(faults, once)).toEqual(once);
  });
});

describe('an edit is carried through', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  let place: Installation;

  beforeAll(async () => {
    // On a busy machine an API server takes longer to come back than a Lease may go without renewal.
    const patient = ['--lease-duration=90s', '--renew-deadline=60s'];
    place = await running((cleanUp) => cleanUps.push(cleanUp), ...patient);
  });

  afterAll(async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  });

  test.for(ON_A_WRITE.map((row, index) => ({ ...row, memorySize: 256 + index })))(
    'although $name',
    async ({ order, memorySize }) => {
      const fault = place.proxy.fail(order);

      await edit(place, memorySize);

      expect(await reconciled(place, memorySize)).toMatchObject(READY);
      const times = [order.times ?? 1];
      expect(await struck([fault], times)).toEqual(times);
    },
  );

  // Last, since it takes the API server from everybody.
  test('that was made when the API server had come back', async () => {
    await cluster.stopApiServer('SIGKILL');
    await cluster.restartApiServer();

    await edit(place, 2048);

    expect(await reconciled(place, 2048, 80_000)).toMatchObject(READY);
  });
});
