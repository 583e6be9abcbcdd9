import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pipeline, rule } from '../support/manifests.ts';
import { isOurWrite } from '../support/world.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { install } from './support/installation.ts';
import { until } from './support/until.ts';
import { timed } from './timed.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster.stop());

const REGIONS = ['eu-west-1', 'us-east-1', 'us-west-2', 'ap-south-1'];
const EACH = 50;
// A storage rule and one more for each pipeline: half of what a set may hold.
const FLEET = REGIONS.flatMap((region, at) =>
  Array.from({ length: EACH }, (_, index) => {
    const name = `app-${at}-${String(index).padStart(2, '0')}`;
    return pipeline({ name, region, rules: [rule('Only', `${name}@example.com`)] });
  }),
);

describe('200 pipelines that are applied at once', () => {
  test('all become Ready, and are left alone after that', { timeout: 240_000 }, async ({ onTestFinished }) => {
    const place = await install(cluster, { finally: onTestFinished });
    const flags = ['--concurrency=16', '--leader-elect=false'];
    const first = place.start({}, ...flags);

    await timed(`${FLEET.length} pipelines: kubectl apply`, () => place.apply(...FLEET));
    await timed('until all are Ready', () => place.allReady(FLEET.length, 200_000));
    const sesCalls = place.sandbox.faults.calls().filter(({ operation }) => operation.startsWith('ses:')).length;
    process.stderr.write(`calls to SES: ${sesCalls}\n`);

    for (const [at, region] of REGIONS.entries()) {
      const inOrder = FLEET.slice(at * EACH, (at + 1) * EACH).flatMap(({ metadata: { name } }) =>
        ['MessageBodyStorage', 'Only'].map((base) => `slp_${place.namespace}_${name}_${base}`),
      );
      expect(await place.ruleNames(region)).toEqual(inOrder);
    }

    await first.end('SIGTERM');
    // A process that starts anew looks at every pipeline.
    const lookAgain = async (): Promise<void> => {
      const again = place.start({}, '--log-level=debug', ...flags);
      const looks = () => again.log().match(/reconcile finished/g)?.length ?? 0;
      await timed('until all are checked again', () =>
        until('every pipeline was looked at', looks, (count) => count >= FLEET.length, 100_000),
      );
      await again.end('SIGTERM');
    };
    place.sandbox.faults.clearCalls();
    // A rule that came later has moved those behind it, and a status learns its rules' places at its next look.
    await lookAgain();
    const written = place.proxy.statusWrites().length;
    await lookAgain();

    expect(place.sandbox.faults.calls().filter(isOurWrite)).toEqual([]);
    expect(place.proxy.statusWrites()).toHaveLength(written);
  });
});
