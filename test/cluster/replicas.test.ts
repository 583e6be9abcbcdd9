import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pipeline } from '../support/manifests.ts';
import { openAwsDoor, type AwsDoor } from './support/aws-door.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import type { ControllerProcess } from './support/controller-process.ts';
import { install, type Finally, type Installation } from './support/installation.ts';
import { timed } from './timed.ts';
import { until } from './support/until.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

type Replica = { readonly controller: ControllerProcess; readonly aws: AwsDoor };

/** Two replicas with the Lease's default times, each with a way of its own to AWS; the first leads. */
async function twoReplicas(cleanUp: Finally): Promise<{ place: Installation; leader: Replica; standby: Replica }> {
  const place = await install(cluster, { finally: cleanUp });
  const replica = async (): Promise<Replica> => {
    const aws = await openAwsDoor(place.sandbox.url);
    cleanUp(aws.stop);
    return { aws, controller: place.start({ awsUrl: aws.url, proxy: await place.openProxy() }) };
  };
  const leader = await replica();
  await until('the first leads', leader.controller.log, (log) => log.includes('"leading"'));
  const standby = await replica();
  await place.apply(pipeline());
  await place.ready('app');
  await until('the second stands by', standby.controller.log, (log) => log.includes('"started"'));
  return { place, leader, standby };
}

/** Reads count as well: the new leader looks at every pipeline as soon as it leads. */
const firstCall = ({ aws }: Replica, timeoutMs: number): Promise<number> =>
  until('the standby has asked AWS', aws.firstSentAtMs, (at) => at !== undefined, timeoutMs).then((at) => at ?? 0);

describe.concurrent('two replicas', () => {
  test.for([
    { signal: 'SIGTERM', withinMs: 3_000 },
    { signal: 'SIGKILL', withinMs: 17_000 },
  ] as const)(
    'hand over within $withinMs ms of $signal, and never write at once',
    async ({ signal, withinMs }, { onTestFinished }) => {
      const { place, leader, standby } = await twoReplicas(onTestFinished);
      const before = standby.aws.firstSentAtMs();
      await place.apply(pipeline({ function: { memorySize: 256 } }));

      const endedAtMs = performance.now();
      await leader.controller.end(signal);
      const tookOverAtMs = await timed(`hand-over after ${signal}`, () => firstCall(standby, 60_000));
      const { status } = await place.ready('app');

      expect(before).toBeUndefined();
      expect(status?.observedGeneration).toBe(2);
      expect(tookOverAtMs - endedAtMs).toBeLessThan(withinMs);
      expect(leader.aws.lastSentAtMs()).toBeLessThan(tookOverAtMs);
    },
  );

  test('never write at once, although the leader comes back from a sleep', async ({ onTestFinished }) => {
    const { place, leader, standby } = await twoReplicas(onTestFinished);
    leader.controller.send('SIGSTOP');
    await place.apply(pipeline({ function: { memorySize: 256 } }));
    const tookOverAtMs = await firstCall(standby, 60_000);
    await place.ready('app');

    const exitCode = await leader.controller.end('SIGCONT');

    expect(exitCode).toBe(1);
    expect(leader.controller.log()).toContain('the Lease is lost');
    expect(leader.aws.lastSentAtMs()).toBeLessThan(tookOverAtMs);
  });

  test('never write at once while people clear, shorten and delete the Lease of a leader', async ({
    onTestFinished,
  }) => {
    const { place, leader, standby } = await twoReplicas(onTestFinished);
    const holder = (await leaseOf(place)).holderIdentity;
    const changes = [
      () => patchLease(place, { holderIdentity: '' }),
      () => patchLease(place, { leaseDurationSeconds: 1 }),
      () => patchLease(place, { leaseDurationSeconds: 3_600, renewTime: '2999-01-01T00:00:00.000000Z' }),
      () => place.kubectl('delete', 'lease', LEASE),
    ];

    for (const change of changes) {
      await change();
      await until(
        'the leader has put it right',
        () => leaseOf(place),
        (spec) => spec.holderIdentity === holder && spec.leaseDurationSeconds === 15,
      );
    }

    expect(leader.controller.exitCode()).toBeUndefined();
    expect(standby.aws.firstSentAtMs()).toBeUndefined();
  });

  test('hand over when the very long Lease of a leader that is gone is deleted', async ({ onTestFinished }) => {
    const { place, leader, standby } = await twoReplicas(onTestFinished);
    await leader.controller.end('SIGKILL');
    await patchLease(place, { leaseDurationSeconds: 100_000 });
    await place.kubectl('delete', 'lease', LEASE);

    await timed('hand-over after a deletion', () => firstCall(standby, 40_000));

    expect(await leaseOf(place)).toMatchObject({ leaseDurationSeconds: 15 });
  });
});

const LEASE = 'ses-lambda-pipeline';

type LeaseSpec = { readonly holderIdentity?: string; readonly leaseDurationSeconds?: number };

/** Empty while there is none. */
async function leaseOf({ kubectl }: Installation): Promise<LeaseSpec> {
  const { out } = await kubectl('get', 'lease', LEASE, '-o', 'json', '--ignore-not-found');
  return out.trim() === '' ? {} : (JSON.parse(out) as { readonly spec: LeaseSpec }).spec;
}

/** As somebody does it by hand. */
async function patchLease({ kubectl }: Installation, spec: LeaseSpec & { readonly renewTime?: string }): Promise<void> {
  const { code, err } = await kubectl('patch', 'lease', LEASE, '--type=merge', '-p', JSON.stringify({ spec }));
  if (code !== 0) throw new Error(err);
}
