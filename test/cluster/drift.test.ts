import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pipeline, rule } from '../support/manifests.ts';
import { DRIFTS } from './drifts.ts';
import { startCluster, type Cluster } from './support/cluster.ts';
import { heldBy, type Held } from './support/held.ts';
import { install, type Installation } from './support/installation.ts';
import { conditionOf } from './support/live.ts';
import { until } from './support/until.ts';
import { timed } from './timed.ts';

/** A pipeline for each drift, in a region of its own. */
const ROWS = DRIFTS.map((drift, index) => {
  const name = `drift-${String(index).padStart(2, '0')}`;
  return {
    ...drift,
    pipelineName: name,
    region: `eu-test-${String.fromCharCode(97 + Math.floor(index / 10))}-${index % 10}`,
  };
});

const REQUESTED_AT = 'ses-lambda-pipeline.dev/reconcile-requested-at';
const BOUNDARY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';

let cluster: Cluster;
let place: Installation;
const cleanUps: (() => Promise<void>)[] = [];
const before = new Map<string, Held>();

beforeAll(async () => {
  cluster = await startCluster();
  place = await install(cluster, { finally: (cleanUp) => cleanUps.push(cleanUp) });
  place.start({}, '--concurrency=8');
  await place.apply(
    ...ROWS.map(({ pipelineName: name, region }) =>
      pipeline({
        name,
        region,
        storage: { expireAfterDays: 30, versioned: true },
        role: {
          privileges: [{ actions: ['s3:GetObject'], resource: '${bucket.arnAllKeys}' }],
          permissionsBoundaryArn: BOUNDARY,
        },
        rules: [rule('First', `${name}@example.com`), rule('Second', `${name}-2@example.com`)],
      }),
    ),
  );
  const pipelines = await timed('creating', () => place.allReady(ROWS.length, 120_000));
  for (const live of pipelines) {
    const { region = '' } = ROWS.find(({ pipelineName }) => pipelineName === live.metadata.name) ?? {};
    before.set(live.metadata.name, await heldBy(live, place.foreign(region)));
  }
  for (const { pipelineName, region, happens } of ROWS) {
    const held = before.get(pipelineName);
    if (held !== undefined) await happens(held, place.foreign(region));
  }
  await place.kubectl('annotate', 'slp', '--all', `${REQUESTED_AT}=now`);
  await timed('repairing', () =>
    until(
      'every request is handled',
      place.list,
      (all) => all.every(({ status }) => status?.lastHandledReconcileAt === 'now'),
      60_000,
    ),
  );
}, 240_000);

afterAll(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  await cluster.stop();
});

describe('drift is repaired when', () => {
  test.for(ROWS)('$name', async ({ pipelineName, region }) => {
    const live = await place.get(pipelineName);

    expect(await heldBy(live, place.foreign(region))).toEqual(before.get(pipelineName));
    expect(conditionOf(live, 'Ready')).toMatchObject({ status: 'True' });
  });
});

describe('drift is told as found and as repaired when', () => {
  const told = async (name: string) => {
    const events = (await place.events(name)).filter(({ reason }) => reason.startsWith('Drift'));
    return Object.fromEntries(events.map(({ type, reason, note }) => [`${type} ${reason}`, note]));
  };
  const bothName = (named: RegExp) => ({
    'Normal DriftRepaired': expect.stringMatching(named),
    'Warning DriftDetected': expect.stringMatching(named),
  });

  test.for(ROWS)('$name', async ({ pipelineName, named }) => {
    expect(await told(pipelineName)).toEqual(bothName(named));
  });
});
