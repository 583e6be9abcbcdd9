import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { integer, sample } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallRecord } from '../../src/sandbox/service.ts';
import { readFunctions, readRoles } from '../support/holdings.ts';
import { pipeline, rule } from '../support/manifests.ts';
import { isOurWrite } from '../support/world.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { install, type Installation } from './support/installation.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

const REGIONS = ['eu-west-1', 'us-east-1', 'us-west-2'];
const FLEET = Array.from({ length: 50 }, (_, index) => {
  const name = `app-${String(index).padStart(2, '0')}`;
  return pipeline({
    name,
    region: REGIONS[index % REGIONS.length] ?? '',
    storage: { deletionPolicy: 'Delete' },
    rules: [rule('Only', `${name}@example.com`)],
  });
});
const NAMES = FLEET.map(({ metadata }) => metadata.name);
const FLAGS = ['--leader-elect=false', '--concurrency=8'];

/** Starts a controller, and kills it when AWS has answered so many more of its writes. */
async function liveAndDie(place: Installation, writes: number): Promise<void> {
  const enough = Promise.withResolvers<void>();
  let left = writes;
  const unsubscribe = place.sandbox.faults.onCall((call) => {
    if (!isOurWrite(call)) return;
    left -= 1;
    if (left === 0) enough.resolve();
  });
  const controller = place.start({}, ...FLAGS);
  await enough.promise;
  await controller.end('SIGKILL');
  unsubscribe();
}

/** Everything on AWS, by its names. */
async function onAws(place: Installation) {
  const [buckets, roles, functions, rules] = await Promise.all([
    place.foreign('us-east-1').s3.send(new ListBucketsCommand({})),
    readRoles(place.foreign('us-east-1')),
    Promise.all(REGIONS.map((region) => readFunctions(place.foreign(region)))),
    Promise.all(REGIONS.map((region) => place.ruleNames(region))),
  ]);
  const owners = (owned: readonly { readonly tags: Readonly<Record<string, string>> }[]) =>
    owned.map(({ tags }) => tags['ses-lambda-pipeline.dev/name'] ?? 'nobody').sort();
  return {
    buckets: (buckets.Buckets ?? []).flatMap(({ Name }) => Name ?? []).sort(),
    roles: owners(roles),
    functions: owners(functions.flat()),
    rules,
  };
}

const isCreated = ({ operation, status }: CallRecord): boolean =>
  ['lambda:CreateFunction', 'iam:CreateRole'].includes(operation) && status !== undefined && status < 300;

describe('a controller that is killed again and again while it creates 50 pipelines', () => {
  test.for([1, 2])(
    'gives each what it needs, once and in order, and takes all of it down (seed %i)',
    { timeout: 240_000 },
    async (seed, { onTestFinished }) => {
      const place = await install(cluster, { finally: onTestFinished });
      let created = 0;
      place.sandbox.faults.onCall((call) => (created += isCreated(call) ? 1 : 0));
      // Together fewer than the some 450 writes that there are, so that each controller comes to its end.
      const lives = sample(integer({ min: 1, max: 50 }), { seed, numRuns: 8 });
      await place.apply(...FLEET);

      for (const writes of lives) await liveAndDie(place, writes);
      place.start({}, ...FLAGS);
      const pipelines = await place.allReady(FLEET.length, 200_000);
      const held = await onAws(place);
      const deleted = await place.kubectl('delete', 'slp', '--all', '--timeout=120s');

      expect(held).toEqual({
        buckets: pipelines.map(({ status }) => status?.bucket?.name ?? '').sort(),
        roles: NAMES,
        functions: NAMES,
        rules: REGIONS.map((region) =>
          FLEET.filter(({ spec }) => spec.region === region).flatMap(({ metadata: { name } }) =>
            ['MessageBodyStorage', 'Only'].map((base) => `slp_${place.namespace}_${name}_${base}`),
          ),
        ),
      });
      expect(created).toBe(2 * FLEET.length);
      expect(deleted).toMatchObject({ code: 0 });
      expect(await onAws(place)).toEqual({ buckets: [], roles: [], functions: [], rules: REGIONS.map(() => []) });
    },
  );
});
