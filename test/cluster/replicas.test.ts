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
});
